/**
 * A process of the tests of forks on one store.
 *
 *     deno run fork_fixture.ts <KV> <log> begin|fork <id of the new run>
 *
 * `begin` starts the run `first`, and is stuck in its third step for good. `fork` forks that run from there, runs the fork to its end, and
 * prints what came of it as one line of JSON.
 *
 * @module
 */
import { defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";

/** What a process that forks prints. */
export interface ForkReport {
  /** The result of the fork. */
  readonly result: unknown;
  /** Where it came from. */
  readonly forkedFrom: unknown;
}

function called(log: string, what: string): void {
  Deno.writeTextFileSync(log, `${Deno.pid} ${what}\n`, { append: true });
}

const double = task((log: string, n: number) => (called(log, "double"), 2 * n), { name: "double" });
const noise = task((log: string, n: number) => (called(log, "noise"), new Uint8Array(200_000).fill(n)), {
  name: "noise",
});
const stuck = task(async (log: string, n: number, noise: Uint8Array) => {
  called(log, "stuck");
  if (Deno.args[2] === "begin") {
    console.log("stuck");
    await new Promise((resolve) => setTimeout(resolve, 1e9));
  }
  return n + noise[199_999]!;
}, { name: "stuck" });
const last = task((log: string, n: number) => (called(log, "last"), n + 1), { name: "last" });

/** The workflow of these tests. */
export const chain = defineWorkflow("chain", { version: "1" }, (input: Input<{ log: string; n: number }>) => {
  const doubled = double(input.log, input.n).setName("double");
  const waits = stuck(input.log, doubled, noise(input.log, doubled).setName("noise")).setName("stuck");
  return last(input.log, waits).setName("last");
});

if (import.meta.main) {
  const [kv = "", log = "", how = "", id = ""] = Deno.args;
  await using runtime = await openRuntime({ kv, lease: 1_000 });
  if (how === "begin") await runtime.run(chain, { log, n: 4 }, { id: "first" });
  const fork = await runtime.fork("first", { from: "stuck", id });
  const stop = new AbortController();
  const serving = runtime.worker([chain], { concurrency: 8 }).run({ signal: stop.signal });
  const result = await fork.result();
  const { forkedFrom } = await fork.status();
  console.log(JSON.stringify({ result, forkedFrom } satisfies ForkReport));
  stop.abort();
  await serving;
}
