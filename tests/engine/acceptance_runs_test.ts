/**
 * The acceptance scenarios of durable runs that are about one run. FL5 to FL8 and FL30 need nodes of control flow (branch, anyOf, optional,
 * map), and are proven with them.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  CancelledError,
  context,
  defineWorkflow,
  type Input,
  type Policy,
  StepFailedError,
  task,
  type TaskOptions,
  TimeoutError,
} from "@fusewire/fusewire";
import { onEachStorage } from "./storages.ts";

const add = task((a: number, b: number) => a + b, { name: "add" });
const multiply = task((x: number) => 2 * x, { name: "multiply" });
const addOne = task((x: number) => x + 1, { name: "addOne" });

/** A step that fails so often and then gives its value, and the attempts that it saw. */
function flaky(failures: number, options: TaskOptions) {
  const attempts: number[] = [];
  const step = task(() => {
    attempts.push(context().attempt);
    if (attempts.length <= failures) throw new RangeError(`failure ${attempts.length}`);
    return "done";
  }, { name: "flaky", ...options });
  return { definition: defineWorkflow("flaky", { version: "1" }, () => step()), attempts };
}

onEachStorage("FL1 a sequence runs in order, and its life is told", async (world) => {
  const order: string[] = [];
  const step = task((name: string, _before: string): string => {
    order.push(name);
    return name;
  }, { name: "step" });
  const sequence = defineWorkflow("sequence", { version: "1" }, () => step("c", step("b", step("a", ""))));
  await using process = await world.process();
  const run = await process.runtime.start(sequence);
  expect((await run.status()).status).toBe("PENDING");
  await process.runtime.worker([sequence]).tick({ budgetMs: 30_000 });
  expect(order).toEqual(["a", "b", "c"]);
  expect((await run.status()).steps.map(({ name, status }) => [name, status])).toEqual([
    ["step_0000", "SUCCEEDED"],
    ["step_0001", "SUCCEEDED"],
    ["step_0002", "SUCCEEDED"],
  ]);
  expect(await run.result()).toBe("c");
});

onEachStorage(
  "FL2 multiply and add_one of 3 give 7, and FL3 (1 + 2) * 3 gives 9, side by side [6, 9]",
  async (world) => {
    const simple = defineWorkflow(
      "simple",
      { version: "1" },
      (input: Input<{ x: number }>) => addOne(multiply(input.x)),
    );
    const times = task((a: number, b: number) => a * b, { name: "times" });
    const nine = defineWorkflow("nine", { version: "1" }, () => times(add(1, 2), 3));
    const both = defineWorkflow("both", { version: "1" }, () => [multiply(3), times(add(1, 2), 3)]);
    await using process = await world.process();
    expect(await process.runtime.run(simple, { x: 3 })).toBe(7);
    expect(await process.runtime.run(nine)).toBe(9);
    expect(await process.runtime.run(both)).toEqual([6, 9]);
  },
);

onEachStorage("FL4 the trace of A→B is exactly the reference's, with ids, process, host and time", async (world) => {
  const a = task(() => 1, { name: "a" });
  const b = task((x: number) => x + 1, { name: "b" });
  const definition = defineWorkflow("trace", { version: "1" }, () => b(a()));
  await using process = await world.process();
  const before = Date.now();
  await process.runtime.run(definition, undefined, { id: "traced" });
  const events = await Array.fromAsync(process.runtime.get("traced").events());
  expect(events.map((event) => [event.event, "step" in event ? event.step : undefined])).toEqual([
    ["workflow_started", undefined],
    ["step_enqueued", "a_0000"],
    ["step_started", "a_0000"],
    ["step_finished", "a_0000"],
    ["step_enqueued", "b_0000"],
    ["step_started", "b_0000"],
    ["step_finished", "b_0000"],
    ["workflow_finished", undefined],
  ]);
  let last = before;
  for (const event of events) {
    expect([event.workflowId, event.runId, event.process]).toEqual(["trace", "traced", Deno.pid]);
    expect(typeof event.host).toBe("string");
    expect(event.timestamp).toBeGreaterThanOrEqual(last);
    last = event.timestamp;
  }
  expect(events.at(-1)).toMatchObject({ status: "SUCCEEDED" });
});

onEachStorage("FL4 attempts from the second on are events, in their order", async (world) => {
  const { definition } = flaky(2, { retry: { maxAttempts: 3, initialDelay: 1, jitter: 0 } });
  await using process = await world.process();
  await process.runtime.run(definition, undefined, { id: "retried" });
  const events = await Array.fromAsync(process.runtime.get("retried").events());
  expect(events.map((event) => [event.event, "attempt" in event ? event.attempt : 0])).toEqual([
    ["workflow_started", 0],
    ["step_enqueued", 0],
    ["step_started", 0],
    ["attempt_started", 2],
    ["attempt_failed", 2],
    ["attempt_started", 3],
    ["step_finished", 0],
    ["workflow_finished", 0],
  ]);
});

onEachStorage(
  "FL9 a step that throws has FAILED, its dependents are CANCELLED, and its siblings finish",
  async (world) => {
    const critical = task((): number => {
      throw new RangeError("critical", { cause: new TypeError("deep") });
    }, { name: "critical" });
    const definition = defineWorkflow("critical", { version: "1" }, () => {
      const failed = critical();
      return [addOne(multiply(failed)), addOne(multiply(1))];
    });
    await using process = await world.process();
    const run = await process.runtime.start(definition);
    await process.runtime.worker([definition]).tick({ budgetMs: 30_000 });
    const { status, steps } = await run.status();
    expect(status).toBe("FAILED");
    expect(Object.fromEntries(steps.map(({ name, status }) => [name, status]))).toEqual({
      critical_0000: "FAILED",
      multiply_0000: "CANCELLED",
      addOne_0000: "CANCELLED",
      multiply_0001: "SUCCEEDED",
      addOne_0001: "SUCCEEDED",
    });
    const failed = steps.find(({ name }) => name === "critical_0000");
    expect(failed?.error).toMatchObject({ name: "RangeError", message: "critical", cause: { name: "TypeError" } });
    expect(failed?.error?.stack).toContain("acceptance_runs_test.ts");
    await expect(run.result()).rejects.toThrow(StepFailedError);
    const events = await Array.fromAsync(run.events());
    const told = events.find((event) => event.event === "step_finished" && event.status === "FAILED");
    expect(told).toMatchObject({ step: "critical_0000", error: { name: "RangeError", message: "critical" } });
  },
);

onEachStorage(
  "FL10 two failures and then success are the attempts 1, 2, 3, with waits that a store keeps",
  async (world) => {
    const { definition, attempts } = flaky(2, { retry: { maxAttempts: 3, initialDelay: 4_000, jitter: 0 } });
    await using process = await world.process();
    const run = await process.runtime.start(definition);
    const worker = process.runtime.worker([definition]);
    for (const [made, wait] of [[1, 4_000], [2, 8_000]] as const) {
      expect(await worker.tick({ budgetMs: 1_000 })).toEqual({ idle: true });
      expect(attempts.length).toBe(made);
      const [step] = await world.storage.readSteps(run.id);
      const { wakeAt } = await world.storage.readRun(run.id) ?? {};
      expect([step?.status, step?.attempt, step?.wakeAt]).toEqual(["PENDING", made, wakeAt]);
      await world.skip(wait - 1_000);
      expect(await worker.tick({ budgetMs: 1 })).toBeDefined();
      await world.skip(1_000);
    }
    await worker.tick({ budgetMs: 1_000 });
    expect(await run.result()).toBe("done");
    expect(attempts).toEqual([1, 2, 3]);
  },
);

onEachStorage("FL11 a step whose attempts are exhausted has FAILED with its last error", async (world) => {
  const { definition, attempts } = flaky(9, { retry: { maxAttempts: 3, initialDelay: 1 } });
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "exhausted" })).rejects.toThrow(
    "Node `flaky_0000` of workflow `flaky` failed after 3 attempts: failure 3",
  );
  expect(attempts).toEqual([1, 2, 3]);
  const { status, steps: [step] } = await process.runtime.get("exhausted").status();
  expect([status, step?.status, step?.attempt, step?.error?.message]).toEqual(["FAILED", "FAILED", 3, "failure 3"]);
});

onEachStorage("FL12 a timeout ends a body that takes longer, and aborts its signal", async (world) => {
  let reason: unknown;
  const slow = task(async () => {
    const { signal } = context();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    reason = signal.reason;
    return await new Promise<number>(() => {});
  }, { name: "slow", timeout: 50 });
  const definition = defineWorkflow("slow", { version: "1" }, () => slow());
  await using process = await world.process();
  const error: unknown = await process.runtime.run(definition).catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError was expected");
  expect(error.cause).toBeInstanceOf(TimeoutError);
  expect(reason).toBe(error.cause);
});

onEachStorage("FL13 policies nest in the order workflow, first of the step, second of the step", async (world) => {
  const order: string[] = [];
  const policy = (name: string): Policy => ({
    onStart: () => void order.push(`start ${name}`),
    async execute(call) {
      order.push(`into ${name}`);
      const value = await call();
      order.push(`out of ${name}`);
      return value;
    },
    onSuccess: () => void order.push(`success ${name}`),
  });
  const step = task(() => void order.push("call"), { name: "step", policies: [policy("step1"), policy("step2")] });
  const definition = defineWorkflow("nested", { version: "1", policies: [policy("workflow")] }, () => step());
  await using process = await world.process();
  await process.runtime.run(definition);
  expect(order).toEqual([
    ...["start workflow", "start step1", "start step2", "into workflow", "into step1", "into step2", "call"],
    ...["out of step2", "out of step1", "out of workflow", "success workflow", "success step1", "success step2"],
  ]);
});

onEachStorage("FL14 a fallback value makes a failed step SUCCEEDED, and its readers get the value", async (world) => {
  const fail = task((): number => {
    throw new RangeError("boom");
  }, { name: "fail", onFailure: () => 41 });
  const definition = defineWorkflow("fallback", { version: "1" }, () => addOne(fail()));
  await using process = await world.process();
  expect(await process.runtime.run(definition, undefined, { id: "fallback" })).toBe(42);
  const { steps } = await process.runtime.get("fallback").status();
  expect(steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "SUCCEEDED"]);
});

onEachStorage("FL15 onFailure: skip makes a failed step and what needs it SKIPPED", async (world) => {
  const fail = task((): number => {
    throw new RangeError("boom");
  }, { name: "fail", onFailure: "skip" });
  const definition = defineWorkflow("skipped", { version: "1" }, () => {
    addOne(fail());
    return multiply(2).after(addOne(1));
  });
  const target = defineWorkflow("target", { version: "1" }, () => addOne(fail()));
  await using process = await world.process();
  expect(await process.runtime.run(definition)).toBe(4);
  await expect(process.runtime.run(target, undefined, { id: "target" })).rejects.toThrow(CancelledError);
  const { status, steps } = await process.runtime.get("target").status();
  expect([status, ...steps.map(({ status }) => status)]).toEqual(["SKIPPED", "SKIPPED", "SKIPPED"]);
  expect(steps[0]?.error?.message).toBe("boom");
});

onEachStorage("FL23 null and undefined results reach their readers, here and after a restart", async (world) => {
  const nothing = task(() => null, { name: "nothing" });
  const missing = task(() => undefined, { name: "missing" });
  let fails = true;
  const seen = task((a: null, b: undefined) => {
    if (fails) throw new RangeError("not yet");
    return [a, b];
  }, { name: "seen" });
  const definition = defineWorkflow("null", { version: "1" }, () => seen(nothing(), missing()));
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "null" })).rejects.toThrow("not yet");
  fails = false;
  await using other = await world.process();
  await other.runtime.get("null").retry();
  expect(await other.runtime.run(definition, undefined, { id: "null" })).toEqual([null, undefined]);
});

onEachStorage("FL24 a string that a step gives is data, never an action", async (world) => {
  const words = ["retry", "skip", "fail", "SKIPPED", "FAILED", "cancelled"];
  const say = task((word: string) => word, { name: "say", retry: { maxAttempts: 3 }, onFailure: "skip" });
  const definition = defineWorkflow("words", { version: "1" }, () => words.map((word) => say(say(word))));
  await using process = await world.process();
  expect(await process.runtime.run(definition)).toEqual(words);
});

onEachStorage("FL25 the same workflow with x = 1 and x = 2, one after the other and at once", async (world) => {
  const echo = task(async (x: number) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return x;
  }, { name: "echo" });
  const definition = defineWorkflow("echo", { version: "1" }, (input: Input<{ x: number }>) => echo(echo(input.x)));
  await using process = await world.process();
  expect(await process.runtime.run(definition, { x: 1 })).toBe(1);
  expect(await process.runtime.run(definition, { x: 2 })).toBe(2);
  const all = Array.from({ length: 50 }, (_, x) => x);
  expect(await Promise.all(all.map((x) => process.runtime.run(definition, { x })))).toEqual(all);
});
