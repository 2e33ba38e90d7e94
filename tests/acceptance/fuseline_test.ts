/**
 * The acceptance scenarios of Fuseline that hold on every backend. Those of durable runs alone are in `tests/engine/`.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  context,
  defineWorkflow,
  type Input,
  KvWorkflow,
  LocalWorkflow,
  MemoryRuntimeStorage,
  namingScope,
  openRuntime,
  PoolWorkflow,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import { backends } from "../control/backends.ts";
import { played } from "../control/played.ts";
import { fails, later, list, multiply, next, same, skips, square } from "../control/tasks.ts";

for (const [backend, run] of Object.entries(backends)) {
  Deno.test(`FL2 multiply(x) = 2x, add_one: 3 gives 7; FL3 (1 + 2) * 3 = 9, and side by side [6, 9] (${backend})`, async () => {
    expect((await run(() => next(multiply(2, 3)))).result).toBe(7);
    expect((await run(() => multiply(next(2), 3))).result).toBe(9);
    expect((await run(() => [multiply(3, 2), multiply(next(2), 3)])).result).toEqual([6, 9]);
  });

  Deno.test(`FL1 a sequence runs in order, each step once, and all of it has SUCCEEDED (${backend})`, async () => {
    const { status, steps, result } = await run(() => next(next(next(0))));
    expect([status, result]).toEqual(["SUCCEEDED", 3]);
    expect(Object.entries(steps)).toEqual(["next_0000", "next_0001", "next_0002"].map((name) => [name, "SUCCEEDED"]));
  });

  Deno.test(`FL14 a fallback value makes a failed step SUCCEEDED, FL15 onFailure: skip makes it SKIPPED (${backend})`, async () => {
    const fallback = await run(() => list(fails("x").with({ onFailure: (error) => (error as Error).message })));
    expect([fallback.status, fallback.result]).toEqual(["SUCCEEDED", ["x"]]);
    expect(fallback.steps).toMatchObject({ fails_0000: "SUCCEEDED", list_0000: "SUCCEEDED" });
    const skipped = await run(() => list(skips()));
    expect(skipped.steps).toMatchObject({ skips_0000: "SKIPPED", list_0000: "SKIPPED" });
    expect(skipped.status).toBe("SKIPPED");
  });

  Deno.test(`FL23 null reaches its readers, FL24 a string result is data, never an action (${backend})`, async () => {
    expect((await run(() => list(same(null), same(undefined)))).result).toEqual([null, undefined]);
    expect((await run(() => list(same("square"), same("RETRY"), same("skip")))).result).toEqual([
      "square",
      "RETRY",
      "skip",
    ]);
  });
}

for (const [backend, run] of Object.entries(backends).filter(([name]) => name !== "sequential")) {
  Deno.test(`FL9 what throws has FAILED, dependents are CANCELLED, siblings go on, the error is readable (${backend})`, async () => {
    const { status, error, steps } = await run(() => {
      const critical = fails("no power").setName("critical");
      return [list(critical).setName("below"), square(2).after(later("sibling", 5))];
    });
    expect(status).toBe("FAILED");
    expect(error).toBeInstanceOf(StepFailedError);
    expect(error?.message).toContain("no power");
    expect(error?.cause).toMatchObject({ name: "RangeError", message: "no power" });
    expect(steps).toEqual({
      critical: "FAILED",
      below: "CANCELLED",
      later_0000: "SUCCEEDED",
      square_0000: "SUCCEEDED",
    });
  });
}

Deno.test("FL26 a chain of 10,000 runs, and one that is ten times as long calls ten times as much and no more", async () => {
  let calls = 0;
  const add = task((n: number) => (calls++, n + 1), { name: "add" });
  for (const length of [10_000, 100_000]) {
    const chain = namingScope(() => {
      let node = add(0);
      for (let i = 1; i < length; i++) node = add(node);
      return node;
    });
    calls = 0;
    expect(await new LocalWorkflow(chain, { workflowName: "chain" }).run()).toBe(length);
    expect(calls).toBe(length);
  }
});

/** 50 → 100 ‖ 50 → 50, and something below the fast branch that does not wait for the slow one. */
function fanOut(clock: VirtualClock) {
  const at: Record<string, number> = {};
  const began = clock.now();
  const wait = (name: string, ms: number) =>
    task(async (..._above: unknown[]): Promise<string> => {
      at[`${name} begins`] = clock.now() - began;
      await new Promise<void>((resolve) => clock.setTimer(ms, resolve));
      at[`${name} ends`] = clock.now() - began;
      at[`${context().nodeName} calls`] = (at[`${context().nodeName} calls`] ?? 0) + 1;
      return name;
    }, { name })();
  const build = () =>
    namingScope(() => {
      const first = wait("first", 50);
      const slow = wait("slow", 100).after(first);
      const fast = wait("fast", 50).after(first);
      return [wait("join", 50).after(slow, fast), wait("next", 10).after(fast)];
    });
  return { at, build };
}

for (const backend of ["local", "durable"] as const) {
  Deno.test(`FL5 50, 100 ‖ 50, 50 ms with two slots take 200 ms, the join runs once, and a fast branch waits for no sibling (${backend})`, async () => {
    const clock = new VirtualClock({ start: 1 });
    const { at, build } = fanOut(clock);
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), clock });
    const options = { workflowName: "fan", clock, concurrency: 2 };
    const workflow = backend === "local"
      ? new LocalWorkflow(build(), options)
      : new KvWorkflow(build(), { ...options, runtime });
    expect(await played(clock, workflow.run())).toEqual(["join", "next"]);
    expect(at).toMatchObject({
      "first ends": 50,
      "slow begins": 50,
      "fast begins": 50,
      "fast ends": 100,
      "next begins": 100,
      "slow ends": 150,
      "join begins": 150,
      "join ends": 200,
      "join_0000 calls": 1,
    });
  });
}

Deno.test("FL5 a fast branch waits for no sibling, and the join runs once (pool)", async () => {
  const nodes = namingScope(() => {
    const first = later("first", 5).setName("first");
    const slow = later("slow", 1_000).after(first).setName("slow");
    const fast = later("fast", 5).after(first).setName("fast");
    return [list(slow, fast).setName("join"), later("next", 1).after(fast).setName("next")];
  });
  const run = await new PoolWorkflow(nodes, { workflowName: "fan", workers: 2 }).start();
  expect(await run.result()).toEqual([["slow", "fast"], "next"]);
  const told: string[] = [];
  for await (const event of run.events()) {
    if (event.event === "step_started" || event.event === "step_finished") told.push(`${event.event} ${event.step}`);
  }
  expect(told.indexOf("step_finished next")).toBeLessThan(told.indexOf("step_finished slow"));
  expect(told.filter((event) => event === "step_started join").length).toBe(1);
});

for (const backend of ["local", "durable", "pool"] as const) {
  Deno.test(`FL25 the same workflow with x = 1 then x = 2, also at once, gives 1 and 2 (${backend})`, async () => {
    const echo = defineWorkflow("echo", { version: "1" }, (input: Input<{ x: number }>) => same(input.x));
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
    const run = async (x: number): Promise<number> => {
      switch (backend) {
        case "local":
          return await new LocalWorkflow(echo, { input: { x } }).run();
        case "pool":
          return await new PoolWorkflow(echo, { input: { x }, workers: 1 }).run();
        case "durable":
          return await runtime.run(echo, { x });
      }
    };
    expect([await run(1), await run(2)]).toEqual([1, 2]);
    expect(await Promise.all([run(1), run(2)])).toEqual([1, 2]);
  });
}
