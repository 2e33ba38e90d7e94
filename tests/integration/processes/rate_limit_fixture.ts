/**
 * Processes that share a rate limit.
 *
 *     deno run rate_limit_fixture.ts <KV> <log> turns <n>    takes turns as fast as it may, until it has n, and logs when
 *     deno run rate_limit_fixture.ts <KV>                    serves until SIGTERM, and prints `ready` when it can
 *
 * @module
 */
import { defineWorkflow, type Input, openKvRuntimeStorage, openRuntime, task } from "@fusewire/fusewire";

/** The limit. */
export const rateLimit = { key: "shared", limit: 5, interval: 300 };

const call = task((log: string, n: number) => {
  Deno.writeTextFileSync(log, `${Deno.pid} ${Date.now()}\n`, { append: true });
  return n;
}, { name: "call", rateLimit });

/** A run of one limited step. */
export const limited = defineWorkflow(
  "limited",
  { version: "1" },
  (input: Input<{ log: string; n: number }>) => call(input.log, input.n),
);

async function takeTurns(kv: string, log: string, count: number): Promise<void> {
  const storage = await openKvRuntimeStorage(kv);
  for (let taken = 0; taken < count;) {
    const now = Date.now();
    // Several at once, as steps of one worker ask.
    const waits = await Promise.all([1, 2, 3].map(() => storage.takeTurn(rateLimit, now)));
    const given = waits.filter((wait) => wait === 0);
    Deno.writeTextFileSync(log, given.map(() => `${Deno.pid} ${now}\n`).join(""), { append: true });
    taken += given.length;
    await new Promise((resolve) => setTimeout(resolve, Math.max(...waits)));
  }
  await storage.close();
}

if (import.meta.main) {
  const [kv = "", log, , count] = Deno.args;
  if (log !== undefined) await takeTurns(kv, log, Number(count));
  else {
    await using runtime = await openRuntime({ kv });
    const worker = runtime.worker([limited], { concurrency: 4 }).run();
    console.log("ready");
    await worker;
  }
}
