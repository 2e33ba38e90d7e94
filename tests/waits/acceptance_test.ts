import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Input,
  KvWorkflow,
  LocalWorkflow,
  map,
  mapSettled,
  MemoryRuntimeStorage,
  namingScope,
  openRuntime,
  PoolWorkflow,
  type RuntimeStorage,
  type StepStatus,
  subWorkflow,
  type Targets,
} from "@fusewire/fusewire";
import { openKvRuntimeStorage } from "../../storage/runtime/kv/open.ts";
import { double, isOdd, later, list, notTwo, orZero, range, same, secondTime, total } from "./tasks.ts";

interface Ended {
  readonly status: string;
  readonly result: unknown;
  readonly error: Error | undefined;
  readonly steps: readonly StepStatus[];
  /** The steps in the order in which they ended. */
  readonly finished: readonly string[];
  /** From the start of the first step to the end of the run. */
  readonly milliseconds: number;
}

interface BackendOptions {
  readonly concurrency?: number;
}

type Backend = (build: () => Targets, options?: BackendOptions) => Promise<Ended>;

async function ended(run: Awaited<ReturnType<LocalWorkflow<Targets>["start"]>>): Promise<Ended> {
  let error: Error | undefined;
  const result = await run.result().catch((thrown: unknown) => {
    error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return undefined;
  });
  const { status, steps } = await run.status();
  const events = await Array.fromAsync(run.events());
  const finished = events.flatMap((event) => event.event === "step_finished" ? event.step : []);
  const milliseconds = (events.at(-1)?.timestamp ?? 0) - (events[0]?.timestamp ?? 0);
  return { status, result, error, steps, finished, milliseconds };
}

async function onRuntime(runtimeStorage: RuntimeStorage, build: () => Targets, workers = 0): Promise<Ended> {
  await using runtime = await openRuntime({ runtimeStorage });
  if (workers === 0) {
    return await ended(await new KvWorkflow(namingScope(build), { workflowName: "w", runtime }).start());
  }
  const definition = defineWorkflow("w", { version: "1" }, build);
  const stop = new AbortController();
  const worker = runtime.worker([definition], { concurrency: workers });
  const serving = worker.run({ signal: stop.signal, handleSignals: false });
  try {
    return await ended(await runtime.start(definition));
  } finally {
    stop.abort();
    await serving;
  }
}

const backends: Readonly<Record<"local" | "pool" | "memory" | "KV on a file", Backend>> = {
  local: async (build, options) =>
    await ended(await new LocalWorkflow(namingScope(build), { workflowName: "w", ...options }).start()),
  pool: async (build, options) =>
    await ended(await new PoolWorkflow(namingScope(build), { workflowName: "w", workers: 2, ...options }).start()),
  memory: (build, { concurrency = 0 } = {}) => onRuntime(new MemoryRuntimeStorage(), build, concurrency),
  "KV on a file": async (build, { concurrency = 0 } = {}) => {
    const folder = await Deno.makeTempDir({ prefix: "fusewire-waits-" });
    try {
      const storage = await openKvRuntimeStorage(`${folder}/runs.sqlite`);
      try {
        return await onRuntime(storage, build, concurrency);
      } finally {
        await storage.close();
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

const named = (steps: readonly StepStatus[]): string[] => steps.map(({ name, status }) => `${name} ${status}`);

for (const [name, run] of Object.entries(backends)) {
  Deno.test(`FL30 map over [1,2,3] gives [2,4,6], in order (${name})`, async () => {
    const { result, steps } = await run(() => map(same([1, 2, 3]), double).setName("m"));
    expect(result).toEqual([2, 4, 6]);
    expect(named(steps)).toEqual([
      "same_0000 SUCCEEDED",
      "m[0] SUCCEEDED",
      "m[1] SUCCEEDED",
      "m[2] SUCCEEDED",
      "m SUCCEEDED",
    ]);
  });

  Deno.test(`FL30 items that are concurrent are faster than one after another, and in order all the same (${name})`, async () => {
    const began = performance.now();
    const { result } = await run(() => map(same([300, 200, 250, 220, 280, 260]), later));
    expect(result).toEqual([300, 200, 250, 220, 280, 260]);
    // One after another they take 1,510 ms, beside what it costs to start workers.
    if (name !== "pool") expect(performance.now() - began).toBeLessThan(1_200);
  });

  Deno.test(`FA16 one failure of five and minSuccessRatio 0.5: the map succeeds, and tells the failed index (${name})`, async () => {
    const { status, result, steps } = await run(() => map(range(5), notTwo, { minSuccessRatio: 0.5 }).setName("m"));
    expect([status, result]).toEqual(["SUCCEEDED", [0, 1, undefined, 3, 4]]);
    const failed = steps.filter((step) => step.status === "FAILED");
    expect(failed.map(({ name, error }) => [name, error?.message])).toEqual([["m[2]", "two is refused"]]);
  });

  Deno.test(`FA16 one failure of five and minSuccessRatio 1: the map fails, and names the item (${name})`, async () => {
    const { status, error, steps } = await run(() => list(map(range(5), notTwo).setName("m")));
    expect(status).toBe("FAILED");
    expect(error?.message).toContain("1 of the 5 items of `m` failed");
    expect(error?.message).toContain("`m[2]`: two is refused");
    expect(error).toMatchObject({ name: "StepFailedError", node: "m" });
    expect(named(steps).slice(-4)).toEqual(["m[3] SUCCEEDED", "m[4] SUCCEEDED", "m FAILED", "list_0000 CANCELLED"]);
  });

  Deno.test(`FA16 an empty list gives [] (${name})`, async () => {
    const { status, result, steps } = await run(() => [map(same<number[]>([]), double), mapSettled(range(0), double)]);
    expect([status, result]).toEqual(["SUCCEEDED", [[], []]]);
    expect(steps.length).toBe(4);
  });

  Deno.test(`mapSettled() tells how each item has ended (${name})`, async () => {
    const { result } = await run(() => mapSettled(range(4), (n) => notTwo(n).when(n, (n) => n > 0)));
    expect(result).toMatchObject([
      { status: "skipped" },
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: { name: "RangeError", message: "two is refused" } },
      { status: "fulfilled", value: 3 },
    ]);
  });

  Deno.test(`each item is tried again by itself, and its nodes may be several, with an instance among them (${name})`, async () => {
    const { result, steps } = await run(() =>
      map(same([1, 2, 3]), (n) => {
        const sum = total(n);
        return list(sum.add(secondTime(n)), sum.add(double(n)), isOdd(n)).item(1);
      }).setName("m")
    );
    expect(result).toEqual([13, 26, 39]);
    const tried = steps.filter(({ name }) => name.includes("secondTime"));
    expect(tried.map(({ name, attempt }) => [name, attempt])).toEqual([
      ["m[0].secondTime_0000", 2],
      ["m[1].secondTime_0000", 2],
      ["m[2].secondTime_0000", 2],
    ]);
  });

  Deno.test(`a map in a sub-workflow in a map (${name})`, async () => {
    const inner = defineWorkflow(
      "inner",
      { version: "1" },
      (input: Input<{ count: number }>) => map(range(input.count), double),
    );
    const { result, steps } = await run(() =>
      map(same([0, 1, 3]), (count) => map(subWorkflow(inner, { count }), (n) => double(orZero(n)))).setName("m")
    );
    expect(result).toEqual([[], [0], [0, 4, 8]]);
    expect(steps.every(({ status }) => status === "SUCCEEDED")).toBe(true);
  });

  Deno.test(`FL5 50, 100 beside 50, then 50 ms with two slots: the join runs once, after all, and a fast branch waits for no slow sibling (${name})`, async () => {
    // A pool starts its second worker meanwhile.
    const unit = name === "pool" ? 20 : 1;
    const { result, steps, finished, milliseconds } = await run(() => {
      const first = later(50).setName("first");
      const slow = later(100 * unit).after(first).setName("slow");
      const fast = later(50).after(first).setName("fast");
      const beyond = later(10).after(fast).setName("beyond");
      return list(slow, fast, later(50).after(slow, beyond).setName("last")).setName("join");
    }, { concurrency: 2 });
    expect(result).toEqual([100 * unit, 50, 50]);
    expect(finished).toEqual(["first", "fast", "beyond", "slow", "last", "join"]);
    expect(steps.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1]);
    // One after another they take 260 ms.
    if (name === "local") expect(milliseconds).toBeLessThan(250);
  });
}
