import { expect } from "@std/expect";
import { context, defineWorkflow, type Node, StepFailedError, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, type TestProcess, type TestWorld, until } from "./storages.ts";

/** What a run of many independent steps is made of: the body is told by each step's number, and may be async. */
function wide(name: string, width: number, body: (n: number) => unknown, options: { pure?: boolean } = {}) {
  const calls: { n: number; fence: bigint; attempt: number }[] = [];
  const work = task(async (n: number): Promise<unknown> => {
    calls.push({ n, fence: context().fence, attempt: context().attempt });
    return await body(n);
  }, { name: "work", ...options });
  const gather = task((...of: unknown[]) => of, { name: "gather" });
  const definition = defineWorkflow(name, { version: "1" }, () => {
    const nodes: Node<unknown>[] = Array.from({ length: width }, (_, n) => work(n));
    return gather(...nodes);
  });
  return { definition, calls };
}

const numbers = (width: number): number[] => Array.from({ length: width }, (_, n) => n);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** What the first steps do: those for which the holder has room wait until somebody else has begun with one. */
function crowd(room: number): () => Promise<void> {
  let begun = 0;
  return async () => {
    begun++;
    while (begun <= room) await pause(1);
  };
}

const reports = ({ watch }: TestProcess): number => watch.count("report");

/** Waits until a worker with nothing to do has said so. */
async function idle(world: TestWorld): Promise<void> {
  await until(() => world.storage.hasIdleWorkers("default", "nobody", Date.now()), "an idle worker");
}

onEachStorage(
  "A wide run that one process began is shared with the idle worker of another, each step once",
  async (world) => {
    const othersToo = crowd(4);
    const { definition, calls } = wide("wide", 200, async (n) => {
      await othersToo();
      return n;
    });
    await using helper = await world.process();
    await using _serving = new Serving(helper, [definition], { concurrency: 4 });
    await idle(world);
    await using holder = await world.process();
    const run = await holder.runtime.start(definition);
    await using _own = new Serving(holder, [definition], { concurrency: 4 });
    expect(await run.result()).toEqual(numbers(200));
    expect(calls.length).toBe(200);
    expect(reports(helper) + reports(holder)).toBeGreaterThan(0);
    const { steps } = await run.status();
    expect(steps.every(({ status, attempt }) => status === "SUCCEEDED" && attempt === 1)).toBe(true);
  },
);

onEachStorage("A wide run that runtime.run() drives is shared with an idle worker", async (world) => {
  const othersToo = crowd(64);
  const { definition, calls } = wide("driven", 300, async (n) => {
    await othersToo();
    return n;
  });
  await using helper = await world.process();
  await using _serving = new Serving(helper, [definition], { concurrency: 16 });
  await idle(world);
  await using holder = await world.process();
  expect(await holder.runtime.run(definition)).toEqual(numbers(300));
  expect(calls.length).toBe(300);
  expect(new Set(calls.map(({ fence }) => fence)).size).toBeGreaterThan(1);
  expect(reports(helper)).toBeGreaterThan(0);
});

onEachStorage(
  "Steps that are lent to a worker that does not know their workflow are run by their holder",
  async (world) => {
    const { definition, calls } = wide("unknown", 200, async (n) => {
      await pause(1);
      return n;
    });
    const other = wide("other", 1, (n) => n);
    await using helper = await world.process();
    await using _serving = new Serving(helper, [other.definition]);
    await idle(world);
    await using holder = await world.process();
    expect(await holder.runtime.run(definition)).toEqual(numbers(200));
    expect(calls.length).toBe(200);
    const run = await holder.runtime.start(definition);
    await using _own = new Serving(holder, [definition], { concurrency: 2 });
    expect(await run.result()).toEqual(numbers(200));
    expect(calls.length).toBe(400);
  },
);

onEachStorage("A worker that dies with lent steps gives them back", async (world) => {
  const stuck = Promise.withResolvers<void>();
  let dies = true;
  const inHelper: number[] = [];
  let holds = 0;
  const { definition } = wide("dying", 100, async (n) => {
    // The first steps of the holder wait until the helper has some, which never end there.
    if (dies && holds++ >= 64) {
      inHelper.push(n);
      return await new Promise(() => {});
    }
    if (dies) await stuck.promise;
    return n;
  });
  const helper = await world.process();
  new Serving(helper, [definition], { concurrency: 4 });
  await idle(world);
  await using holder = await world.process();
  const result = holder.runtime.run(definition, undefined, { id: "dying" });
  await until(() => inHelper.length === 4, "steps at work in the helper");
  helper.kill();
  dies = false;
  stuck.resolve();
  await until(async () => (await world.storage.readRun("dying"))?.status === "RUNNING");
  await world.skip(20_000);
  expect(await result).toEqual(numbers(100));
  const steps = await world.storage.readSteps("dying");
  expect(steps.every(({ status }) => status === "SUCCEEDED")).toBe(true);
  expect(steps.filter(({ losses }) => losses === 1).length).toBeGreaterThanOrEqual(4);
});

onEachStorage("Lent steps that fail, are skipped or repeated do what they do where they were lent", async (world) => {
  const failures = new Map<number, number>();
  const othersToo = crowd(64);
  const body = async (n: number): Promise<number> => {
    await othersToo();
    const before = failures.get(n) ?? 0;
    failures.set(n, before + 1);
    if (n % 10 === 3 && before < 2) throw new RangeError(`failure ${before} of ${n}`);
    return n;
  };
  const work = task(body, { name: "work", retry: { maxAttempts: 3, initialDelay: 1, jitter: 0 } });
  const skipped = task(async (n: number): Promise<number> => {
    await pause(1);
    throw new RangeError(`never ${n}`);
  }, { name: "skipped", onFailure: "skip" });
  const fallback = task(async (n: number): Promise<number> => {
    await pause(1);
    throw new RangeError(`never ${n}`);
  }, { name: "fallback", onFailure: () => -1 });
  const gather = task((...of: number[]) => of, { name: "gather" });
  const definition = defineWorkflow("outcomes", { version: "1" }, () => {
    for (let n = 0; n < 20; n++) gather(skipped(n)).setName(`below_${n}`);
    const first = numbers(100).map((n) => work(n));
    return gather(...first, ...numbers(50).map((n) => fallback(n)));
  });
  const failing = defineWorkflow("failing", { version: "1" }, () => {
    const bad = task(async (n: number): Promise<number> => {
      await pause(1);
      if (n === 120) throw new RangeError("boom");
      return n;
    }, { name: "bad" });
    return gather(...numbers(200).map((n) => bad(n)));
  });
  await using helper = await world.process();
  await using _serving = new Serving(helper, [definition, failing], { concurrency: 8 });
  await idle(world);
  await using holder = await world.process();
  expect(await holder.runtime.run(definition, undefined, { id: "outcomes" })).toEqual([
    ...numbers(100),
    ...numbers(50).map(() => -1),
  ]);
  const { steps } = await holder.runtime.get("outcomes").status();
  for (const [n, { attempt }] of steps.slice(0, 100).entries()) expect(attempt).toBe(n % 10 === 3 ? 3 : 1);
  const error: unknown = await holder.runtime.run(failing).catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError was expected");
  expect(error.message).toContain("`bad_0120` of workflow `failing` failed: boom");
  expect(reports(helper)).toBeGreaterThan(0);
});

onEachStorage("Steps that use an object, a slot, a plugin or a condition stay where the run is", async (world) => {
  class Sum {
    #sum = 0;
    add(n: number): number {
      return this.#sum += n;
    }
  }
  const makeSum = task(Sum);
  const seen: bigint[] = [];
  const limited = task(async (n: number) => {
    seen.push(context().fence);
    await pause(1);
    return n;
  }, { name: "limited", concurrency: { key: "slots", limit: 100 } });
  const conditional = task(async (n: number) => {
    await pause(1);
    return n;
  }, { name: "conditional" });
  const gather = task((...of: number[]) => of, { name: "gather" });
  const definition = defineWorkflow("bound", { version: "1" }, () => {
    const sum = makeSum();
    const first = limited(0);
    return gather(
      ...numbers(20).map((n) => sum.add(n)),
      ...numbers(150).map((n) => limited(n)),
      ...numbers(150).map((n) => conditional(n).when(first, (value) => value === 0)),
    );
  });
  await using helper = await world.process();
  await using _serving = new Serving(helper, [definition]);
  await idle(world);
  await using holder = await world.process();
  const result = await holder.runtime.run(definition);
  expect(result.length).toBe(320);
  expect(result[19]).toBe(190);
  expect(reports(helper)).toBe(0);
});

onEachStorage("Cancelling a run ends the steps that it has lent, wherever they are at work", async (world) => {
  const aborted = new Set<number>();
  let started = 0;
  const { definition } = wide("cancelled", 100, async (n) => {
    started++;
    const { signal } = context();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    aborted.add(n);
    throw signal.reason;
  });
  await using helper = await world.process();
  await using _serving = new Serving(helper, [definition], { concurrency: 8 });
  await idle(world);
  await using holder = await world.process();
  const result = holder.runtime.run(definition, undefined, { id: "cancelled" });
  const rejected = expect(result).rejects.toThrow("was cancelled");
  await until(() => started === 64 + 8, "steps at work in both");
  await helper.runtime.get("cancelled").cancel();
  await rejected;
  await world.skip(1_000);
  await until(() => aborted.size === 64 + 8, "the end of them all");
});
