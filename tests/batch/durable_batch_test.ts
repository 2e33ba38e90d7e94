import { expect } from "@std/expect";
import {
  ConfigError,
  context,
  defineWorkflow,
  GraphError,
  type Input,
  openRuntime,
  type Runtime,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "../engine/storages.ts";

let calls: number[] = [];
let failing = new Set<number>();
const square = task((n: number): number => {
  calls.push(n);
  if (failing.has(n)) throw new RangeError(`not ${n}`);
  return n * n;
}, { name: "square" });
const squares = defineWorkflow("squares", { version: "1" }, (input: Input<{ n: number }>) => square(input.n));
const inputs = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

/** What came of a batch, in short. */
async function settled(...args: [Runtime, number, Parameters<Runtime["runBatch"]>[2]?]): Promise<unknown[]> {
  const [runtime, count, options] = args;
  [calls] = [[]];
  const results = await Array.fromAsync(runtime.runBatch(squares, inputs(count), options));
  return results.map((result) => result.status === "fulfilled" ? result.value : String(result.reason));
}

const failure = (n: number): string => `StepFailedError: Node \`square_0000\` of workflow \`squares\` failed: not ${n}`;

onEachStorage("A batch of durable runs gives what came of each, in order", async (world) => {
  await using process = await world.process();
  failing = new Set([3]);
  expect(await settled(process.runtime, 6)).toEqual([0, 1, 4, failure(3), 16, 25]);
  // Without a name every batch is a new one.
  expect(await settled(process.runtime, 2)).toEqual([0, 1]);
  expect(calls.toSorted()).toEqual([0, 1]);
});

onEachStorage("A batch of the same name reads what is finished and runs what was added", async (world) => {
  failing = new Set([1]);
  {
    await using process = await world.process();
    expect(await settled(process.runtime, 3, { batch: "daily", tags: ["batch"] })).toEqual([0, failure(1), 4]);
    expect((await process.runtime.get("daily[2]").status()).status).toBe("SUCCEEDED");
  }
  await using process = await world.process();
  failing = new Set();
  expect(await settled(process.runtime, 5, { batch: "daily" })).toEqual([0, failure(1), 4, 9, 16]);
  expect(calls.toSorted()).toEqual([3, 4]);
  expect(await settled(process.runtime, 5, { batch: "daily", retryFailed: true })).toEqual([0, 1, 4, 9, 16]);
  expect(calls).toEqual([1]);
});

onEachStorage("An input that is another one than before is a rejected result that says so", async (world) => {
  await using process = await world.process();
  failing = new Set();
  await settled(process.runtime, 2, { batch: "fixed" });
  const results = await Array.fromAsync(process.runtime.runBatch(squares, [{ n: 0 }, { n: 7 }], { batch: "fixed" }));
  expect(results[0]).toMatchObject({ status: "fulfilled", value: 0 });
  const other = results[1]!;
  expect(other.status === "rejected" && other.reason).toBeInstanceOf(ConfigError);
  expect(other.status === "rejected" && String(other.reason)).toContain(
    "Run fixed[1] of workflow `squares` was started with another input; the inputs of a batch must come in the same order",
  );
  const cubes = defineWorkflow("cubes", { version: "1" }, (input: Input<{ n: number }>) => square(input.n));
  const [foreign] = await Array.fromAsync(process.runtime.runBatch(cubes, [{ n: 0 }], { batch: "fixed" }));
  expect(foreign).toMatchObject({
    status: "rejected",
    reason: { message: "Run fixed[0] is of workflow `squares`; give the batch another name." },
  });
});

onEachStorage(
  "An aborted signal cancels the runs at work; the same batch later runs them and what is missing",
  async (world) => {
    await using process = await world.process();
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    let isOpen = false;
    const wait = task(async (n: number): Promise<number> => {
      begun.push(n);
      const { signal } = context();
      if (n > 0 && !isOpen) {
        await Promise.race([
          gate.promise,
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        ]);
      }
      return n;
    }, { name: "wait" });
    const definition = defineWorkflow("waiting", { version: "1" }, (input: Input<{ n: number }>) => wait(input.n));
    const stop = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      const options = { batch: "stopped", concurrency: 2, signal: stop.signal };
      for await (const { index } of process.runtime.runBatch(definition, inputs(5), options)) seen.push(index);
    })();
    await until(() => begun.includes(2));
    stop.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    expect(seen).toEqual([0]);
    expect(begun.toSorted()).toEqual([0, 1, 2]);
    for (const n of [1, 2]) expect((await process.runtime.get(`stopped[${n}]`).status()).status).toBe("CANCELLED");
    isOpen = true;
    const again = await Array.fromAsync(process.runtime.runBatch(definition, inputs(5), { batch: "stopped" }));
    expect(again.map((result) => result.status === "fulfilled" && result.value)).toEqual([0, 1, 2, 3, 4]);
    expect(begun.toSorted()).toEqual([0, 1, 1, 2, 2, 3, 4]);
    gate.resolve();
  },
);

onEachStorage("Leaving the loop starts no more runs, and those at work go on", async (world) => {
  await using process = await world.process();
  failing = new Set();
  for await (const { index } of process.runtime.runBatch(squares, inputs(100), { batch: "left", concurrency: 1 })) {
    if (index === 2) break;
  }
  const { runs } = await process.runtime.list({});
  expect(runs.length).toBeLessThanOrEqual(8);
  await until(async () => (await process.runtime.list({})).runs.every(({ status }) => status === "SUCCEEDED"));
});

onEachStorage("With drive: false the runs of a batch are left to workers", async (world) => {
  await using process = await world.process();
  await using other = await world.process();
  failing = new Set();
  await using _serving = new Serving(other, [squares]);
  expect(await settled(process.runtime, 4, { drive: false })).toEqual([0, 1, 4, 9]);
  expect(process.watch.count("commit")).toBe(0);
});

onEachStorage("Two processes on one batch run each input once, and both have all results", async (world) => {
  await using a = await world.process();
  await using b = await world.process();
  failing = new Set();
  calls = [];
  const both = await Promise.all(
    [a, b].map(({ runtime }) => Array.fromAsync(runtime.runBatch(squares, inputs(20), { batch: "both" }))),
  );
  for (const results of both) {
    expect(results.map((result) => result.status === "fulfilled" && result.value)).toEqual(
      inputs(20).map(({ n }) => n * n),
    );
  }
  expect(calls.toSorted((x, y) => x - y)).toEqual(inputs(20).map(({ n }) => n));
});

onEachStorage(
  "Two processes that go on with a batch whose runs were cancelled both have all results",
  async (world) => {
    await using a = await world.process();
    await using b = await world.process();
    failing = new Set();
    for (const { n } of inputs(4)) {
      const run = await a.runtime.start(squares, { n }, { id: `reopened[${n}]`, delay: 3_600_000 });
      await run.cancel();
    }
    const both = await Promise.all(
      [a, b].map(({ runtime }) => Array.fromAsync(runtime.runBatch(squares, inputs(4), { batch: "reopened" }))),
    );
    for (const results of both) {
      expect(results.map((result) => result.status === "fulfilled" ? result.value : result.reason)).toEqual([
        0,
        1,
        4,
        9,
      ]);
    }
  },
);

Deno.test("A run of a batch that has not ended and is of another version is a rejected result", async () => {
  await using runtime = await openRuntime({ kv: ":memory:" });
  failing = new Set();
  await runtime.start(squares, { n: 0 }, { id: "old[0]" });
  const newer = defineWorkflow("squares", { version: "2" }, (input: Input<{ n: number }>) => square(input.n));
  const [result] = await Array.fromAsync(runtime.runBatch(newer, inputs(1), { batch: "old" }));
  expect(result?.status === "rejected" && result.reason).toBeInstanceOf(GraphError);
});

Deno.test("A name that no batch can have is refused with the first result", async () => {
  await using runtime = await openRuntime({ kv: ":memory:" });
  const batch = runtime.runBatch(squares, inputs(1), { batch: "" });
  await expect(batch.next()).rejects.toThrow('Option `batch` of a batch is ""');
});
