import { expect } from "@std/expect";
import {
  anyOf,
  approval,
  branch,
  CancelledError,
  context,
  defineWorkflow,
  type Definition,
  type Input,
  map,
  MemoryRuntimeStorage,
  NotFoundError,
  openRuntime,
  optional,
  type Run,
  sleep,
  type StandardSchema,
  StepFailedError,
  subWorkflow,
  task,
  TimeoutError,
  waitForSignal,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, type TestProcess, type TestWorld, until } from "../engine/storages.ts";
import { cleanTest } from "./clean.ts";
import { double, list, range, same } from "./tasks.ts";

const DAY = 86_400_000;

async function statuses(run: Run<unknown>): Promise<Record<string, string>> {
  return Object.fromEntries((await run.status()).steps.map(({ name, status }) => [name, status]));
}

/** The status of a step; `undefined` if there is no such run yet. */
async function statusOf(
  { runtime }: Pick<TestProcess, "runtime">,
  id: string,
  step: string,
): Promise<string | undefined> {
  const { steps } = await runtime.get(id).status().catch(() => ({ steps: [] }));
  return steps.find(({ name }) => name === step)?.status;
}

/** Serves until there is nothing to do for now. */
async function tick({ runtime }: TestProcess, definitions: readonly Definition<never, unknown>[]): Promise<void> {
  await runtime.worker(definitions).tick({ budgetMs: 60_000 });
}

/** Serves and lets time pass until a run is at work nowhere and waits. */
async function parked(world: TestWorld, id: string): Promise<void> {
  await until(async () => {
    await world.skip(500);
    const run = await world.storage.readRun(id);
    return run?.parked === true && run.session === undefined;
  }, `the parking of ${id}`);
}

onEachStorage(
  "a sleep of 30 days survives the end of every process, holds no worker, and ends in time",
  async (world) => {
    const definition = defineWorkflow("sleeper", { version: "1" }, () => list(same("slept").after(sleep(30 * DAY))));
    let began: number;
    {
      await using process = await world.process();
      const run = await process.runtime.start(definition, undefined, { id: "r" });
      began = (await world.storage.readRun(run.id))!.createdAt;
      await tick(process, [definition]);
      expect(await statuses(run)).toMatchObject({ sleep_0000: "RUNNING", same_0000: "PENDING" });
      expect((await run.status()).status).toBe("RUNNING");
    }
    const record = await world.storage.readRun("r");
    expect([record?.parked, record?.session]).toEqual([true, undefined]);
    expect(record!.wakeAt! - began).toBeGreaterThanOrEqual(30 * DAY);
    expect(record!.wakeAt! - began).toBeLessThan(30 * DAY + 60_000);
    world.jump(29 * DAY);
    await using process = await world.process();
    await tick(process, [definition]);
    expect(process.watch.count("commit")).toBe(0);
    expect((await process.runtime.get("r").status()).status).toBe("RUNNING");
    world.jump(DAY + 60_000);
    await tick(process, [definition]);
    expect(await process.runtime.get("r").result()).toEqual(["slept"]);
  },
);

onEachStorage("a worker with a sleeping run asks the store no more than one without", async (world) => {
  const definition = defineWorkflow("idle", { version: "1" }, () => sleep(30 * DAY));
  await using process = await world.process();
  for (let i = 0; i < 20; i++) await process.runtime.start(definition, undefined, { id: `r${i}` });
  await using _serving = new Serving(process, [definition]);
  for (let i = 0; i < 20; i++) await parked(world, `r${i}`);
  const before = process.watch.count("commit", "claimRun", "readRun", "readSteps", "receive");
  await world.skip(120_000);
  expect(process.watch.count("commit", "claimRun", "readRun", "readSteps", "receive")).toBe(before);
});

onEachStorage("signals are kept over restarts, and each is taken once, in order", async (world) => {
  const definition = defineWorkflow("signals", { version: "1" }, () => [
    waitForSignal<number>("s"),
    waitForSignal<number>("s").after(sleep(DAY)),
    waitForSignal<number>("s").after(sleep(2 * DAY)),
    waitForSignal<Uint8Array>("large"),
  ]);
  await using other = await world.process();
  const run = await other.runtime.start(definition, undefined, { id: "r" });
  for (const n of [1, 2, 3, 4]) await other.runtime.get("r").signal("s", n);
  for (let day = 0; day < 3; day++) {
    await using process = await world.process();
    await tick(process, [definition]);
    world.jump(DAY + 1);
  }
  expect((await run.status()).status).toBe("RUNNING");
  await run.signal("large", new Uint8Array(300_000).fill(7));
  await using process = await world.process();
  await tick(process, [definition]);
  const [first, second, third, large] = await run.result();
  expect([first, second, third, large.length]).toEqual([1, 2, 3, 300_000]);
});

onEachStorage("a signal to a run before its time does not begin it, and is there when it begins", async (world) => {
  const definition = defineWorkflow("delayed", { version: "1" }, () => waitForSignal<string>("s"));
  await using process = await world.process();
  const run = await process.runtime.start(definition, undefined, { delay: DAY });
  await run.signal("s", "early");
  await tick(process, [definition]);
  expect((await run.status()).status).toBe("PENDING");
  world.jump(DAY + 1);
  await tick(process, [definition]);
  expect(await run.result()).toBe("early");
});

onEachStorage(
  "a signal is refused that no node waits for, that the schema refuses, or that comes too late",
  async (world) => {
    const definition = defineWorkflow("refused", { version: "1" }, () => approval("ok", { timeout: DAY }));
    await using process = await world.process();
    const run = await process.runtime.start(definition);
    const error: unknown = await run.signal("ko", 1).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(String(error)).toContain('No node of workflow `refused` waits for the signal "ko"; it waits for "ok".');
    await expect(process.runtime.get("none").signal("ok", 1)).rejects.toThrow(NotFoundError);
    await run.signal("ok", "nonsense");
    await tick(process, [definition]);
    await run.signal("ok", { approved: 1 });
    await tick(process, [definition]);
    await run.signal("ok", { approved: false, by: "Ada" });
    await tick(process, [definition]);
    expect(await run.result()).toEqual({ approved: false, by: "Ada" });
    const warnings = (await Array.fromAsync(run.events())).filter(({ event }) => event === "warning");
    expect(warnings.map((event) => "message" in event && event.message)).toEqual([
      'The signal "ok" was dropped: approved: must be true or false',
      'The signal "ok" was dropped: approved: must be true or false',
    ]);
    await expect(run.signal("ok", { approved: true })).rejects.toThrow(/has ended/);
  },
);

onEachStorage("a timeout is kept over a restart, and a signal after it goes to the next that waits", async (world) => {
  const definition = defineWorkflow("timeouts", { version: "1" }, () => [
    optional(waitForSignal<string>("s", { timeout: DAY })),
    waitForSignal<string>("s"),
  ]);
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  await tick(process, [definition]);
  world.jump(DAY + 1);
  await using serving = new Serving(process, [definition]);
  await until(async () => (await statuses(run))["waitForSignal_0000"] === "FAILED");
  await run.signal("s", "for the second");
  expect(await run.result()).toEqual([undefined, "for the second"]);
  const { steps } = await run.status();
  expect(steps[0]?.error).toMatchObject({ name: "TimeoutError" });
  await serving.stop();
  const alone = defineWorkflow("alone", { version: "1" }, () => waitForSignal("s", { timeout: 1 }));
  const error: unknown = await process.runtime.run(alone).catch((error: unknown) => error);
  expect(error).toMatchObject({ cause: { name: "TimeoutError" } });
  expect(error).toMatchObject({ cause: expect.any(TimeoutError) });
});

const leaf = defineWorkflow("leaf", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
const middle = defineWorkflow(
  "middle",
  { version: "1" },
  (input: Input<{ n: number }>) =>
    list(subWorkflow(leaf, { n: input.n }).setName("leaf"), waitForSignal<string>("go").setName("go")),
);

onEachStorage(
  "a worker that knows the parent serves its children too; status() shows them; signals reach them",
  async (world) => {
    const top = defineWorkflow("top", { version: "1" }, () => subWorkflow(middle, { n: 4 }).setName("middle"));
    await using process = await world.process();
    await using other = await world.process();
    const run = await other.runtime.start(top, undefined, { id: "r", tags: ["t"], priority: 3 });
    await using _serving = new Serving(process, [top]);
    await parked(world, "r");
    await parked(world, "r/middle");
    expect((await run.status()).steps).toEqual([{ name: "middle", status: "RUNNING", attempt: 1, child: "r/middle" }]);
    const child = await world.storage.readRun("r/middle");
    expect(child).toMatchObject({ parent: { run: "r", place: 0 }, tags: ["t"], priority: 3, workflow: "middle" });
    expect(await statuses(other.runtime.get("r/middle"))).toEqual({
      leaf: "SUCCEEDED",
      go: "RUNNING",
      list_0000: "PENDING",
    });
    await expect(run.signal("nowhere", 1)).rejects.toThrow(NotFoundError);
    await run.signal("go", "on");
    expect(await run.result()).toEqual([8, "on"]);
  },
);

onEachStorage("ids that are too long together are shortened, and children found by them", async (world) => {
  const top = defineWorkflow(
    "t".repeat(255),
    { version: "1" },
    () => [
      subWorkflow(leaf, { n: 1 }).setName("ü".repeat(120)),
      subWorkflow(leaf, { n: 2 }).setName(`${"ü".repeat(119)}x`),
      map(range(2), double).setName("m".repeat(200)),
    ],
  );
  await using process = await world.process();
  const id = "r".repeat(250);
  expect(await process.runtime.run(top, undefined, { id })).toEqual([2, 4, [0, 2]]);
  const { steps } = await process.runtime.get(id).status();
  const children = steps.flatMap(({ child }) => child ?? []);
  expect(new Set(children).size).toBe(3);
  for (const child of children) {
    expect(new TextEncoder().encode(child).length).toBeLessThanOrEqual(255);
    expect((await process.runtime.get(child).status()).status).toBe("SUCCEEDED");
  }
  expect(steps.map(({ name }) => name)).toContain(`${"m".repeat(200)}[1]`);
});

onEachStorage("a child that fails, is skipped, or is cancelled by itself ends its node so", async (world) => {
  const bad = task((): number => {
    throw new RangeError("bad", { cause: new TypeError("deep") });
  }, { name: "bad" });
  const fails = defineWorkflow("fails", { version: "1" }, () => bad());
  const skips = defineWorkflow("skips", { version: "1" }, () => same(1).when(same(0), (n) => n > 0));
  const waits = defineWorkflow("waits", { version: "1" }, () => waitForSignal("s"));
  await using process = await world.process();
  const parents = [fails, skips, waits].map((child) =>
    defineWorkflow(`parent of ${child.name}`, { version: "1" }, () => list(subWorkflow(child).setName("c")))
  );
  const [ofFails, ofSkips, ofWaits] = parents;
  const failure: unknown = await process.runtime.run(ofFails!, undefined, { id: "f" }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StepFailedError);
  expect(failure).toMatchObject({
    workflow: "parent of fails",
    node: "c",
    cause: { workflow: "fails", node: "bad_0000", cause: { message: "bad", cause: { message: "deep" } } },
  });
  await expect(process.runtime.run(ofSkips!, undefined, { id: "s" })).rejects.toThrow(CancelledError);
  expect(await statuses(process.runtime.get("s"))).toEqual({ c: "SKIPPED", list_0000: "SKIPPED" });
  const run = await process.runtime.start(ofWaits!, undefined, { id: "w" });
  await using _serving = new Serving(process, parents);
  await parked(world, "w/c");
  await process.runtime.get("w/c").cancel();
  const cancelled: unknown = await run.result().catch((error: unknown) => error);
  expect(cancelled).toMatchObject({ node: "c", cause: { name: "CancelledError" } });
});

const deepest = defineWorkflow(
  "deepest",
  { version: "1" },
  (input: Input<{ n: number }>) => list(waitForSignal("never"), input.n),
);
const deeper = defineWorkflow(
  "deeper",
  { version: "1" },
  () => map(same([1, 2]), (n) => subWorkflow(deepest, { n })).setName("m"),
);
const deep = defineWorkflow("deep", { version: "1" }, () => subWorkflow(deeper).setName("d"));
const DEEP = ["r", "r/d", "r/d/m", "r/d/m/m[0]", "r/d/m/m[1]"];

async function allCancelled(world: TestWorld): Promise<void> {
  await until(async () => {
    await world.skip(500);
    const records = await Promise.all(DEEP.map((id) => world.storage.readRun(id)));
    return records.every((record) => record?.status === "CANCELLED");
  }, "the end of all");
}

onEachStorage("cancel() of a run ends its children at every level: while workers serve them", async (world) => {
  await using process = await world.process();
  await using other = await world.process();
  await using _serving = new Serving(process, [deep]);
  const run = await other.runtime.start(deep, undefined, { id: "r" });
  await until(async () => await world.storage.readRun(DEEP[4]!) !== undefined);
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  await allCancelled(world);
});

onEachStorage("cancel() of a run ends its children at every level: parked, without any worker", async (world) => {
  {
    await using process = await world.process();
    await process.runtime.start(deep, undefined, { id: "r" });
    await using _serving = new Serving(process, [deep]);
    for (const id of DEEP) {
      await until(async () => await world.storage.readRun(id) !== undefined);
      await parked(world, id);
    }
  }
  await using other = await world.process();
  await other.runtime.get("r").cancel();
  for (const id of DEEP) expect((await world.storage.readRun(id))?.status).toBe("CANCELLED");
});

onEachStorage("cancel() of a run ends its children at every level: taken over for that", async (world) => {
  {
    await using process = await world.process();
    await process.runtime.start(deep, undefined, { id: "r" });
    await using _serving = new Serving(process, [deep]);
    for (const id of DEEP) {
      await until(async () => await world.storage.readRun(id) !== undefined);
      await parked(world, id);
    }
  }
  // Another process is told, and dies before it does anything about it.
  await world.storage.send("r", { kind: "cancel" });
  await using process = await world.process();
  await using _serving = new Serving(process, [deep]);
  await allCancelled(world);
});

onEachStorage(
  "retry() of a run whose child failed tries the child again, and keeps what that has committed",
  async (world) => {
    const state = { fails: true, good: 0, bad: 0 };
    const good = task(() => ++state.good, { name: "good" });
    const flaky = task((n: number) => {
      state.bad++;
      if (state.fails) throw new RangeError("flaky");
      return n + 100;
    }, { name: "flaky" });
    const child = defineWorkflow(
      "child",
      { version: "1" },
      () => map(range(3), (n) => flaky(good().after(same(n)))).setName("m"),
    );
    const parent = defineWorkflow("parent", { version: "1" }, () => subWorkflow(child).setName("c"));
    await using process = await world.process();
    await expect(process.runtime.run(parent, undefined, { id: "r" })).rejects.toThrow("flaky");
    expect([state.good, state.bad]).toEqual([3, 3]);
    state.fails = false;
    const run = process.runtime.get("r");
    await run.retry();
    await tick(process, [parent]);
    expect((await run.result() as number[]).toSorted()).toEqual([101, 102, 103]);
    expect([state.good, state.bad]).toEqual([3, 6]);
    for (const id of ["r", "r/c", "r/c/m"]) expect((await process.runtime.get(id).status()).status).toBe("SUCCEEDED");
  },
);

onEachStorage("retry() of a run that was cancelled goes on with its children", async (world) => {
  const parent = defineWorkflow("parent", { version: "1" }, () => subWorkflow(middle, { n: 1 }).setName("c"));
  await using process = await world.process();
  const run = await process.runtime.start(parent, undefined, { id: "r" });
  await using _serving = new Serving(process, [parent]);
  await parked(world, "r/c");
  await run.cancel();
  await until(async () => (await world.storage.readRun("r/c"))?.status === "CANCELLED");
  await run.retry();
  await until(async () => (await world.storage.readRun("r/c"))?.status === "RUNNING");
  await run.signal("go", "again");
  expect(await run.result()).toEqual([2, "again"]);
});

onEachStorage("a child that ends while its parent is parked wakes it, in any process", async (world) => {
  const gate = Promise.withResolvers<void>();
  const slow = task(async () => {
    await gate.promise;
    return "slow";
  }, { name: "slow" });
  const child = defineWorkflow("child", { version: "1", queue: "elsewhere" }, () => slow());
  const parent = defineWorkflow("parent", { version: "1" }, () => list(subWorkflow(child).setName("c")));
  await using one = await world.process();
  await using two = await world.process();
  const run = await one.runtime.start(parent, undefined, { id: "r" });
  await using _one = new Serving(one, [parent]);
  await parked(world, "r");
  const waiting = await world.storage.readRun("r/c");
  expect([waiting?.queue, waiting?.status]).toEqual(["elsewhere", "PENDING"]);
  await using _two = new Serving(two, [child], { queues: ["elsewhere"] });
  await until(async () => (await world.storage.readRun("r/c"))?.status === "RUNNING");
  gate.resolve();
  expect(await run.result()).toEqual(["slow"]);
});

onEachStorage(
  "runtime.run() alone drives a run and all its children, also one that another process left",
  async (world) => {
    const parent = defineWorkflow("parent", { version: "1" }, () =>
      list(
        map(range(5), (n) => subWorkflow(leaf, { n })),
        subWorkflow(middle, { n: 3 }).setName("middle"),
      ));
    {
      await using first = await world.process();
      const left = first.runtime.run(parent, undefined, { id: "r" });
      left.catch(() => {});
      await until(async () => await statusOf(first, "r", "middle") === "RUNNING");
      await until(async () => await world.storage.readRun("r/middle") !== undefined);
      first.kill();
    }
    await using second = await world.process();
    await world.skip(20_000);
    const result = second.runtime.run(parent, undefined, { id: "r" });
    result.catch(() => {});
    await until(async () => {
      await world.skip(2_000);
      return await statusOf(second, "r/middle", "leaf") === "SUCCEEDED";
    });
    await second.runtime.get("r").signal("go", "on");
    let isDone = false;
    result.finally(() => isDone = true).catch(() => {});
    await until(async () => {
      await world.skip(1_000);
      return isDone;
    });
    expect(await result).toEqual([[0, 2, 4, 6, 8], [6, "on"]]);
  },
  // On a file a process of its own is killed: see `kill_test.ts`.
  { kinds: ["memory", "KV in memory"] },
);

onEachStorage("a definition that has runs of itself within, as long as a branch says so", async (world) => {
  const less = task((n: number) => n - 1, { name: "less" });
  const more = task((n: number) => n + 1, { name: "more" });
  const isMore = task((n: number) => n > 0, { name: "isMore" });
  const count: Definition<{ n: number }, number> = defineWorkflow(
    "count",
    { version: "1" },
    (input: Input<{ n: number }>) =>
      branch(isMore(input.n), {
        true: () => more(subWorkflow(count, { n: less(input.n) }).setName("c")),
        false: () => same(100),
      }),
  );
  await using process = await world.process();
  expect(await process.runtime.run(count, { n: 6 }, { id: "r" })).toBe(106);
  expect((await process.runtime.get("r/c/c/c").status()).status).toBe("SUCCEEDED");
});

onEachStorage("what an anyOf does not need any more is cancelled: waits, children and items", async (world) => {
  const parent = defineWorkflow("parent", { version: "1" }, () =>
    list(anyOf(
      sleep(DAY).setName("sleep"),
      waitForSignal("never", { timeout: DAY }).setName("signal"),
      subWorkflow(middle, { n: 1 }).setName("child"),
      map(range(2), () => waitForSignal("neither")).setName("map"),
      waitForSignal<string>("win").setName("win"),
    )));
  await using process = await world.process();
  const run = await process.runtime.start(parent, undefined, { id: "r" });
  await using _serving = new Serving(process, [parent]);
  for (const id of ["r/child", "r/map", "r"]) {
    await until(async () => await world.storage.readRun(id) !== undefined);
    await parked(world, id);
  }
  await run.signal("win", "won");
  expect(await run.result()).toEqual(["won"]);
  await until(async () => {
    const records = await Promise.all(["r/child", "r/map"].map((id) => world.storage.readRun(id)));
    return records.every((record) => record?.status === "CANCELLED");
  });
  expect(await statuses(run)).toEqual({
    sleep: "CANCELLED",
    signal: "CANCELLED",
    child: "CANCELLED",
    range_0000: "SUCCEEDED",
    "map[0]": "CANCELLED",
    "map[1]": "CANCELLED",
    map: "CANCELLED",
    win: "SUCCEEDED",
    anyOf_0000: "SUCCEEDED",
    list_0000: "SUCCEEDED",
  });
});

onEachStorage("gc() forgets children with their parents, and not before", async (world) => {
  const parent = defineWorkflow(
    "parent",
    { version: "1" },
    () => list(map(range(3), double).setName("m"), waitForSignal("go")),
  );
  await using process = await world.process();
  const run = await process.runtime.start(parent, undefined, { id: "r" });
  await tick(process, [parent]);
  world.jump(10 * DAY);
  expect(await process.runtime.gc({ olderThan: DAY })).toBe(0);
  expect((await run.status()).steps.filter(({ name }) => name.startsWith("m[")).length).toBe(3);
  await run.signal("go", 1);
  await tick(process, [parent]);
  await run.result();
  world.jump(2 * DAY);
  expect(await process.runtime.gc({ olderThan: DAY })).toBe(2);
  for (const id of ["r", "r/m"]) expect(await world.storage.readRun(id)).toBe(undefined);
});

onEachStorage("no more steps of the items are at work than `concurrency` says, over all processes", async (world) => {
  const seen = { now: 0, most: 0 };
  const work = task(async (n: number) => {
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.now--;
    return n;
  }, { name: "work" });
  const parent = defineWorkflow("parent", { version: "1" }, () => map(range(40), (n) => work(n), { concurrency: 3 }));
  await using one = await world.process();
  await using two = await world.process();
  await using _one = new Serving(one, [parent]);
  await using _two = new Serving(two, [parent]);
  const run = await one.runtime.start(parent);
  expect(await run.result()).toEqual([...Array(40).keys()]);
  expect(seen.most).toBe(3);
});

onEachStorage("workers of two processes share the items of a map, each of which is run once", async (world) => {
  const calls: number[] = [];
  const where = new Set<string>();
  const work = task(async (n: number) => {
    calls.push(n);
    where.add(String(context().fence));
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n;
  }, { name: "work" });
  const parent = defineWorkflow("parent", { version: "1" }, () => map(range(200), (n) => work(n)));
  await using one = await world.process();
  await using two = await world.process();
  await using _one = new Serving(one, [parent], { concurrency: 4 });
  await using _two = new Serving(two, [parent], { concurrency: 4 });
  const run = await one.runtime.start(parent);
  expect(await run.result()).toEqual([...Array(200).keys()]);
  expect(calls.toSorted((a, b) => a - b)).toEqual([...Array(200).keys()]);
});

cleanTest("no timer is left when a runtime is closed, however short a child has run", async () => {
  const parent = defineWorkflow(
    "parent",
    { version: "1" },
    () => list(subWorkflow(leaf, { n: 2 }), map(range(3), double)),
  );
  const runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  expect(await runtime.run(parent)).toEqual([4, [0, 2, 4]]);
  await runtime.close();
});

cleanTest("no timer is left when a runtime is closed over runs that wait", async () => {
  const parent = defineWorkflow(
    "parent",
    { version: "1" },
    () => list(subWorkflow(middle, { n: 2 }), sleep(DAY), waitForSignal("s", { timeout: DAY })),
  );
  const runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  await runtime.start(parent, undefined, { id: "r" });
  const stop = new AbortController();
  const serving = runtime.worker([parent]).run({ signal: stop.signal, handleSignals: false });
  await until(async () => await statusOf({ runtime }, "r", "sleep_0000") === "RUNNING");
  stop.abort();
  await serving;
  await runtime.close();
});

onEachStorage(
  "names of steps are those of their items, also of maps within maps, wherever one looks",
  async (world) => {
    const where = task((n: number) => {
      const { workflowName, nodeName, runId } = context();
      return `${workflowName} ${runId} ${nodeName} ${n}`;
    }, { name: "where" });
    const parent = defineWorkflow(
      "parent",
      { version: "1" },
      () => map(same([[1], [2, 3]]), (row) => map(row, (n) => where(double(n)))).setName("m"),
    );
    await using process = await world.process();
    await using other = await world.process();
    await using _one = new Serving(process, [parent]);
    await using _two = new Serving(other, [parent]);
    const run = await process.runtime.start(parent, undefined, { id: "r" });
    expect(await run.result()).toEqual([
      ["parent/m/m[] r/m/m[0] m[0][0] 2"],
      ["parent/m/m[] r/m/m[1] m[1][0] 4", "parent/m/m[] r/m/m[1] m[1][1] 6"],
    ]);
    expect((await run.status()).steps.map(({ name }) => name)).toEqual([
      "same_0000",
      "m[0][0].double_0000",
      "m[0][0]",
      "m[0]",
      "m[1][0].double_0000",
      "m[1][0]",
      "m[1][1].double_0000",
      "m[1][1]",
      "m[1]",
      "m",
    ]);
    const events = await Array.fromAsync(other.runtime.get("r/m/m[1]").events());
    const finished = events.flatMap((event) => event.event === "step_finished" ? event.step : []);
    expect(finished.toSorted()).toEqual(["m[1]", "m[1][0]", "m[1][0].double_0000", "m[1][1]", "m[1][1].double_0000"]);
  },
);

onEachStorage("what users have written and throws fails the node, and is not tried for ever", async (world) => {
  const broken: StandardSchema<number> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => {
        throw new RangeError("the schema is broken");
      },
    },
  };
  const child = defineWorkflow("child", { version: "1", input: broken }, (n) => double(n));
  let built = 0;
  const parent = defineWorkflow("parent", { version: "1" }, () => [
    optional(subWorkflow(child, 1).setName("child")),
    optional(map(range(5), (n) => ++built > 3 ? double(double(n)) : double(n)).setName("other nodes")),
    optional(waitForSignal("s", { schema: broken, timeout: 500 }).setName("signal")),
  ]);
  await using process = await world.process();
  const run = await process.runtime.start(parent, undefined, { id: "r" });
  await run.signal("s", 1);
  await using _serving = new Serving(process, [parent]);
  await until(async () => await statusOf(process, "r", "signal") === "RUNNING");
  await world.skip(1_000);
  expect(await run.result()).toEqual([undefined, undefined, undefined]);
  const errors = (await run.status()).steps.flatMap(({ name, error }) =>
    error === undefined ? [] : [[name, error.message]]
  );
  expect(errors).toEqual([
    ["child", "the schema is broken"],
    [
      "other nodes",
      expect.stringContaining("The body of `other nodes` made other nodes for one item than for another"),
    ],
    ["signal", expect.stringContaining("waited too long")],
  ]);
});
