/**
 * A worker process whose step blocks its thread the first time that it is called; a second call gives way at once. It serves until
 * SIGTERM.
 *
 *     deno run blocking_fixture.ts <KV> <log> patient|limited [start]
 *
 * `limited` has a timeout far below the time that the step blocks. With `start` it starts the run, drives it, and prints the result.
 *
 * @module
 */
import { context, defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";

/** The lease of all processes, in milliseconds. */
export const LEASE = 1_000;

const BLOCKED = 3 * LEASE;
const TIMEOUT = LEASE / 4;

/** Gives the process that came to the end of it. */
function block(log: string): number {
  const isFirst = Deno.readTextFileSync(log) === "";
  Deno.writeTextFileSync(log, `${Deno.pid} ${context().fence}\n`, { append: true });
  // No timer, no promise, no other code of this thread has a turn meanwhile.
  if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED);
  return Deno.pid;
}

const definitions = {
  patient: defineWorkflow(
    "patient",
    { version: "1" },
    (input: Input<{ log: string }>) => task(block)(input.log),
  ),
  limited: defineWorkflow(
    "limited",
    { version: "1" },
    (input: Input<{ log: string }>) => task(block, { timeout: TIMEOUT })(input.log),
  ),
};

if (import.meta.main) {
  const [kv = "", log = "", kind = "", start] = Deno.args;
  const definition = definitions[kind === "limited" ? "limited" : "patient"];
  await using runtime = await openRuntime({ kv, lease: LEASE });
  const worker = runtime.worker([definition]).run();
  console.log("ready");
  if (start === "start") {
    const run = await runtime.start(definition, { log }, { id: "the run" });
    console.log(`result ${await run.result()}`);
  }
  await worker;
}
