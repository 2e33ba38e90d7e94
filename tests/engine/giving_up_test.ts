/**
 * Workers that are told to end by the system, and stores that fail for a while.
 *
 * @module
 */
import { expect } from "@std/expect";
import { context, defineWorkflow, type Node, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

onEachStorage(
  "A tick that is to end at once aborts the steps at work, and another worker runs them again",
  async (world) => {
    let isFirst = true;
    const seen: { attempt: number; reason?: unknown }[] = [];
    const patient = task(async () => {
      const { signal, attempt } = context();
      const entry: { attempt: number; reason?: unknown } = { attempt };
      seen.push(entry);
      if (!isFirst) return "done";
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      entry.reason = signal.reason;
      throw signal.reason;
    }, { name: "patient", retry: { maxAttempts: 1 }, onFailure: "fail" });
    const definition = defineWorkflow("patient", { version: "1" }, () => patient());
    await using one = await world.process();
    await using two = await world.process();
    const run = await one.runtime.start(definition);
    const stop = new AbortController();
    const tick = one.runtime.worker([definition]).tick({ budgetMs: 60_000, signal: stop.signal, patience: 5 });
    await until(() => seen.length === 1);
    stop.abort();
    expect(await tick).toEqual({ idle: false });
    expect((await run.status()).steps).toEqual([{ name: "patient_0000", status: "PENDING", attempt: 0 }]);
    isFirst = false;
    await two.runtime.worker([definition]).tick({ budgetMs: 60_000 });
    expect(await run.result()).toBe("done");
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(String(seen[0]?.reason)).toContain("closing");
  },
);

onEachStorage("Lent steps at work are given back by a worker that is to end at once", async (world) => {
  let isStuck = true;
  const stuck: number[] = [];
  let calls = 0;
  const work = task(async (n: number) => {
    const { signal } = context();
    // The first 64 are those of the process that drives the run.
    if (isStuck && calls++ >= 64) {
      stuck.push(n);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      throw signal.reason;
    }
    while (isStuck) await new Promise((resolve) => setTimeout(resolve, 2));
    return n;
  }, { name: "work" });
  const numbers = Array.from({ length: 80 }, (_, n) => n);
  const wide = defineWorkflow("wide", { version: "1" }, (): Node<number>[] => numbers.map((n) => work(n)));
  const gate = Promise.withResolvers<void>();
  let isHeld = false;
  const hold = task(() => {
    isHeld = true;
    return gate.promise;
  }, { name: "hold" });
  const holding = defineWorkflow("holding", { version: "1" }, () => hold());
  await using helper = await world.process();
  await using holder = await world.process();
  // What the tick holds keeps it from ending as long as there is nothing else to do.
  await helper.runtime.start(holding);
  const stop = new AbortController();
  const worker = helper.runtime.worker([wide, holding], { concurrency: 5 });
  const tick = worker.tick({ budgetMs: 600_000, signal: stop.signal, patience: 5 });
  await until(() => isHeld);
  await using _idle = new Serving(await world.process(), [holding]);
  await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
  const result = holder.runtime.run(wide, undefined, { id: "wide" });
  await until(() => stuck.length === 4, "four lent steps");
  stop.abort();
  await until(() => helper.watch.count("report") === 4, "what it gives back");
  isStuck = false;
  expect(await result).toEqual(numbers);
  gate.resolve();
  await tick;
  const steps = await world.storage.readSteps("wide");
  expect(steps.every(({ attempt, losses }) => attempt === 1 && losses === 0)).toBe(true);
});

onEachStorage(
  "Commits, reports and messages that a store refuses for a while are written in the end",
  async (world) => {
    let calls = 0;
    const work = task(async (n: number) => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return n;
    }, { name: "work" });
    const numbers = Array.from({ length: 150 }, (_, n) => n);
    const wide = defineWorkflow("wide", { version: "1" }, (): Node<number>[] => numbers.map((n) => work(n)));
    await using helper = await world.process();
    await using holder = await world.process();
    for (const { watch } of [helper, holder]) {
      const failures = new Map<string, number>();
      watch.before = (method) => {
        if (!["commit", "report", "receive", "claimRuns", "claimSteps", "bell", "reap"].includes(method)) return;
        const before = failures.get(method) ?? 0;
        failures.set(method, before + 1);
        if (before % 3 === 0 && before < 12) throw new TypeError(`The store refuses ${method} for now.`);
      };
    }
    await using _serving = new Serving(helper, [wide], { concurrency: 8 });
    await world.skip(3_000);
    const result = holder.runtime.run(wide, undefined, { id: "wide" });
    await until(async () => {
      await world.skip(1_000);
      return (await world.storage.readRun("wide"))?.status === "SUCCEEDED";
    });
    expect(await result).toEqual(numbers);
    // A claim without an answer may have claimed, so that what was lent is taken back, also from who has begun with it.
    expect(calls).toBeGreaterThanOrEqual(150);
  },
);

onEachStorage("A step waits where the store does not give what it reads, and does not fail", async (world) => {
  const echo = task((n: number) => n, { name: "echo" });
  let fails = true;
  const late = task((n: number) => {
    if (fails) throw new RangeError("boom");
    return n;
  }, { name: "late" });
  const definition = defineWorkflow("reading", { version: "1" }, () => [late(echo(1)), echo(2)]);
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "reading" })).rejects.toThrow("boom");
  fails = false;
  await process.runtime.get("reading").retry();
  let refusals = 3;
  process.watch.before = (method) => {
    if (method === "readValues" && refusals-- > 0) throw new TypeError("The store refuses to read.");
  };
  await using _serving = new Serving(process, [definition]);
  await until(async () => {
    await world.skip(1_000);
    return (await world.storage.readRun("reading"))?.status === "SUCCEEDED";
  });
  expect(await process.runtime.get("reading").result()).toEqual([1, 2]);
});

onEachStorage("A run that can not be opened for now is opened later", async (world) => {
  let isFirst = true;
  const hang = task(() => isFirst ? new Promise<number>(() => {}) : 1, { name: "hang" });
  const fail = task((): number => {
    throw new RangeError("boom");
  }, { name: "fail" });
  const definition = defineWorkflow("opened", { version: "1" }, () => [fail(), hang()]);
  const first = await world.process();
  const run = await first.runtime.start(definition);
  new Serving(first, [definition]).done.catch(() => {});
  await until(async () =>
    (await world.storage.readSteps(run.id)).map(({ status }) => status).join() === "FAILED,RUNNING"
  );
  first.kill();
  isFirst = false;
  await using second = await world.process();
  let refusals = 3;
  second.watch.before = (method) => {
    if (method === "readValues" && refusals-- > 0) throw new TypeError("The store refuses to read.");
  };
  await using _serving = new Serving(second, [definition]);
  await until(async () => {
    await world.skip(2_000);
    return (await world.storage.readRun(run.id))?.status === "FAILED";
  });
  expect(refusals).toBeLessThan(0);
  const { steps } = await second.runtime.get(run.id).status();
  expect(steps.map(({ status }) => status)).toEqual(["FAILED", "SUCCEEDED"]);
  await expect(second.runtime.get(run.id).result()).rejects.toThrow("boom");
});
