/**
 * What durable runs cost on a local KV file, beside the bare commits that they can not do without, measured in turns in the same run. One
 * JSON object a line.
 *
 *     deno task bench:durable [queued | chain | runs | latency | scale | idle]
 *
 * @module
 */
import { defineWorkflow, type Input, openRuntime, type Runtime, task } from "../mod.ts";
import { bareMutations } from "./durable_mutations.ts";
import { median, report, timed } from "./measure.ts";
import { processorTime } from "./processor_time.ts";

const folder = Deno.makeTempDirSync({ prefix: "fusewire-bench-" });
let files = 0;

function newFile(): string {
  return `${folder}/${files++}.db`;
}

async function withRuntime<T>(work: (runtime: Runtime, path: string) => Promise<T>, path = newFile()): Promise<T> {
  await using runtime = await openRuntime({ kv: path });
  return await work(runtime, path);
}

/** So many commits of one check and two sets each, one after another; milliseconds in all. */
async function bareChain(commits: number): Promise<number> {
  using kv = await Deno.openKv(newFile());
  const value = new Uint8Array(120);
  let { versionstamp } = await kv.set(["head"], value);
  return await timed(async () => {
    for (let i = 0; i < commits; i++) {
      const done = await kv.atomic().check({ key: ["head"], versionstamp }).set(["head"], value).set(
        ["value", i],
        value,
      )
        .commit();
      if (!done.ok) throw new Error("A check failed.");
      versionstamp = done.versionstamp;
    }
  });
}

function chain(name: string, steps: number, pure: boolean) {
  const increment = task((n: number) => n + 1, { name: "increment", pure });
  return defineWorkflow(name, { version: "1" }, () => {
    let node = increment(0);
    for (let i = 1; i < steps; i++) node = increment(node);
    return node;
  });
}

const double = task((n: number) => 2 * n, { name: "double" });
const oneStep = defineWorkflow("one step", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
const nothing = defineWorkflow("nothing", { version: "1" }, () => task(() => undefined, { name: "nothing" })());

async function benchChain(): Promise<void> {
  const steps = 1_000;
  for (const [pure, goal] of [[false, 0.8], [true, 5]] as const) {
    const ours: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < 5; round++) {
      await bareChain(steps);
      floors.push(await bareChain(steps));
      ours.push(
        await withRuntime(async (runtime) => {
          const definition = chain("chain", steps, pure);
          // That the definition and the worker become known is part of no run, and neither is V8's compiler.
          await runtime.run(definition);
          return await timed(async () => void await runtime.run(definition));
        }),
      );
    }
    const ratio = median(ours.map((ms, i) => floors[i]! / ms));
    report({
      bench: `chain of 1,000 ${pure ? "pure " : ""}steps`,
      value: steps / median(ours) * 1e3,
      unit: "steps/s",
      floor: steps / median(floors) * 1e3,
      ratio,
      goal,
      ok: ratio >= goal,
    });
  }
}

async function benchRuns(): Promise<void> {
  for (const runs of [1_000, 10_000]) {
    const ours: number[] = [];
    const floors: number[] = [];
    const all = async (runtime: Runtime): Promise<void> => {
      const results = await Promise.all(Array.from({ length: runs }, (_, n) => runtime.run(oneStep, { n })));
      if (results.at(-1) !== 2 * (runs - 1)) throw new Error("A result is wrong.");
    };
    for (let round = 0; round < 5; round++) {
      ours.push(
        await withRuntime(async (runtime) => {
          await runtime.run(oneStep, { n: 0 });
          return await timed(() => all(runtime));
        }),
      );
      floors.push(await bareMutations(newFile(), all));
    }
    const rate = runs / median(ours) * 1e3;
    const ratio = median(ours.map((ms, i) => floors[i]! / ms));
    const floor = runs / median(floors) * 1e3;
    report({ bench: `${runs} one-step runs at once`, value: rate, unit: "runs/s", goal: 8_000, ok: rate >= 8_000 });
    report({
      bench: `${runs} one-step runs at once, of the same mutations by themselves`,
      value: rate,
      unit: "runs/s",
      floor,
      ratio,
      goal: 0.6,
      ok: ratio >= 0.6,
    });
  }
}

async function benchLatency(): Promise<void> {
  const here = await withRuntime(async (runtime) => {
    for (let i = 0; i < 50; i++) await runtime.run(nothing);
    const times: number[] = [];
    for (let i = 0; i < 500; i++) times.push(await timed(() => runtime.run(nothing)));
    return median(times);
  });
  const floor = await bareChain(200) / 200;
  report({ bench: "empty run, start to result, p50", value: here, unit: "ms", floor, goal: 1, ok: here <= 1 });
  const path = newFile();
  const there = await withRuntime(async (runtime) => {
    await runtime.run(nothing);
    await using _worker = startWorker(path);
    await (await runtime.start(nothing)).result();
    const times: number[] = [];
    for (let i = 0; i < 100; i++) {
      times.push(await timed(async () => void await (await runtime.start(nothing)).result()));
      await new Promise((resolve) => setTimeout(resolve, 20 + 30 * Math.random()));
    }
    return median(times);
  }, path);
  report({ bench: "empty run by another process, p50", value: there, unit: "ms", goal: 20, ok: there <= 20 });
}

/** A process that serves `nothing` on a file, and ends with the bench. */
function startWorker(path: string): AsyncDisposable & { readonly pid: number } {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--unstable-kv", "--allow-read", "--allow-write", "bench/durable_worker.ts", path],
    stdout: "null",
  }).spawn();
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** First of all, before the memory of this process is full of other things. */
async function benchQueued(): Promise<void> {
  await withRuntime(async (runtime) => {
    await runtime.start(oneStep, { n: 0 });
    gc();
    const before = Deno.memoryUsage().rss;
    for (let made = 0; made < 100_000; made += 5_000) {
      await Promise.all(Array.from({ length: 5_000 }, (_, n) => runtime.start(oneStep, { n })));
    }
    gc();
    report({
      bench: "memory for 100,000 queued runs",
      value: (Deno.memoryUsage().rss - before) / 1024 / 1024,
      unit: "MiB",
    });
  });
}

async function benchScale(): Promise<void> {
  const width = 100_000;
  const window = 2_000;
  const at = new Float64Array(width);
  let calls = 0;
  const item = task((n: number) => {
    at[calls++] = performance.now();
    return n;
  }, { name: "item" });
  const root = task(() => 1, { name: "root" });
  const join = task((all: readonly number[]) => all.length, { name: "join" });
  const fan = defineWorkflow("fan", { version: "1" }, () => {
    const from = root();
    return join(Array.from({ length: width }, () => item(from)));
  });
  const total = await withRuntime((runtime) => timed(async () => void await runtime.run(fan)));
  const costAt = (step: number): number => (at[step + window]! - at[step]!) / window * 1e3;
  // The first steps run while V8 still compiles; the goal is about growth with the number of steps, so the middle stands beside them.
  const [early, late] = [costAt(100), costAt(width - window - 1)];
  report({ bench: "a step of a fan-out of 100,000, on average", value: total / width * 1e3, unit: "µs" });
  report({
    bench: "cost of step 100,000 by step 100 of a fan-out with join",
    value: late,
    unit: "µs",
    floor: early,
    ratio: late / early,
    goal: 1.1,
    ok: late / early <= 1.1,
  });
  await withRuntime(async (runtime) => {
    await drain(runtime, 500);
    const before: number[] = [];
    for (let round = 0; round < 5; round++) before.push(await drain(runtime, 500));
    for (let made = 0; made < 100_000; made += 10_000) {
      await Promise.all(Array.from({ length: 10_000 }, (_, n) => runtime.run(oneStep, { n })));
    }
    const after: number[] = [];
    for (let round = 0; round < 5; round++) after.push(await drain(runtime, 500));
    const ratio = median(after) / median(before);
    report({
      bench: "draining 500 runs with 100,000 finished ones in the store",
      value: median(after),
      unit: "ms",
      floor: median(before),
      ratio,
      goal: 1.1,
      ok: ratio <= 1.1,
    });
  });
}

/** Queues so many runs, and has a worker run them; milliseconds for the second. */
async function drain(runtime: Runtime, runs: number): Promise<number> {
  const started = await Promise.all(Array.from({ length: runs }, (_, n) => runtime.start(oneStep, { n })));
  const stop = new AbortController();
  return await timed(async () => {
    const serving = runtime.worker([oneStep], { concurrency: 64 }).run({ signal: stop.signal, handleSignals: false });
    await Promise.all(started.map((run) => run.result()));
    stop.abort();
    await serving;
  });
}

async function benchIdle(): Promise<void> {
  const path = newFile();
  await withRuntime(async (runtime) => void await runtime.run(nothing), path);
  await using worker = startWorker(path);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = processorTime(worker.pid);
  const seconds = 20;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const share = (processorTime(worker.pid) - before) / seconds * 100;
  report({ bench: "processor time of an idle worker", value: share, unit: "% of a core", goal: 1, ok: share <= 1 });
}

declare function gc(): void;

const benches: Readonly<Record<string, () => Promise<void>>> = {
  queued: benchQueued,
  chain: benchChain,
  runs: benchRuns,
  latency: benchLatency,
  scale: benchScale,
  idle: benchIdle,
};
const [only] = Deno.args;
try {
  for (const [name, bench] of Object.entries(benches)) if (only === undefined || only === name) await bench();
} finally {
  Deno.removeSync(folder, { recursive: true });
}
