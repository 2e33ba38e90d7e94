/**
 * The acceptance scenarios of steps that fail, take too long, are repeated or wrapped.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  CancelledError,
  context,
  defineWorkflow,
  type Policy,
  StepFailedError,
  task,
  TimeoutError,
} from "@fusewire/fusewire";
import { flaky } from "./flaky.ts";
import { onEachStorage } from "./storages.ts";

const multiply = task((x: number) => 2 * x, { name: "multiply" });
const addOne = task((x: number) => x + 1, { name: "addOne" });

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
    expect(failed?.error?.stack).toContain("acceptance_failures_test.ts");
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
