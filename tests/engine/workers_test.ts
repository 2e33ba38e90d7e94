import { expect } from "@std/expect";
import { ConfigError, context, defineWorkflow, type Input, type Node, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

/** A step whose calls wait at a gate, one gate for each number. */
function gated(name: string) {
  const gates = new Map<number, PromiseWithResolvers<void>>();
  const begun: number[] = [];
  const gate = (n: number): PromiseWithResolvers<void> => {
    const known = gates.get(n) ?? Promise.withResolvers<void>();
    gates.set(n, known);
    return known;
  };
  const step = task(async (n: number) => {
    begun.push(n);
    await gate(n).promise;
    return n;
  }, { name: "step" });
  const definition = defineWorkflow(name, { version: "1" }, (input: Input<{ n: number }>) => step(input.n));
  return { definition, step, begun, open: (n: number) => gate(n).resolve() };
}

onEachStorage("A worker that is told to stop ends the steps at work, and leaves the rest to others", async (world) => {
  const { definition, begun, open } = gated("stopped");
  await using first = await world.process();
  await using second = await world.process();
  const runs = [];
  for (const n of [0, 1, 2]) {
    runs.push(await first.runtime.start(definition, { n }));
    await world.skip(1);
  }
  const serving = new Serving(first, [definition], { concurrency: 1 });
  await until(() => begun.length === 1);
  const stopped = serving.stop();
  let isStopped = false;
  stopped.then(() => isStopped = true);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isStopped).toBe(false);
  open(0);
  await stopped;
  expect(begun).toEqual([0]);
  expect(await runs[0]!.result()).toBe(0);
  expect((await runs[1]!.status()).status).toBe("PENDING");
  open(1);
  open(2);
  await second.runtime.worker([definition]).tick({ budgetMs: 30_000 });
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2]);
  expect(begun.toSorted()).toEqual([0, 1, 2]);
});

onEachStorage("A wide run of a worker that stops half way goes on with another at once", async (world) => {
  const calls: number[] = [];
  const work = task(async (n: number) => {
    calls.push(n);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n;
  }, { name: "work" });
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const wide = defineWorkflow("wide", { version: "1" }, (): Node<number>[] => numbers.map((n) => work(n)));
  await using first = await world.process();
  await using second = await world.process();
  const run = await first.runtime.start(wide);
  const serving = new Serving(first, [wide], { concurrency: 3 });
  await until(() => calls.length > 20);
  await serving.stop();
  expect(calls.length).toBeLessThan(100);
  await using _serving = new Serving(second, [wide], { concurrency: 3 });
  expect(await run.result()).toEqual(numbers);
  expect(calls.toSorted((a, b) => a - b)).toEqual(numbers);
});

onEachStorage("A tick starts no step after its budget, and waits for the one at work", async (world) => {
  const { definition, begun, open } = gated("tick");
  await using process = await world.process();
  const runs = [];
  for (const n of [0, 1]) {
    runs.push(await process.runtime.start(definition, { n }));
    await world.skip(1);
  }
  const worker = process.runtime.worker([definition], { concurrency: 1 });
  const tick = worker.tick({ budgetMs: 5_000 });
  await until(() => begun.length === 1);
  await world.skip(6_000);
  open(0);
  expect(await tick).toEqual({ idle: false });
  expect(begun).toEqual([0]);
  expect(await runs[0]!.result()).toBe(0);
  expect((await runs[1]!.status()).status).toBe("PENDING");
  open(1);
  expect(await worker.tick({ budgetMs: 30_000 })).toEqual({ idle: true });
  expect(await runs[1]!.result()).toBe(1);
  expect(await worker.tick({ budgetMs: 30_000 })).toEqual({ idle: true });
});

onEachStorage("Ticks can overlap, of one worker and of several processes, and each step runs once", async (world) => {
  const calls: number[] = [];
  const work = task(async (n: number) => {
    calls.push(n);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n;
  }, { name: "work" });
  const definition = defineWorkflow("ticks", { version: "1" }, (input: Input<{ n: number }>) => work(work(input.n)));
  await using first = await world.process();
  await using second = await world.process();
  const runs = [];
  for (let n = 0; n < 20; n++) runs.push(await first.runtime.start(definition, { n }));
  const worker = first.runtime.worker([definition], { concurrency: 3 });
  const other = second.runtime.worker([definition], { concurrency: 3 });
  await Promise.all([worker, other, worker, other].map((worker) => worker.tick({ budgetMs: 30_000 })));
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => n));
  expect(calls.length).toBe(40);
});

onEachStorage("Workers of two definitions run what each knows", async (world) => {
  const where: string[] = [];
  const note = task((name: string) => {
    where.push(name);
    return name;
  }, { name: "note" });
  const one = defineWorkflow("one", { version: "1" }, () => note("one"));
  const two = defineWorkflow("two", { version: "1" }, () => note("two"));
  await using first = await world.process();
  await using second = await world.process();
  const runs = [await first.runtime.start(two), await second.runtime.start(one)];
  await first.runtime.worker([one]).tick({ budgetMs: 30_000 });
  expect(where).toEqual(["one"]);
  await using _one = new Serving(first, [one]);
  await using _two = new Serving(second, [two]);
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(["two", "one"]);
});

onEachStorage("A worker serves once at a time", async (world) => {
  const { definition } = gated("once");
  await using process = await world.process();
  const worker = process.runtime.worker([definition]);
  const stop = new AbortController();
  const serving = worker.run({ signal: stop.signal, handleSignals: false });
  await expect(worker.run({ signal: stop.signal, handleSignals: false })).rejects.toThrow(ConfigError);
  stop.abort();
  await serving;
  await worker.run({ signal: AbortSignal.abort() });
});

onEachStorage("runtime.close() waits for what is at work, and leaves the rest to others", async (world) => {
  const { definition, begun, open } = gated("closed");
  const second = gated("second");
  const chain = defineWorkflow(
    "chain",
    { version: "1" },
    (input: Input<{ n: number }>) => second.step(second.step(input.n)),
  );
  await using first = await world.process();
  await using other = await world.process();
  const run = await first.runtime.start(definition, { n: 0 });
  await world.skip(1);
  const waiting = await first.runtime.start(definition, { n: 1 });
  const serving = new Serving(first, [definition], { concurrency: 1 });
  const driven = first.runtime.run(chain, { n: 7 }, { id: "driven" });
  driven.catch(() => {});
  await until(() => begun.length === 1 && second.begun.length === 1);
  let isClosed = false;
  const closed = first.runtime.close().then(() => isClosed = true);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isClosed).toBe(false);
  open(0);
  second.open(7);
  await closed;
  await serving.done;
  expect([begun, second.begun]).toEqual([[0], [7]]);
  expect(await other.runtime.attach(run.id).result()).toBe(0);
  open(1);
  await other.runtime.worker([definition, chain]).tick({ budgetMs: 30_000 });
  expect(await other.runtime.attach(waiting.id).result()).toBe(1);
  expect(await other.runtime.get("driven").result()).toBe(7);
  expect(second.begun).toEqual([7, 7]);
});

onEachStorage(
  "An idle worker takes a run within moments, also from another process, and one that is due later",
  async (world) => {
    const { definition, open } = gated("idle");
    await using first = await world.process();
    await using second = await world.process();
    await using _serving = new Serving(first, [definition]);
    for (const n of [0, 1, 2]) open(n);
    await world.skip(15_000);
    expect(await (await second.runtime.start(definition, { n: 0 })).result()).toBe(0);
    expect(await (await first.runtime.start(definition, { n: 1 })).result()).toBe(1);
    const later = await second.runtime.start(definition, { n: 2 }, { delay: 5_000 });
    await world.skip(5_000);
    expect(await later.result()).toBe(2);
  },
);

onEachStorage("A step with which workers are lost again and again fails in the end, and says so", async (world) => {
  let isDeadly = true;
  const started: number[] = [];
  const deadly = task(() => {
    started.push(context().attempt);
    return isDeadly ? new Promise<string>(() => {}) : "alive";
  }, { name: "deadly" });
  const definition = defineWorkflow("deadly", { version: "1" }, () => deadly());
  await using last = await world.process();
  const run = await last.runtime.start(definition);
  for (let death = 1; death <= 11; death++) {
    const process = await world.process();
    new Serving(process, [definition]).done.catch(() => {});
    await world.skip(death === 1 ? 0 : 20_000);
    await until(() => started.length === death, `attempt ${death}`);
    await until(async () => (await world.storage.readSteps(run.id))[0]?.status === "RUNNING");
    process.kill();
  }
  await using _serving = new Serving(last, [definition]);
  await world.skip(20_000);
  await expect(run.result()).rejects.toThrow("11 workers were lost while they ran step `deadly_0000`");
  isDeadly = false;
  await run.retry();
  expect(await run.result()).toBe("alive");
  expect(new Set(started)).toEqual(new Set([1]));
});
