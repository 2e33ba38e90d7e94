/**
 * Definitions that several worker processes share, and such a worker: it serves until SIGTERM, and prints `ready` when it can.
 *
 *     deno run crowd_fixture.ts <KV>
 *
 * @module
 */
import { context, defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";

/** How many steps there are in all. */
export const STEPS = 500;

/** How long a step takes, in milliseconds: long enough that one process alone would still be at it when the others come. */
const STEP_TIME = 10;

const work = task(async function work(log: string, n: number) {
  const { runId, nodeName } = context();
  Deno.writeTextFileSync(log, `${Deno.pid} ${runId} ${nodeName}\n`, { append: true });
  await new Promise((resolve) => setTimeout(resolve, STEP_TIME));
  return 2 * n;
});

/** One run of many steps, none of which waits for another. */
export const wide = defineWorkflow(
  "wide",
  { version: "1" },
  ({ log }: Input<{ log: string }>) => Array.from({ length: STEPS }, (_, n) => work(log, n)),
);

/** One step. */
export const single = defineWorkflow(
  "single",
  { version: "1" },
  (input: Input<{ log: string; n: number }>) => work(input.log, input.n),
);

if (import.meta.main) {
  await using runtime = await openRuntime({ kv: Deno.args[0]! });
  const worker = runtime.worker([wide, single], { concurrency: 4 }).run();
  console.log("ready");
  await worker;
}
