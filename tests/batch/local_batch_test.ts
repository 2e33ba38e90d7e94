import { expect } from "@std/expect";
import {
  type BatchResult,
  ConfigError,
  context,
  defineWorkflow,
  type Definition,
  type Input,
  runBatch,
  task,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";

const double = task(async (n: number): Promise<number> => {
  await Promise.resolve();
  if (n === 13) throw new RangeError("unlucky");
  return 2 * n;
}, { name: "double" });
const doubled = defineWorkflow("doubled", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
const inputs = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
const pause = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs that wait until they are told to end, by number. */
function gated() {
  const gates = new Map<number, PromiseWithResolvers<number>>();
  const aborted: number[] = [];
  const wait = task(async (n: number): Promise<number> => {
    const gate = Promise.withResolvers<number>();
    gates.set(n, gate);
    context().signal.addEventListener("abort", () => aborted.push(n));
    return await gate.promise;
  }, { name: "wait" });
  const definition = defineWorkflow("gated", { version: "1" }, (input: Input<{ n: number }>) => wait(input.n));
  const begun = async (n: number): Promise<void> => {
    while (!gates.has(n)) await pause();
  };
  return { definition, gates, aborted, begun };
}

Deno.test("A batch gives what Promise.allSettled() would, in the order of its inputs", async () => {
  const results = await Array.fromAsync(runBatch(doubled, inputs(20), { concurrency: 3 }));
  expect(results.map(({ index, input }) => [index, input.n])).toEqual(inputs(20).map(({ n }) => [n, n]));
  const settled: PromiseSettledResult<number>[] = results;
  for (const [n, result] of settled.entries()) {
    if (n !== 13) expect(result).toMatchObject({ status: "fulfilled", value: 2 * n });
    else {expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "STEP_FAILED", cause: new RangeError("unlucky") },
      });}
  }
  expect(new Set(results.map(({ runId }) => runId)).size).toBe(20);
});

Deno.test("A batch of no inputs has no results", async () => {
  expect(await Array.fromAsync(runBatch(doubled, []))).toEqual([]);
});

Deno.test("Runs that are done before an earlier one wait for it; only so many are at work at a time", async () => {
  const { definition, gates, begun } = gated();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { index } of runBatch(definition, inputs(4), { concurrency: 2 })) seen.push(index);
  })();
  await begun(1);
  await pause(5);
  expect([...gates.keys()]).toEqual([0, 1]);
  gates.get(1)?.resolve(1);
  await begun(2);
  expect(seen).toEqual([]);
  gates.get(0)?.resolve(0);
  await begun(3);
  gates.get(3)?.resolve(3);
  gates.get(2)?.resolve(2);
  await reading;
  expect(seen).toEqual([0, 1, 2, 3]);
});

Deno.test("An asynchronous source is read only as far ahead as four times the concurrency, however long it is", async () => {
  let read = 0;
  async function* source() {
    for (let n = 0;; n++) {
      read++;
      yield await Promise.resolve({ n });
    }
  }
  let index = 0;
  let most = 0;
  for await (const result of runBatch(doubled, source(), { concurrency: 4 })) {
    expect(result.index).toBe(index);
    if (index % 100 === 0) await pause(5);
    most = Math.max(most, read - index);
    if (++index === 500) break;
  }
  expect(most).toBeLessThanOrEqual(18);
  expect(most).toBeGreaterThan(4);
});

Deno.test("A batch of 10,000 inputs keeps no more results than are ahead of the reader", async () => {
  let sum = 0;
  function* many() {
    for (let n = 0; n < 10_000; n++) yield { n: n === 13 ? 0 : n };
  }
  for await (const result of runBatch(doubled, many())) if (result.status === "fulfilled") sum += result.value;
  expect(sum).toBe(2 * (9_999 * 10_000 / 2 - 13));
});

Deno.test("An aborted signal cancels the runs at work, starts no more, and the batch rejects with its reason", async () => {
  const { definition, gates, aborted, begun } = gated();
  const stop = new AbortController();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { index } of runBatch(definition, inputs(10), { concurrency: 2, signal: stop.signal })) {
      seen.push(index);
    }
  })();
  await begun(1);
  gates.get(0)?.resolve(0);
  await begun(2);
  const reason = new Error("enough");
  stop.abort(reason);
  await expect(reading).rejects.toBe(reason);
  expect(seen).toEqual([0]);
  expect(aborted).toEqual([1, 2]);
  expect(gates.size).toBe(3);
});

Deno.test("A batch with a signal that is aborted already starts nothing", async () => {
  const { definition, gates } = gated();
  const signal = AbortSignal.abort(new Error("before"));
  await expect(Array.fromAsync(runBatch(definition, inputs(2), { signal }))).rejects.toThrow("before");
  expect(gates.size).toBe(0);
});

Deno.test("Leaving the loop cancels the runs at work and closes the source", async () => {
  const { definition, gates, aborted, begun } = gated();
  let closed = false;
  function* source() {
    try {
      yield* inputs(10);
    } finally {
      closed = true;
    }
  }
  const batch = runBatch(definition, source(), { concurrency: 2 });
  const first = batch.next();
  await begun(1);
  gates.get(0)?.resolve(0);
  expect((await first).value).toMatchObject({ index: 0, value: 0 });
  await begun(2);
  await batch.return();
  expect(aborted).toEqual([1, 2]);
  await pause();
  expect(closed).toBe(true);
});

Deno.test("A source that fails rejects the batch after the results of the inputs that it gave", async () => {
  async function* source() {
    yield { n: 1 };
    await Promise.resolve();
    throw new Error("no more");
  }
  const seen: BatchResult<{ n: number }, number>[] = [];
  const reading = async () => {
    for await (const result of runBatch(doubled, source())) seen.push(result);
  };
  await expect(reading()).rejects.toThrow("no more");
  expect(seen).toMatchObject([{ index: 0, value: 2 }]);
});

Deno.test("An input that the schema refuses is a rejected result without a run", async () => {
  const schema = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) => typeof value === "number" ? { value } : { issues: [{ message: "not a number" }] },
    },
  };
  const checked = defineWorkflow("checked", { version: "1", input: schema }, (input) => double(input));
  const given: unknown[] = [1, "two"];
  const [good, bad] = await Array.fromAsync(runBatch(checked as Definition<unknown, number>, given));
  expect(good).toMatchObject({ status: "fulfilled", value: 2 });
  expect(bad).toMatchObject({ status: "rejected", reason: { code: "CONFIG" } });
  expect(bad).not.toHaveProperty("runId");
});

Deno.test("The waits between attempts of a batch follow the clock that it is given", async () => {
  const clock = new VirtualClock();
  const flaky = task(() => {
    if (context().attempt < 3) throw new Error("again");
    return clock.now();
  }, { name: "flaky", retry: { maxAttempts: 3, initialDelay: 3_600_000, jitter: 0, maxDelay: Infinity } });
  const definition = defineWorkflow("flaky", { version: "1" }, () => flaky());
  const start = clock.now();
  let results: BatchResult<void, number>[] | undefined;
  void Array.fromAsync(runBatch(definition, [undefined, undefined], { clock })).then((all) => results = all);
  while (results === undefined) {
    await pause();
    await clock.advance(600_000);
  }
  const ends = results.map((result) => result.status === "fulfilled" ? result.value : result.reason);
  for (const end of ends) expect(end).toBeGreaterThanOrEqual(start + 3 * 3_600_000);
  expect(ends.length).toBe(2);
});

Deno.test("Options and inputs that can not be used are refused with the first result", async () => {
  const refused = async (batch: AsyncIterable<unknown>, message: string): Promise<void> => {
    const error = await Array.fromAsync(batch).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain(message);
  };
  await refused(runBatch(doubled, inputs(1), { concurrency: 0 }), "Option `concurrency` of a batch is 0; it must be");
  await refused(runBatch(doubled, 5 as unknown as []), "The inputs of a batch are 5; they must be an iterable");
  await refused(
    runBatch({ name: "x", version: "1", build: () => [] }, [1]),
    "runBatch() runs definitions as defineWorkflow()",
  );
});
