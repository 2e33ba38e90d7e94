/**
 * The acceptance scenarios of durable runs that are about many workers, and about workers that die.
 *
 * @module
 */
import { expect } from "@std/expect";
import { context, defineWorkflow, LeaseLostError, type Node, task, type TaskOptions } from "@fusewire/fusewire";
import { onEachStorage, Serving, type TestWorld, until } from "./storages.ts";

onEachStorage(
  "FL17 a report of a step by a worker that does not hold it is refused, and so is a late one",
  async (world) => {
    const { storage } = world;
    const definition = { workflow: "lent", version: "1", schema: "s" };
    const steps = ["a", "b"];
    const session = (id: string) => ({ id, deadline: Date.now() + 60_000, host: "", process: 1 });
    for (const id of ["holder", "helper", "thief"]) await storage.keepSession(session(id), true);
    await storage.define({ ...definition, steps, parents: [[], []], targets: [], single: false });
    const now = Date.now();
    const { claimed } = await storage.startRun({
      ...definition,
      ...{ id: "run", size: 2, input: { kind: "bytes", bytes: new Uint8Array(0) }, queue: "q", priority: 0, tags: [] },
      ...{ createdAt: now, dueAt: now },
    }, "holder");
    if (claimed === undefined) throw new Error("The run was not claimed.");
    const { claim } = claimed;
    await storage.commit({ claim, steps: [], offers: [{ id: "1", places: [0, 1], fence: 1n }] });
    const request = { session: "helper", queues: ["q"], definitions: [definition], limit: 1, now };
    const [lent] = await storage.claimSteps(request);
    if (lent === undefined) throw new Error("The steps were not claimed.");
    const report = { place: 0, startedAt: now, endedAt: now, outcome: { kind: "succeeded" } } as const;
    await expect(storage.report({ ...lent, session: "thief" }, report, undefined, false)).rejects.toThrow(
      LeaseLostError,
    );
    await storage.report(lent, report, undefined, false);
    await storage.commit({ claim, steps: [], closedOffers: ["1"] });
    await expect(storage.report(lent, { ...report, place: 1 }, undefined, true)).rejects.toThrow(LeaseLostError);
  },
);

onEachStorage("FL18 four workers run 500 independent steps each once", async (world) => {
  const calls: number[] = [];
  const work = task(async (n: number) => {
    calls.push(n);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n;
  }, { name: "work" });
  const numbers = Array.from({ length: 500 }, (_, n) => n);
  const wide = defineWorkflow("wide", { version: "1" }, (): Node<number>[] => numbers.map((n) => work(n)));
  const single = defineWorkflow("single", { version: "1" }, () => [work(-1)]);
  const starter = await world.process();
  const run = await starter.runtime.start(wide);
  const others = await Promise.all(numbers.map(() => starter.runtime.start(single)));
  const workers = await Promise.all([1, 2, 3, 4].map(() => world.process()));
  const serving = workers.map((process) => new Serving(process, [wide, single], { concurrency: 4 }));
  expect(await run.result()).toEqual(numbers);
  for (const other of others) expect(await other.result()).toEqual([-1]);
  await Promise.all(serving.map((worker) => worker.stop()));
  expect(calls.length).toBe(1_000);
  expect(calls.filter((n) => n >= 0).toSorted((a, b) => a - b)).toEqual(numbers);
  const { steps } = await run.status();
  expect(steps.every(({ status, attempt }) => status === "SUCCEEDED" && attempt === 1)).toBe(true);
});

onEachStorage(
  "FL19 another worker takes over when a lease has run out, and a late commit is fenced off",
  async (world) => {
    const stuck = Promise.withResolvers<string>();
    const calls: { fence: bigint; attempt: number }[] = [];
    const slow = task(async () => {
      const { fence, attempt } = context();
      calls.push({ fence, attempt });
      return calls.length === 1 ? await stuck.promise : "second";
    }, { name: "slow" });
    const after = task((value: string) => `after ${value}`, { name: "after" });
    const definition = defineWorkflow("lease", { version: "1" }, () => after(slow()));
    const first = await world.process();
    const run = await first.runtime.start(definition);
    new Serving(first, [definition]).done.catch(() => {});
    await until(() => calls.length === 1);
    await until(async () => (await world.storage.readSteps(run.id))[0]?.status === "RUNNING");
    const claim = { runId: run.id, fence: 1n, session: (await world.storage.readRun(run.id))?.session ?? "" };
    first.kill();
    await using second = await world.process();
    await using _serving = new Serving(second, [definition]);
    await world.skip(20_000);
    expect(await second.runtime.get(run.id).result()).toBe("after second");
    stuck.resolve("late");
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(calls[1]!.fence > calls[0]!.fence).toBe(true);
    await expect(world.storage.commit({ claim, steps: [] })).rejects.toThrow(LeaseLostError);
    const { steps } = await second.runtime.get(run.id).status();
    expect(steps.map(({ status, attempt }) => [status, attempt])).toEqual([["SUCCEEDED", 1], ["SUCCEEDED", 1]]);
  },
);

onEachStorage(
  "FL19 a worker that comes back after it lost its lease does not commit, and its caller gets the result",
  async (world) => {
    const stuck = Promise.withResolvers<string>();
    let calls = 0;
    let aborted: unknown;
    const slow = task(async () => {
      if (++calls > 1) return "second";
      const { signal } = context();
      signal.addEventListener("abort", () => aborted = signal.reason);
      return await stuck.promise;
    }, { name: "slow" });
    const definition = defineWorkflow("zombie", { version: "1" }, () => slow());
    await using zombie = await world.process();
    let isFrozen = false;
    zombie.watch.before = async () => {
      while (isFrozen) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const result = zombie.runtime.run(definition, undefined, { id: "zombie" });
    await until(() => calls === 1);
    isFrozen = true;
    await using other = await world.process();
    await using _serving = new Serving(other, [definition]);
    for (let skipped = 0; skipped < 8; skipped++) {
      world.jump(2_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(async () => (await world.storage.readRun("zombie"))?.status === "SUCCEEDED");
    stuck.resolve("late");
    isFrozen = false;
    expect(await result).toBe("second");
    expect(calls).toBe(2);
    await until(() => aborted !== undefined);
    expect(aborted).toBeInstanceOf(LeaseLostError);
  },
);

onEachStorage("FL20 a step that takes longer than the lease is kept by its signs of life", async (world) => {
  const gate = Promise.withResolvers<string>();
  let calls = 0;
  const long = task(async () => {
    calls++;
    return await gate.promise;
  }, { name: "long" });
  const definition = defineWorkflow("long", { version: "1" }, () => long());
  await using first = await world.process();
  await using second = await world.process();
  const run = await first.runtime.start(definition);
  await using _first = new Serving(first, [definition]);
  await until(() => calls === 1);
  await using _second = new Serving(second, [definition]);
  await world.skip(60_000);
  gate.resolve("kept");
  expect(await run.result()).toBe("kept");
  expect(calls).toBe(1);
});

/** A step that blocks the thread at its first attempt, and the second worker that would take over. */
async function blocked(world: TestWorld, milliseconds: number, options: TaskOptions): Promise<number> {
  let calls = 0;
  const block = task(() => {
    if (++calls > 1) return;
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  }, { name: "block", ...options });
  const definition = defineWorkflow("blocked", { version: "1" }, () => block());
  await using first = await world.process({ lease: 1_000 });
  await using second = await world.process({ lease: 1_000 });
  const run = await second.runtime.start(definition);
  await using _first = new Serving(first, [definition]);
  await until(() => calls === 1);
  await using _second = new Serving(second, [definition]);
  await run.result();
  return calls;
}

onEachStorage("FL20 a step that blocks its thread for longer than the lease is kept", async (world) => {
  expect(await blocked(world, 2_500, {})).toBe(1);
}, { heartbeats: true, kinds: ["KV on a file"] });

onEachStorage("FL21 after a restart queued and started runs go on from their last commit", async (world) => {
  let isFirst = true;
  const calls: string[] = [];
  const step = task(async (name: string, _before: string) => {
    calls.push(name);
    if (name === "c" && isFirst) return await new Promise<string>(() => {});
    return name;
  }, { name: "step" });
  const definition = defineWorkflow("restart", { version: "1" }, () => step("d", step("c", step("b", step("a", "")))));
  const queued = defineWorkflow("queued", { version: "1" }, () => step("queued", ""));
  const before = await world.process();
  const started = await before.runtime.start(definition);
  new Serving(before, [definition]).done.catch(() => {});
  await until(() => calls.length === 3);
  const waiting = await before.runtime.start(queued);
  before.kill();
  isFirst = false;
  await using after = await world.process();
  await using _serving = new Serving(after, [definition, queued]);
  expect(await after.runtime.get(waiting.id).result()).toBe("queued");
  await world.skip(20_000);
  expect(await after.runtime.get(started.id).result()).toBe("d");
  expect(calls.filter((name) => name !== "queued")).toEqual(["a", "b", "c", "c", "d"]);
});

onEachStorage(
  "FL22 a finished step is not run again, however often its run is claimed or its end is told",
  async (world) => {
    const calls: string[] = [];
    const step = task((name: string, _before: string) => {
      calls.push(name);
      return name;
    }, { name: "step", retry: { maxAttempts: 2, initialDelay: 9_000, jitter: 0 } });
    let fails = true;
    const last = task((_before: string) => {
      if (fails) throw new RangeError("not yet");
      return "done";
    }, { name: "last", retry: { maxAttempts: 9, initialDelay: 9_000, factor: 1, jitter: 0 } });
    const definition = defineWorkflow("again", { version: "1" }, () => last(step("b", step("a", ""))));
    await using process = await world.process();
    const run = await process.runtime.start(definition);
    for (let tick = 0; tick < 3; tick++) {
      await process.runtime.worker([definition]).tick({ budgetMs: 1_000 });
      await world.skip(10_000);
    }
    fails = false;
    await process.runtime.worker([definition]).tick({ budgetMs: 1_000 });
    expect(await run.result()).toBe("done");
    expect(calls).toEqual(["a", "b"]);
  },
);
