/**
 * Definitions that several worker processes share, and such processes.
 *
 *     deno run crowd_fixture.ts <KV>                                serves until SIGTERM, and prints `ready` when it can
 *     deno run crowd_fixture.ts <KV> <log> wide|singles|latencies   starts runs for others to work on, and prints what came of them
 *
 * The variable `LEASE` of the environment is the lease in milliseconds, instead of the default.
 *
 * @module
 */
import { context, defineWorkflow, type Input, openRuntime, type Runtime, task } from "@fusewire/fusewire";

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

/** The result that each kind of start must come to. */
export const doubled: readonly number[] = Array.from({ length: STEPS }, (_, n) => 2 * n);

/** How many runs are timed, one after another. */
const TIMED = 9;

/** Starts runs and waits for others to have worked on them. */
async function start(runtime: Runtime, log: string, kind: string): Promise<readonly number[]> {
  switch (kind) {
    case "wide":
      return await (await runtime.start(wide, { log })).result();
    case "singles": {
      const runs = await Promise.all(doubled.map((_, n) => runtime.start(single, { log, n })));
      return await Promise.all(runs.map((run) => run.result()));
    }
    default: {
      const times: number[] = [];
      for (let n = 0; n < TIMED; n++) {
        // Long enough for a worker to have nothing to do, and never the same.
        await new Promise((resolve) => setTimeout(resolve, 200 + 300 * Math.random()));
        const began = performance.now();
        await (await runtime.start(single, { log, n })).result();
        times.push(performance.now() - began);
      }
      return times;
    }
  }
}

if (import.meta.main) {
  const [kv = "", log, kind = ""] = Deno.args;
  const lease = Deno.env.get("LEASE");
  await using runtime = await openRuntime({ kv, ...(lease === undefined ? {} : { lease: Number(lease) }) });
  if (log === undefined) {
    const concurrency = kv.startsWith("http") ? 8 : 4;
    const worker = runtime.worker([wide, single], { concurrency }).run();
    console.log("ready");
    await worker;
  } else {
    console.log(JSON.stringify(await start(runtime, log, kind)));
  }
}
