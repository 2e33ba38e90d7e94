import { expect } from "@std/expect";
import { defineWorkflow, MemoryObjectStore, openRuntime, task } from "@fusewire/fusewire";
import { poolTest } from "../../backends/pool/counted_workers.ts";
import { onEachStorage, Serving, type TestProcess, until } from "../storages.ts";
import { squares } from "./shared_definition.ts";

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Many independent steps, each with a large result for every tenth; the first ones wait until others have begun too. */
function wide(width: number) {
  const calls: number[] = [];
  const control = { room: 0, begun: 0 };
  const work = task(async (n: number) => {
    calls.push(n);
    control.begun++;
    while (control.begun <= control.room) await pause(1);
    return n % 10 === 0 ? { n, large: "x".repeat(70_000) } : { n };
  }, { name: "work" });
  // The run has ended with what others report last.
  const definition = defineWorkflow(
    "lent",
    { version: "1", cache: "content" },
    () => Array.from({ length: width }, (_, n) => work(n)),
  );
  return { definition, calls, control };
}

const reports = ({ watch }: TestProcess): number => watch.count("report");

for (const where of ["the runtime storage", "an object store"]) {
  onEachStorage(
    `Steps are looked up before they are lent, and what others report is kept in ${where}`,
    async (world) => {
      const { definition, calls, control } = wide(60);
      const options = where === "an object store" ? { storage: new MemoryObjectStore() } : {};
      await using helper = await world.process(options);
      await using _serving = new Serving(helper, [definition], { concurrency: 3 });
      await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
      control.room = 3;
      await using holder = await world.process(options);
      const numbers = Array.from({ length: 60 }, (_, n) => n);
      const start = async () => {
        const run = await holder.runtime.start(definition);
        await using _own = new Serving(holder, [definition], { concurrency: 3 });
        expect((await run.result()).map(({ n }) => n)).toEqual(numbers);
        return run;
      };
      await start();
      expect(calls.toSorted((a, b) => a - b)).toEqual(numbers);
      const lent = reports(helper) + reports(holder);
      expect(lent).toBeGreaterThan(0);
      const { steps } = await (await start()).status();
      expect(calls.length).toBe(60);
      expect(steps.map(({ attempt }) => attempt)).toEqual(new Array(60).fill(0));
      expect(reports(helper) + reports(holder)).toBe(lent);
    },
    { largeValueBytes: 60_000 },
  );
}

onEachStorage("What is kept is taken, and not lent, also while a worker has no room", async (world) => {
  const calls: string[] = [];
  let gate = Promise.withResolvers<void>();
  const block = task(async (n: number) => {
    await gate.promise;
    return n;
  }, { name: "block", cache: false });
  const seed = task(() => 1, { name: "seed", cache: false });
  const work = task((of: number, n: number) => {
    calls.push(`work ${n}`);
    return of + n;
  }, { name: "work" });
  const definition = defineWorkflow("full", { version: "1", cache: "content" }, () => {
    const blocked = [block(0), block(1)];
    const first = seed();
    return [...blocked, ...Array.from({ length: 10 }, (_, n) => work(first, n))];
  });
  await using one = await world.process();
  await using other = await world.process();
  await using _first = new Serving(one, [definition], { concurrency: 2 });
  await using _second = new Serving(other, [definition], { concurrency: 2 });
  for (const made of [10, 0]) {
    calls.length = 0;
    gate = Promise.withResolvers();
    await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
    const run = await one.runtime.start(definition);
    await until(async () => {
      await world.skip(50);
      const { steps } = await run.status();
      return steps.filter(({ status }) => status === "SUCCEEDED").length === 11;
    }, "the end of all that is not blocked");
    expect(calls.length).toBe(made);
    gate.resolve();
    expect(await run.result()).toEqual([0, 1, ...Array.from({ length: 10 }, (_, n) => n + 1)]);
  }
});

poolTest("Results of a worker's pool are kept, and taken by a worker without one", async () => {
  await using runtime = await openRuntime({ kv: ":memory:" });
  const expected = Array.from({ length: 20 }, (_, n) => n * n);
  const serve = async (options: Parameters<typeof runtime.worker>[1]) => {
    const stop = new AbortController();
    const done = runtime.worker([squares], options).run({ signal: stop.signal, handleSignals: false });
    const run = await runtime.start(squares);
    expect(await run.result()).toEqual(expected);
    stop.abort();
    await done;
    return (await run.status()).steps.map(({ attempt }) => attempt);
  };
  expect(await serve({ pool: { workers: 2 } })).toEqual(new Array(20).fill(1));
  expect(await serve({})).toEqual(new Array(20).fill(0));
  expect(await serve({ pool: { workers: 2 } })).toEqual(new Array(20).fill(0));
});
