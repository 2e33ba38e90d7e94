import { expect } from "@std/expect";
import {
  ConfigError,
  GraphError,
  openRuntime,
  StepFailedError,
  TimeoutError,
  type WorkerOptions,
} from "@fusewire/fusewire";
import { poolTest } from "../backends/pool/counted_workers.ts";
import {
  accounts,
  closingOver,
  crashed,
  crashing,
  crowd,
  friends,
  leaving,
  meeting,
  squares,
  stuck,
} from "./pool_fixtures/steps.ts";
import { onEachStorage, Serving } from "./storages.ts";

const pool = { workers: 2 };

/** Everything that is served here. */
const all = [squares, stuck, crashing, crashed, meeting, accounts, friends];

/** A worker over a store in memory, from the call to the end of its scope. */
async function serving(definitions: readonly (typeof all)[number][] = all, options: WorkerOptions = { pool }) {
  const runtime = await openRuntime({ kv: ":memory:" });
  const stop = new AbortController();
  const done = runtime.worker(definitions, options).run({ signal: stop.signal, handleSignals: false });
  done.catch(() => {});
  return {
    runtime,
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await done;
      await runtime.close();
    },
  };
}

poolTest("The functions of steps are called on the threads of a worker's pool, and results are the same", async () => {
  await using served = await serving();
  const { runtime } = served;
  const run = await runtime.start(squares, { count: new Date(0) });
  const [text, last] = await run.result();
  expect(text).toBe(`${Array.from({ length: 20 }, (_, n) => n * n).join()} on 1970-01-01 in fusewire`);
  expect(last).toBe(361);
  expect((await run.status()).steps.every(({ status }) => status === "SUCCEEDED")).toBe(true);
});

poolTest("An endless loop ends with its time, and other steps and runs go on meanwhile", async () => {
  await using served = await serving();
  // Both threads are up then.
  await (await served.runtime.start(meeting, undefined)).result();
  const run = await served.runtime.start(stuck, undefined);
  const error: unknown = await run.result().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw error;
  expect(error.cause).toBeInstanceOf(TimeoutError);
  expect(error.message).toContain("took longer than 200 ms");
  const { steps } = await run.status();
  expect(steps.find(({ status }) => status === "FAILED")?.name).toBe("endless_0000");
  expect(steps.filter(({ status }) => status === "SUCCEEDED").length).toBe(21);
  const ended: string[] = [];
  for await (const event of run.events()) if (event.event === "step_finished") ended.push(event.step);
  expect(ended.indexOf("total_0005")).toBeLessThan(ended.indexOf("endless_0000"));
});

onEachStorage(
  "A lease that is shorter than an endless loop is kept, and no other worker takes the run",
  async (world) => {
    await using process = await world.process({ lease: 150 });
    await using _serving = new Serving(process, [stuck], { pool });
    const run = await process.runtime.start(stuck, undefined);
    await expect(run.result()).rejects.toThrow("took longer than 200 ms");
    expect(process.watch.calls.get("claimRuns")).toBeGreaterThan(0);
    const { steps } = await run.status();
    expect(steps.map(({ attempt }) => attempt).every((attempt) => attempt === 1)).toBe(true);
  },
  { kinds: ["KV on a file"] },
);

poolTest("A thread that ends is replaced, and its step is tried again as its options say", async (started) => {
  await using served = await serving();
  expect(await (await served.runtime.start(crashing, undefined)).result()).toBe(3);
  expect(started()).toBeGreaterThanOrEqual(3);
  const error: unknown = await (await served.runtime.start(crashed, undefined)).result().catch((error) => error);
  expect(String(error)).toContain("ended before the node did; its code must not call Deno.exit() or self.close()");
  expect(error).toMatchObject({ cause: { name: "WorkerLostError" } });
});

poolTest("Two steps that keep a core busy run at the same time, on two threads", async (started) => {
  await using served = await serving();
  const [a, b] = await (await served.runtime.start(meeting, undefined)).result();
  expect(Math.max(a.from, b.from)).toBeLessThan(Math.min(a.to, b.to));
  expect(a.name.slice(5)).not.toBe(b.name.slice(5));
  expect(started()).toBe(2);
});

poolTest("Calls on an object are made in order on one live object, on one thread", async () => {
  await using served = await serving();
  const [one, two, three, thread, audited] = await (await served.runtime.start(accounts, undefined)).result();
  expect([one, two, three]).toEqual([10, 14, 20]);
  expect(thread).toMatch(/^fusewire-/);
  expect(audited).toBe(`20 in ${thread}`);
});

poolTest("Objects that were lost with their thread are made again, all their calls in order", async (started) => {
  await using served = await serving();
  expect(await (await served.runtime.start(friends, undefined)).result()).toEqual([101, 116, 116]);
  expect(started()).toBeGreaterThanOrEqual(2);
});

poolTest(
  "A function that closes over what is not in its module is refused, and the error says what to do",
  async () => {
    const definition = closingOver(42);
    const runtime = await openRuntime({ kv: ":memory:" });
    const run = await runtime.start(definition, undefined);
    expect(await runtime.worker([definition], { pool }).tick({ budgetMs: 10_000 })).toEqual({ idle: true });
    const error: unknown = await run.result().catch((error: unknown) => error);
    await runtime.close();
    expect(error).toMatchObject({ cause: { name: "GraphError" } });
    expect(String(error)).toContain("make it at the top level of its module");
  },
);

poolTest("An instance that is to leave its thread is refused before anything is served", async (started) => {
  await using runtime = await openRuntime({ kv: ":memory:" });
  const run = runtime.worker([leaving], { pool }).run({ handleSignals: false });
  await expect(run).rejects.toThrow(GraphError);
  await expect(run).rejects.toThrow("is a target, but on a pool it lives in a worker");
  expect(started()).toBe(0);
});

poolTest("Threads start when they are needed, stay between runs, and end with the worker", async (started) => {
  {
    await using served = await serving();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(started()).toBe(0);
    for (let i = 0; i < 3; i++) await (await served.runtime.start(accounts, undefined)).result();
    expect(started()).toBeLessThanOrEqual(2);
  }
  await using runtime = await openRuntime({ kv: ":memory:" });
  const run = await runtime.start(accounts, undefined);
  expect(await runtime.worker([accounts], { pool }).tick({ budgetMs: 10_000 })).toEqual({ idle: true });
  expect((await run.result())[2]).toBe(20);
});

onEachStorage("Lent steps are called on the pool of the worker that runs them", async (world) => {
  await using first = await world.process();
  await using second = await world.process();
  const options = { pool, concurrency: 2 };
  await using _two = new Serving(second, [crowd], options);
  await using _one = new Serving(first, [crowd], options);
  const results = await (await first.runtime.start(crowd, undefined)).result();
  expect(results.map(({ n }) => n)).toEqual(Array.from({ length: 24 }, (_, n) => n));
  expect(results.every(({ thread }) => thread.startsWith("fusewire-"))).toBe(true);
  expect(first.watch.count("report") + second.watch.count("report")).toBeGreaterThan(0);
  expect(new Set(results.map(({ thread }) => thread)).size).toBeGreaterThan(2);
}, { kinds: ["KV in memory"] });

Deno.test("Options of a worker's pool that can not be used are refused", async () => {
  await using runtime = await openRuntime({ kv: ":memory:" });
  const refused: readonly [unknown, string][] = [
    [{ workers: 0 }, "Option `pool.workers` of a worker is 0; it must be a whole number of at least 1."],
    [{ workers: 1.5 }, "Option `pool.workers` of a worker is 1.5"],
    [{ workers: "2" }, "Option `pool.workers` of a worker is 2"],
    [{ maxPendingTasks: -1 }, "Option `pool.maxPendingTasks` of a worker is -1"],
    [4, "Option `pool` of a worker is 4; it must be an object such as { workers: 4 }, or be left out."],
    [null, "Option `pool` of a worker is null"],
  ];
  for (const [pool, message] of refused) {
    const make = (): unknown => Reflect.apply(runtime.worker, runtime, [[squares], { pool }]);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  }
});
