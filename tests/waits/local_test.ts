import { expect } from "@std/expect";
import {
  anyOf,
  approval,
  branch,
  CancelledError,
  context,
  defineWorkflow,
  GraphError,
  type Input,
  LocalWorkflow,
  map,
  namingScope,
  NotFoundError,
  optional,
  type Run,
  sleep,
  type StandardSchema,
  StepFailedError,
  subWorkflow,
  type Targets,
  task,
  TimeoutError,
  waitForSignal,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import { cleanTest, turns } from "./clean.ts";
import { double, isOdd, list, range, same } from "./tasks.ts";

const DAY = 86_400_000;

function start(build: () => Targets, clock = new VirtualClock(), concurrency = 16): Promise<Run<unknown>> {
  return new LocalWorkflow(namingScope(build), { workflowName: "w", clock, concurrency }).start();
}

/** Lets so much time pass, and all go on that waits for it. */
async function pass(clock: VirtualClock, milliseconds: number): Promise<void> {
  await turns();
  await clock.advance(milliseconds);
  await turns();
}

async function statuses(run: Run<unknown>): Promise<Record<string, string>> {
  return Object.fromEntries((await run.status()).steps.map(({ name, status }) => [name, status]));
}

async function failureOf(run: Run<unknown>): Promise<unknown> {
  const error: unknown = await run.result().then(() => undefined, (error: unknown) => error);
  return error instanceof StepFailedError ? error.cause : error;
}

cleanTest("sleep() takes milliseconds, a Date, and nodes of them; what has passed is no wait", async () => {
  const clock = new VirtualClock();
  const at = new Date(clock.now() + 40 * DAY);
  const run = await start(() => [
    list(same("ms").after(sleep(1_000).setName("ms"))),
    list(sleep(same(2_000)).setName("node")),
    list(sleep(at).setName("date")),
    list(sleep(same({ at: new Date(clock.now() + 3_000) }).item("at")).setName("item")),
    list(sleep(-5).setName("negative")),
    list(sleep(new Date(0)).setName("past")),
  ], clock);
  const asleep = async () => Object.entries(await statuses(run)).flatMap(([name, is]) => is === "RUNNING" ? name : []);
  await pass(clock, 0);
  expect(await asleep()).toEqual(["ms", "node", "date", "item"]);
  await pass(clock, 999);
  expect(await asleep()).toEqual(["ms", "node", "date", "item"]);
  await pass(clock, 1);
  expect(await asleep()).toEqual(["node", "date", "item"]);
  await pass(clock, 2_000);
  expect(await asleep()).toEqual(["date"]);
  await pass(clock, 40 * DAY - 3_001);
  expect(await asleep()).toEqual(["date"]);
  await pass(clock, 1);
  expect(await run.result()).toEqual([["ms"], [undefined], [undefined], [undefined], [undefined], [undefined]]);
  expect(clock.pending).toBe(0);
});

cleanTest("sleep() refuses what is no time, when the node is made or when it runs", async () => {
  for (const time of [NaN, Infinity, "1000", null, new Date(NaN), { at: 1 }]) {
    expect(() => sleep(time as number)).toThrow(GraphError);
  }
  for (const time of [NaN, Infinity, 9e15, "soon", undefined, new Date(NaN)]) {
    const error = await failureOf(await start(() => sleep(same(time as number)).setName("s")));
    expect(error).toBeInstanceOf(GraphError);
    expect(String(error)).toContain("Sleep `s` was given");
  }
});

cleanTest(
  "waiting holds no slot: with one slot a step runs while others sleep, wait for a signal and for a child",
  async () => {
    const clock = new VirtualClock();
    const child = defineWorkflow("child", { version: "1" }, () => double(waitForSignal<number>("n")));
    const run = await start(() => [same(1), sleep(100), waitForSignal("go"), subWorkflow(child), same(2)], clock, 1);
    await pass(clock, 0);
    expect(await statuses(run)).toEqual({
      same_0000: "SUCCEEDED",
      sleep_0000: "RUNNING",
      waitForSignal_0000: "RUNNING",
      subWorkflow_0000: "RUNNING",
      same_0001: "SUCCEEDED",
    });
    await run.signal("go", "now");
    await run.signal("n", 4);
    await pass(clock, 100);
    expect(await run.result()).toEqual([1, undefined, "now", 8, 2]);
  },
);

cleanTest(
  "a signal that comes early is kept; of several that wait, each takes one, in the order of the graph",
  async () => {
    const clock = new VirtualClock();
    const run = await start(() => {
      const first = waitForSignal<string>("s").setName("first");
      const second = waitForSignal<string>("s").setName("second");
      const late = waitForSignal<string>("s").after(sleep(1_000)).setName("late");
      return [first, second, late];
    }, clock);
    await run.signal("s", "a");
    await pass(clock, 0);
    await run.signal("s", "b");
    await run.signal("s", "c");
    await run.signal("s", "never taken");
    expect((await statuses(run))["late"]).toBe("PENDING");
    await pass(clock, 1_000);
    expect(await run.result()).toEqual(["a", "b", "c"]);
  },
);

cleanTest(
  "a signal that nobody waits for is refused with what is waited for, and so is one to a run that has ended",
  async () => {
    const run = await start(() => [waitForSignal("one"), waitForSignal("two")]);
    const error: unknown = await run.signal("three", 1).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(String(error)).toContain('waits for the signal "three"; it waits for "one", "two".');
    await run.signal("one", 1);
    await run.signal("two", 2);
    expect(await run.result()).toEqual([1, 2]);
    await expect(run.signal("one", 1)).rejects.toThrow(/has ended/);
    const none = await start(() => same(1));
    await expect(none.signal("one", 1)).rejects.toThrow(/it waits for none/);
    await none.result();
  },
);

cleanTest("the name of a signal can come from the input or a node; what is no name fails the node", async () => {
  const definition = defineWorkflow("named", { version: "1" }, (input: Input<{ order: { id: string } }>) => [
    waitForSignal<number>(input.order.item("id")),
    waitForSignal<number>(same("by node")),
  ]);
  const run = await new LocalWorkflow(definition, { input: { order: { id: "o-7" } } }).start();
  await run.signal("o-7", 1);
  await run.signal("by node", 2);
  await run.signal("kept, and never asked for", 3);
  expect(await run.result()).toEqual([1, 2]);
  for (const name of ["", 7, "a\nb", "x".repeat(256)]) {
    expect(await failureOf(await start(() => waitForSignal(same(name as string))))).toBeInstanceOf(GraphError);
    expect(() => waitForSignal(name as string)).toThrow(GraphError);
  }
});

function schema<T>(validate: StandardSchema<T>["~standard"]["validate"]): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

cleanTest(
  "what a schema refuses is dropped with a warning, and the node waits on; what it gives back is the value",
  async () => {
    const number = schema<number>((value) =>
      typeof value === "number" ? { value: value + 0.5 } : { issues: [{ message: "must be a number" }] }
    );
    const later = schema<number>(async (value) => {
      await Promise.resolve();
      if (value === "throw") throw new RangeError("the schema is broken");
      return typeof value === "number" ? { value } : { issues: [{ message: "must be a number too" }] };
    });
    const run = await start(() => [waitForSignal("a", { schema: number }), waitForSignal("b", { schema: later })]);
    for (const [name, payload] of [["a", "x"], ["b", "throw"], ["b", "y"], ["b", 2], ["a", 1]] as const) {
      await run.signal(name, payload);
    }
    expect(await run.result()).toEqual([1.5, 2]);
    const warnings = (await Array.fromAsync(run.events())).flatMap((event) =>
      event.event === "warning" ? [[event.step, event.message]] : []
    );
    expect(warnings).toEqual([
      ["waitForSignal_0000", 'The signal "a" was dropped: must be a number'],
      ["waitForSignal_0001", 'The signal "b" was dropped: RangeError: the schema is broken'],
      ["waitForSignal_0001", 'The signal "b" was dropped: must be a number too'],
    ]);
  },
);

cleanTest("a signal that is being checked when its node's time is over goes to the next that waits", async () => {
  const clock = new VirtualClock();
  const gate = Promise.withResolvers<void>();
  const slow = schema<string>(async (value) => {
    await gate.promise;
    return { value: String(value) };
  });
  const run = await start(() => [
    optional(waitForSignal("s", { schema: slow, timeout: 100 })),
    waitForSignal<string>("s"),
    waitForSignal<string>("s"),
  ], clock);
  await pass(clock, 0);
  await run.signal("s", "first");
  await run.signal("s", "second");
  await pass(clock, 100);
  gate.resolve();
  expect(await run.result()).toEqual([undefined, "second", "first"]);
});

cleanTest("a timeout fails the node, and not one that has its signal; no timer is left", async () => {
  const clock = new VirtualClock();
  const run = await start(() => [
    optional(waitForSignal("late", { timeout: 1_000 }).setName("late")),
    waitForSignal("in time", { timeout: 60 * DAY }),
  ], clock);
  await pass(clock, 0);
  await run.signal("in time", "here");
  await turns();
  expect(clock.pending).toBe(1);
  await pass(clock, 1_000);
  await run.result();
  const { steps } = await run.status();
  const late = steps.find(({ name }) => name === "late");
  expect(late?.error).toMatchObject({ name: "TimeoutError" });
  expect(late?.error?.message).toContain('Node `late` of workflow `w` waited too long for the signal "late"');
  expect(clock.pending).toBe(0);
  const real = await new LocalWorkflow(waitForSignal("x", { timeout: 5 * DAY }), { workflowName: "real" }).start();
  await real.signal("x", 1);
  expect(await real.result()).toBe(1);
  const failed = await start(() => waitForSignal("x", { timeout: 1 }), clock);
  await pass(clock, 1);
  expect(await failureOf(failed)).toBeInstanceOf(TimeoutError);
  for (const timeout of [0, -1, NaN, Infinity]) expect(() => waitForSignal("x", { timeout })).toThrow(/timeout/);
});

cleanTest("approval(): a decision of the right form, and nothing else; who goes on branches on it", async () => {
  for (const approved of [true, false]) {
    const run = await start(() => {
      const decision = approval("ship it").setName("decision");
      return list(
        branch(decision.item("approved"), { true: () => same("shipped"), false: () => same("refunded") }),
        decision,
      );
    });
    for (const nonsense of ["yes", undefined, null, {}, { approved: "true" }, { approved, by: 7 }]) {
      await run.signal("ship it", nonsense);
    }
    await run.signal("ship it", { approved, by: "Ada", comment: "fine", more: 1 });
    const decision = { approved, by: "Ada", comment: "fine" };
    expect(await run.result()).toEqual([approved ? "shipped" : "refunded", decision]);
    const events = await Array.fromAsync(run.events());
    expect(events.filter(({ event }) => event === "warning").length).toBe(6);
  }
  const clock = new VirtualClock();
  const run = await start(() => approval("a", { timeout: 5 }), clock);
  await pass(clock, 5);
  expect(await failureOf(run)).toBeInstanceOf(TimeoutError);
});

cleanTest(
  "what an anyOf does not need any more is ended: sleeps, signals, children and maps, with all below them",
  async () => {
    const clock = new VirtualClock();
    const ended: string[] = [];
    const hang = task(async (name: string): Promise<string> => {
      const { signal } = context();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      ended.push(name);
      throw signal.reason;
    }, { name: "hang" });
    const plugin = { finished: (outcome: { readonly status: string }) => void ended.push(`plugin ${outcome.status}`) };
    const inner = defineWorkflow("inner", { version: "1", plugins: [plugin] }, () => hang("grandchild"));
    const child = defineWorkflow(
      "child",
      { version: "1" },
      () => list(subWorkflow(inner), sleep(DAY), waitForSignal("n")),
    );
    const run = await start(() =>
      anyOf(
        sleep(DAY).setName("sleep"),
        waitForSignal("never", { timeout: DAY }).setName("signal"),
        subWorkflow(child).setName("child"),
        map(same(["a", "b"]), hang).setName("map"),
        same("won").after(sleep(10)).setName("won"),
      ), clock);
    await pass(clock, 0);
    await turns(20);
    expect(await statuses(run)).toMatchObject({
      sleep: "RUNNING",
      signal: "RUNNING",
      child: "RUNNING",
      map: "RUNNING",
    });
    await pass(clock, 10);
    expect(await run.result()).toBe("won");
    expect(ended.toSorted()).toEqual(["a", "b", "grandchild", "plugin CANCELLED"]);
    expect(await statuses(run)).toMatchObject({
      sleep: "CANCELLED",
      signal: "CANCELLED",
      child: "CANCELLED",
      "map[0]": "CANCELLED",
      "map[1]": "CANCELLED",
      map: "CANCELLED",
    });
    expect(clock.pending).toBe(0);
  },
);

cleanTest("what waits may win an anyOf too", async () => {
  const clock = new VirtualClock();
  const run = await start(
    () => anyOf(waitForSignal("s"), list(sleep(50)).setName("slept"), map(range(2), (n) => list(sleep(99), n))),
    clock,
  );
  await pass(clock, 50);
  expect(await run.result()).toEqual([undefined]);
  const quick = await start(() => anyOf(waitForSignal("s"), list(sleep(50))), clock);
  await quick.signal("s", "first");
  expect(await quick.result()).toBe("first");
  expect(clock.pending).toBe(0);
});

cleanTest("cancel() of a run that waits ends all that it waits for, and waits until their plugins know", async () => {
  const clock = new VirtualClock();
  const ended: string[] = [];
  const plugin = { finished: (outcome: { readonly status: string }) => void ended.push(outcome.status) };
  const hang = task(async (): Promise<void> => {
    const { signal } = context();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    throw signal.reason;
  }, { name: "hang" });
  const child = defineWorkflow(
    "child",
    { version: "1", plugins: [plugin] },
    () => list(hang(), map(range(3), () => hang())),
  );
  const run = await start(
    () => list(subWorkflow(child).setName("c"), sleep(DAY), waitForSignal("s", { timeout: 1 })),
    clock,
  );
  await pass(clock, 0);
  await turns(20);
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  expect(ended).toEqual(["SUCCEEDED", ...new Array(4).fill("CANCELLED")]);
  const { status, steps } = await run.status();
  expect([status, ...new Set(steps.map(({ status }) => status))]).toEqual(["CANCELLED", "CANCELLED"]);
  expect(clock.pending).toBe(0);
});

cleanTest("a child's failure, skip and refused input are those of its node, and status() names its run", async () => {
  const fails = defineWorkflow("fails", { version: "1" }, (input: Input<{ n: number }>) =>
    task((n: number): number => {
      throw new RangeError(`no ${n}`);
    }, { name: "bad" })(input.n));
  const run = await start(() => subWorkflow(fails, { n: double(2) }).setName("c"));
  const error = await failureOf(run);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ workflow: "fails", node: "bad_0000", cause: { message: "no 4" } });
  expect((await run.status()).steps.at(-1)).toMatchObject({ name: "c", status: "FAILED", child: `${run.id}/c` });

  const skips = defineWorkflow("skips", { version: "1" }, () => same(1).when(same(0), (n) => n > 0));
  const skipped = await start(() => [optional(subWorkflow(skips).setName("c")), optional(list(subWorkflow(skips)))]);
  expect(await skipped.result()).toEqual([undefined, undefined]);
  expect((await statuses(skipped))["c"]).toBe("SKIPPED");

  const checked = defineWorkflow(
    "checked",
    {
      version: "1",
      input: schema<number>((value) => value === 1 ? { value: 10 } : { issues: [{ message: "not one" }] }),
    },
    (input) => double(input),
  );
  expect(await (await start(() => subWorkflow(checked, 1))).result()).toBe(20);
  expect(String(await failureOf(await start(() => subWorkflow(checked, double(1)))))).toContain("not one");
  expect(() => subWorkflow({} as typeof checked, 1)).toThrow(GraphError);
});

cleanTest("a definition that has runs of itself within", async () => {
  const count: ReturnType<typeof defineWorkflow<{ n: number }, ReturnType<typeof same<number>>>> = defineWorkflow(
    "count",
    { version: "1" },
    (input: Input<{ n: number }>) => {
      const less = task((n: number) => n - 1, { name: "less" });
      return branch(task((n: number) => n > 0, { name: "isMore" })(input.n), {
        true: () => task((n: number) => n + 1, { name: "more" })(subWorkflow(count, { n: less(input.n) })),
        false: () => same(100),
      });
    },
  );
  expect(await new LocalWorkflow(count, { input: { n: 5 } }).run()).toBe(105);
});

cleanTest("conditions hold for what waits", async () => {
  const clock = new VirtualClock();
  const child = defineWorkflow("child", { version: "1" }, () => same("child"));
  const run = await start(() => {
    const odd = isOdd(4);
    return [
      optional(sleep(DAY).when(odd)),
      optional(waitForSignal("s").when(odd)),
      optional(subWorkflow(child).when(odd)),
      optional(map(range(3), double).when(odd)),
      branch(odd, { true: () => waitForSignal<string>("t"), false: () => subWorkflow(child) }),
    ];
  }, clock);
  expect(await run.result()).toEqual([undefined, undefined, undefined, undefined, "child"]);
  expect((await run.status()).steps.some(({ name }) => name.includes("["))).toBe(false);
});
