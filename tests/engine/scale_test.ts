/**
 * What durable runs cost, in calls of the store and in operations of the KV below it, never in time.
 *
 * @module
 */
import { expect } from "@std/expect";
import { defineWorkflow, type Input, type Node, openRuntime, task } from "@fusewire/fusewire";
import { MemoryKv } from "../../testing/mod.ts";
import { KvRuntimeStorage } from "../../storage/runtime/kv/kv_runtime_storage.ts";
import { onEachStorage } from "./storages.ts";

const addOne = task((x: number) => x + 1, { name: "addOne" });
const pureOne = task((x: number) => x + 1, { name: "pureOne", pure: true });

function chainOf(name: string, length: number, step: (x: Node<number> | number) => Node<number>) {
  return defineWorkflow(name, { version: "1" }, () => {
    let node = step(0);
    for (let i = 1; i < length; i++) node = step(node);
    return node;
  });
}

onEachStorage("FL26 a chain of 10,000 runs, with one commit a step and nothing else", async (world) => {
  await using process = await world.process();
  const { watch, runtime } = process;
  expect(await runtime.run(chainOf("short", 1_000, addOne))).toBe(1_000);
  const short = watch.count();
  expect(await runtime.run(chainOf("long", 10_000, addOne))).toBe(10_000);
  const long = watch.count() - short;
  expect(watch.count("commit")).toBe(11_000);
  expect(watch.count("readValues", "readSteps")).toBe(0);
  // What is left is asked in time, not for steps: the bell, signs of life.
  expect(long - watch.count("bell", "keepSession", "reap")).toBeLessThan(10_020);
}, { kinds: ["memory", "KV in memory"] });

onEachStorage(
  "A chain of pure steps is far fewer commits than steps, and a fan-out of thousands is a handful",
  async (world) => {
    await using process = await world.process();
    const { watch, runtime } = process;
    expect(await runtime.run(chainOf("pure", 5_000, pureOne))).toBe(5_000);
    expect(watch.count("commit")).toBeLessThan(200);
    const before = watch.count("commit");
    const numbers = Array.from({ length: 5_000 }, (_, n) => n);
    const sum = task((...of: number[]) => of.length, { name: "sum" });
    const wide = defineWorkflow("wide", { version: "1" }, () => sum(...numbers.map((n) => addOne(n))));
    expect(await runtime.run(wide)).toBe(5_000);
    expect(watch.count("commit") - before).toBeLessThan(500);
  },
);

onEachStorage(
  "FL27 a run costs as many calls of the store after a hundred others as it did at first",
  async (world) => {
    await using process = await world.process();
    const { watch, runtime } = process;
    const definition = defineWorkflow(
      "again",
      { version: "1" },
      (input: Input<{ n: number }>) => addOne(addOne(input.n)),
    );
    const cost = async (n: number): Promise<number> => {
      const before = watch.count() - watch.count("bell", "keepSession", "reap");
      const run = await runtime.start(definition, { n });
      await runtime.worker([definition]).tick({ budgetMs: 60_000 });
      expect((await world.storage.readRun(run.id))?.status).toBe("SUCCEEDED");
      return watch.count() - watch.count("bell", "keepSession", "reap") - before;
    };
    // A worker may look for work once more in between, or have no time to say that it is idle: the middle one of many is what a run costs.
    const usual = async (): Promise<number> => {
      const costs: number[] = [];
      for (let n = 0; n < 21; n++) costs.push(await cost(n));
      return costs.sort((a, b) => a - b)[10]!;
    };
    await cost(0);
    const early = await usual();
    for (let n = 0; n < 100; n++) {
      await cost(n);
    }
    expect(await usual()).toBe(early);
  },
);

/** A KV in memory whose reads are counted; a list counts what it gives. */
function countedKv() {
  const kv = new MemoryKv();
  const counts = { reads: 0, commits: 0 };
  const counted = new Proxy(kv, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (name === "get") counts.reads++;
        if (name === "getMany") counts.reads += Array.isArray(args[0]) ? args[0].length : 1;
        if (name === "atomic") counts.commits++;
        const answer: unknown = Reflect.apply(value, target, args);
        if (name !== "list") return answer;
        return countEach(answer as AsyncIterableIterator<unknown>, () => counts.reads++);
      };
    },
  });
  return { kv: counted, counts };
}

async function* countEach(entries: AsyncIterable<unknown>, count: () => void): AsyncGenerator<unknown> {
  count();
  for await (const entry of entries) {
    count();
    yield entry;
  }
}

Deno.test("FL27 what a run reads and writes in the KV does not depend on past runs, or on others that wait", async () => {
  const { kv, counts } = countedKv();
  const storage = new KvRuntimeStorage(kv, { shared: false });
  const definition = defineWorkflow(
    "again",
    { version: "1" },
    (input: Input<{ n: number }>) => addOne(addOne(input.n)),
  );
  await using runtime = await openRuntime({ runtimeStorage: storage });
  const cost = async (n: number): Promise<{ reads: number; commits: number }> => {
    const before = { ...counts };
    expect(await runtime.run(definition, { n })).toBe(n + 2);
    return { reads: counts.reads - before.reads, commits: counts.commits - before.commits };
  };
  const drain = async (runs: number): Promise<number> => {
    for (let n = 0; n < runs; n++) await runtime.start(definition, { n });
    const before = counts.reads;
    await runtime.worker([definition], { concurrency: 1 }).tick({ budgetMs: 60_000 });
    return (counts.reads - before) / runs;
  };
  await cost(0);
  const early = await cost(1);
  const few = await drain(50);
  for (let n = 0; n < 300; n++) await cost(n);
  for (let n = 0; n < 100; n++) await runtime.start(definition, { n }, { queue: "other" });
  const late = await cost(7);
  // Reading the bell is a matter of time.
  expect(late.reads).toBeLessThanOrEqual(early.reads + 4);
  expect(late.commits).toBe(early.commits);
  expect(await drain(400)).toBeLessThan(1.5 * few);
});
