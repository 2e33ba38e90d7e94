import { expect } from "@std/expect";
import {
  context,
  defineWorkflow,
  type DurableRun,
  type Input,
  KvWorkflow,
  task,
  TimeoutError,
} from "@fusewire/fusewire";
import { deadlineOf } from "../../src/engine/deadline.ts";
import { onEachStorage, Serving, until } from "./storages.ts";

const give = task((n: number) => n, { name: "give" });

/** A definition whose second step ends never the first time, and why it was stopped. */
function hanging(name: string, timeout: number) {
  const seen: { reasons: unknown[]; isReady: boolean; begun: number } = { reasons: [], isReady: false, begun: 0 };
  const hang = task(async (n: number) => {
    seen.begun++;
    if (seen.isReady) return n;
    const { signal } = context();
    signal.addEventListener("abort", () => seen.reasons.push(signal.reason));
    return await new Promise<number>(() => {});
  }, { name: "hang" });
  const definition = defineWorkflow(name, { version: "1", timeout }, () => give(hang(give(1))));
  return { definition, seen };
}

async function errorOf(run: DurableRun<unknown>): Promise<unknown> {
  return await run.result().catch((error: unknown) => error);
}

async function statuses(run: DurableRun<unknown>): Promise<string[]> {
  const { status, steps } = await run.status();
  return [status, ...steps.map(({ status }) => status)];
}

Deno.test("A deadline counts from the latest of start, delay and opening again", () => {
  expect(deadlineOf({ createdAt: 5, dueAt: 5 }, undefined)).toBe(Infinity);
  expect(deadlineOf({ createdAt: 5, dueAt: 5 }, 100)).toBe(105);
  expect(deadlineOf({ createdAt: 5, dueAt: 50 }, 100)).toBe(150);
  expect(deadlineOf({ createdAt: 5, dueAt: 50, reopenedAt: 500 }, 100)).toBe(600);
});

onEachStorage(
  "A durable run whose time is over is FAILED with a TimeoutError, for everybody who asks",
  async (world) => {
    const { definition, seen } = hanging("over", 10_000);
    await using process = await world.process();
    const run = await process.runtime.start(definition);
    await using _serving = new Serving(process, [definition]);
    await until(() => seen.begun === 1);
    await world.skip(10_000);
    const error = await errorOf(run);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ workflow: "over", code: "TIMEOUT" });
    expect(error instanceof Error && error.message).toBe(
      `Run ${run.id} of workflow \`over\` took longer than 10000 ms.`,
    );
    expect(seen.reasons).toEqual([error]);
    expect(await statuses(run)).toEqual(["FAILED", "SUCCEEDED", "CANCELLED", "CANCELLED"]);
    await using other = await world.process();
    const elsewhere = await errorOf(other.runtime.get(run.id));
    expect(elsewhere).toBeInstanceOf(TimeoutError);
    expect(elsewhere).toMatchObject({ message: String(error).replace("TimeoutError: ", ""), workflow: "over" });
    expect((await world.storage.readRun(run.id))?.failure?.place).toBe(-1);
  },
);

onEachStorage("The time of a run counts on when its worker dies, and with no worker alive", async (world) => {
  const { definition, seen } = hanging("crash", 60_000);
  const first = await world.process();
  const run = await first.runtime.start(definition);
  new Serving(first, [definition]).done.catch(() => {});
  await until(() => seen.begun === 1);
  first.kill();
  await world.skip(61_000);
  await using second = await world.process();
  await using _serving = new Serving(second, [definition]);
  await world.skip(20_000);
  expect(await errorOf(second.runtime.attach(run.id))).toBeInstanceOf(TimeoutError);
  // Nothing was begun after the end of its time.
  expect(seen.begun).toBe(1);
});

onEachStorage("A run that no worker has taken in time is failed by the first that comes", async (world) => {
  const { definition, seen } = hanging("late", 5_000);
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  world.jump(5_000);
  await process.runtime.worker([definition]).tick({ budgetMs: 1_000 });
  expect(await errorOf(run)).toBeInstanceOf(TimeoutError);
  expect(await statuses(run)).toEqual(["FAILED", "CANCELLED", "CANCELLED", "CANCELLED"]);
  expect(seen.begun).toBe(0);
});

onEachStorage("A run with a delay has all of its time from then on", async (world) => {
  const definition = defineWorkflow("delayed", { version: "1", timeout: 5_000 }, () => give(1));
  await using process = await world.process();
  const run = await process.runtime.start(definition, undefined, { delay: 20_000 });
  world.jump(24_000);
  await process.runtime.worker([definition]).tick({ budgetMs: 1_000 });
  expect(await run.result()).toBe(1);
});

onEachStorage("A parked run wakes at the end of its time, and not for a retry after it", async (world) => {
  let calls = 0;
  const fail = task((): number => {
    throw new RangeError(`failure ${++calls}`);
  }, { name: "fail", retry: { maxAttempts: 9, initialDelay: 3_600_000, maxDelay: 3_600_000, jitter: 0 } });
  const definition = defineWorkflow("parked", { version: "1", timeout: 60_000 }, () => fail());
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  await process.runtime.worker([definition]).tick({ budgetMs: 500 });
  const parked = await world.storage.readRun(run.id);
  expect([parked?.parked, parked?.session]).toEqual([true, undefined]);
  expect(parked?.wakeAt).toBe((parked?.dueAt ?? 0) + 60_000);
  world.jump(60_000);
  await process.runtime.worker([definition]).tick({ budgetMs: 500 });
  expect(await errorOf(run)).toBeInstanceOf(TimeoutError);
  expect(calls).toBe(1);
});

onEachStorage("A run that is opened again has its time anew, and keeps what is committed", async (world) => {
  const { definition, seen } = hanging("again", 10_000);
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  await using _serving = new Serving(process, [definition]);
  await until(() => seen.begun === 1);
  await world.skip(10_000);
  expect(await errorOf(run)).toBeInstanceOf(TimeoutError);
  await world.skip(100_000);
  seen.isReady = true;
  await run.retry();
  expect(await run.result()).toBe(1);
  expect(await statuses(run)).toEqual(["SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]);
});

onEachStorage("Steps that were lent are stopped too when the time of their run is over", async (world) => {
  const begun: number[] = [];
  const stopped: number[] = [];
  const hang = task(async (n: number) => {
    begun.push(n);
    const { signal } = context();
    signal.addEventListener("abort", () => stopped.push(n));
    return await new Promise<number>(() => {});
  }, { name: "hang" });
  const definition = defineWorkflow(
    "lent",
    { version: "1", timeout: 30_000 },
    (_input: Input<{ n: number }>) => [0, 1, 2, 3].map((n) => hang(n)),
  );
  await using first = await world.process();
  await using second = await world.process();
  const run = await first.runtime.start(definition, { n: 1 });
  await using _one = new Serving(first, [definition], { concurrency: 2 });
  await until(() => begun.length === 2);
  await using _two = new Serving(second, [definition], { concurrency: 2 });
  await until(() => begun.length === 4);
  await world.skip(30_000);
  expect(await errorOf(run)).toBeInstanceOf(TimeoutError);
  await world.skip(1_000);
  await until(() => stopped.length === 4);
});

onEachStorage("KvWorkflow takes a timeout of its own", async (world) => {
  const hang = task(() => new Promise<number>(() => {}), { name: "hang" });
  await using process = await world.process();
  const workflow = new KvWorkflow(hang(), { workflowName: "kv", runtime: process.runtime, timeout: 30 });
  await expect(workflow.run()).rejects.toThrow("of workflow `kv` took longer than 30 ms");
});
