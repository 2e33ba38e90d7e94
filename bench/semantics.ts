/**
 * What control flow costs on a local KV file: the items of a map, runs within runs, and runs that sleep or wait for signals. One JSON object a
 * line.
 *
 *     deno task bench:semantics [map | children | waiting]
 *
 * @module
 */
import { openRuntime, type Runtime } from "../mod.ts";
import { median, report, runParts, timed } from "./measure.ts";
import { processorTime } from "./processor_time.ts";
import { children, listener, mapped, one, sleeper } from "./semantics_definitions.ts";

const folder = Deno.makeTempDirSync({ prefix: "fusewire-bench-" });
let files = 0;

async function withRuntime<T>(work: (runtime: Runtime, path: string) => Promise<T>): Promise<T> {
  const path = `${folder}/${files++}.db`;
  await using runtime = await openRuntime({ kv: path });
  return await work(runtime, path);
}

/** Microseconds an item of a map of so many. */
async function itemCost(items: number): Promise<number> {
  return await withRuntime(async (runtime) => {
    // That the definitions become known is part of no run, and neither is V8's compiler.
    await runtime.run(mapped, { items: 200 });
    return await timed(async () => {
      const counted = await runtime.run(mapped, { items });
      if (counted !== items) throw new Error(`${counted} items came back.`);
    }) / items * 1e3;
  });
}

async function benchMap(): Promise<void> {
  const small: number[] = [];
  const large: number[] = [];
  for (let round = 0; round < 3; round++) {
    small.push(...[await itemCost(1_000), await itemCost(1_000), await itemCost(1_000)]);
    large.push(await itemCost(100_000));
  }
  const ratio = median(large) / median(small);
  report({
    bench: "map over 100,000 items, beside 1,000",
    value: median(large),
    unit: "µs an item",
    floor: median(small),
    ratio,
    goal: 1.2,
    ok: ratio <= 1.2,
  });
}

async function benchChildren(): Promise<void> {
  const within: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < 3; round++) {
    await withRuntime(async (runtime) => {
      await runtime.run(one, { n: 0 });
      const runs = Array.from({ length: 1_000 }, (_, n) => n);
      alone.push(await timed(async () => void await Promise.all(runs.map((n) => runtime.run(one, { n })))));
      within.push(await timed(async () => void await runtime.run(children)));
    });
  }
  report({
    bench: "1,000 child runs of one step, beside 1,000 runs",
    value: median(within),
    unit: "µs a run",
    floor: median(alone),
    ratio: median(within) / median(alone),
    // Beside its own two commits a child has a message to its parent, a look at what became of it, and its result in the parent.
    goal: 8,
    ok: median(within) <= 8 * median(alone),
  });
}

/** How many runs wait for a time that is far away, or a signal that does not come. */
const PENDING = 5_000;

async function benchWaiting(): Promise<void> {
  await withRuntime(async (runtime, path) => {
    const far = new Date(Date.now() + 864e5);
    const all = Array.from({ length: PENDING }, (_, i) => i);
    await Promise.all(all.map((i) => runtime.start(sleeper, { until: far }, { id: `far-${i}` })));
    await Promise.all(all.map((i) => runtime.start(listener, undefined, { id: `listens-${i}` })));
    const worker = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", new URL("semantics_worker.ts", import.meta.url).pathname, path],
    }).spawn();
    try {
      await settled(runtime, `far-${PENDING - 1}`, `listens-${PENDING - 1}`);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      const seconds = 20;
      const before = processorTime(worker.pid);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      const share = (processorTime(worker.pid) - before) / seconds * 100;
      report({
        bench: `processor time of a worker with ${2 * PENDING} runs that sleep or wait for a signal`,
        value: share,
        unit: "% of a core",
        goal: 1,
        ok: share <= 1,
      });
      await benchWaking(runtime);
    } finally {
      worker.kill("SIGKILL");
      await worker.status;
    }
  });
}

/** Waits until the worker has put the last of the runs to rest. */
async function settled(runtime: Runtime, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    for (;;) {
      const { status, steps } = await runtime.get(id).status();
      if (status === "RUNNING" && steps.some(({ status }) => status === "RUNNING")) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** How late runs go on whose time has come, or whose signal has. */
async function benchWaking(runtime: Runtime): Promise<void> {
  const sleeps: number[] = [];
  const began = Date.now() + 4_000;
  await Promise.all(Array.from({ length: 100 }, async (_, i) => {
    const until = new Date(began + 40 * i);
    const run = await runtime.start(sleeper, { until });
    sleeps.push(await run.result() - until.getTime());
  }));
  const signals: number[] = [];
  for (let i = 0; i < 100; i++) {
    const run = runtime.get(`listens-${i}`);
    const sent = Date.now();
    await run.signal("go", null);
    const [at] = [await run.result()];
    signals.push(Number(at) - sent);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (
    const [what, late] of [["the time of a sleeping run has come", sleeps], ["a signal was sent", signals]] as const
  ) {
    const value = late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.95)]!;
    report({
      bench: `95 of 100 runs go on after ${what}`,
      value,
      unit: "ms",
      floor: median(late),
      goal: 50,
      ok: value <= 50,
    });
  }
}

try {
  await runParts({ map: benchMap, children: benchChildren, waiting: benchWaiting }, import.meta.filename!);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
