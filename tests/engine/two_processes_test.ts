import { expect } from "@std/expect";
import {
  CancelledError,
  context,
  defineWorkflow,
  type Input,
  type RunEvent,
  StepFailedError,
  task,
} from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

const multiply = task((x: number) => 2 * x, { name: "multiply" });
const addOne = task((x: number) => x + 1, { name: "addOne" });
const simple = defineWorkflow("simple", { version: "1" }, (input: Input<{ x: number }>) => addOne(multiply(input.x)));

/** A workflow whose one step waits until its signal is aborted or the gate is open, and what it saw. */
function waiting(name = "waiting") {
  const gate = Promise.withResolvers<string>();
  const seen: { started: number; aborted: unknown[] } = { started: 0, aborted: [] };
  const wait = task(async () => {
    seen.started++;
    const { signal } = context();
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        seen.aborted.push(signal.reason);
        reject(signal.reason);
      });
    });
    return await Promise.race([gate.promise, aborted]);
  }, { name: "wait" });
  const after = task((value: string) => value, { name: "after" });
  return { definition: defineWorkflow(name, { version: "1" }, () => after(wait())), gate, seen };
}

onEachStorage("Result, status and events of a run are seen by a process that does not work on it", async (world) => {
  await using worker = await world.process();
  await using other = await world.process();
  const run = await other.runtime.start(simple, { x: 3 });
  expect((await run.status()).status).toBe("PENDING");
  const events = Array.fromAsync(run.events());
  await using _serving = new Serving(worker, [simple]);
  expect(await run.result()).toBe(7);
  expect(await run.status()).toEqual({
    id: run.id,
    workflow: "simple",
    version: "1",
    status: "SUCCEEDED",
    steps: [
      { name: "multiply_0000", status: "SUCCEEDED", attempt: 1 },
      { name: "addOne_0000", status: "SUCCEEDED", attempt: 1 },
    ],
  });
  const names = (events: readonly RunEvent[]) => events.map(({ event }) => event);
  expect(names(await events)).toEqual([
    "workflow_started",
    "step_enqueued",
    "step_started",
    "step_finished",
    "step_enqueued",
    "step_started",
    "step_finished",
    "workflow_finished",
  ]);
  expect(await Array.fromAsync(worker.runtime.get(run.id).events())).toEqual(await events);
});

onEachStorage("A failure is seen by other processes with its message and cause", async (world) => {
  const fail = task((): number => {
    throw new RangeError("boom", { cause: new TypeError("deep") });
  }, { name: "fail" });
  const failing = defineWorkflow("failing", { version: "1" }, () => addOne(fail()));
  await using worker = await world.process();
  await using other = await world.process();
  const run = await other.runtime.start(failing);
  await using _serving = new Serving(worker, [failing]);
  const error: unknown = await run.result().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError was expected");
  expect(error.message).toContain("Node `fail_0000` of workflow `failing` failed: boom");
  expect([error.workflow, error.node]).toEqual(["failing", "fail_0000"]);
  if (!(error.cause instanceof Error && error.cause.cause instanceof Error)) {
    throw new TypeError("causes were expected");
  }
  expect([error.cause.name, error.cause.message, error.cause.cause.message]).toEqual(["RangeError", "boom", "deep"]);
  const { status, steps: [failed, cancelled] } = await run.status();
  expect([status, failed?.status, cancelled?.status]).toEqual(["FAILED", "FAILED", "CANCELLED"]);
  expect(failed?.error).toMatchObject({ name: "RangeError", message: "boom", cause: { message: "deep" } });
});

onEachStorage(
  "A running run is cancelled from another process: its signal is aborted and result() rejects",
  async (world) => {
    const { definition, seen } = waiting();
    await using worker = await world.process();
    await using other = await world.process();
    const run = await other.runtime.start(definition);
    await using _serving = new Serving(worker, [definition]);
    await until(() => seen.started === 1);
    await other.runtime.get(run.id).cancel();
    expect(seen.aborted.length).toBe(1);
    expect(seen.aborted[0]).toBeInstanceOf(CancelledError);
    await expect(run.result()).rejects.toThrow(CancelledError);
    await expect(worker.runtime.get(run.id).result()).rejects.toThrow(CancelledError);
    const { status, steps } = await run.status();
    expect([status, ...steps.map(({ status }) => status)]).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
  },
);

onEachStorage("A run that runtime.run() drives is cancelled from another process", async (world) => {
  const { definition, seen } = waiting();
  await using worker = await world.process();
  await using other = await world.process();
  const result = worker.runtime.run(definition, undefined, { id: "driven" });
  const rejected = expect(result).rejects.toThrow(CancelledError);
  await until(() => seen.started === 1);
  await other.runtime.get("driven").cancel();
  await rejected;
  expect(seen.aborted.length).toBe(1);
});

onEachStorage("A queued run is cancelled without any worker, and none runs it later", async (world) => {
  const { definition, seen } = waiting();
  await using other = await world.process();
  const run = await other.runtime.start(definition);
  await other.runtime.get(run.id).cancel();
  const { status, steps } = await run.status();
  expect([status, ...steps.map(({ status }) => status)]).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
  await expect(run.result()).rejects.toThrow(CancelledError);
  await run.cancel();
  await other.runtime.worker([definition]).tick({ budgetMs: 5_000 });
  expect(seen.started).toBe(0);
});

onEachStorage(
  "A run whose start is delayed, or that waits for a retry, is cancelled without any worker",
  async (world) => {
    let calls = 0;
    const fail = task((): number => {
      calls++;
      throw new RangeError("boom");
    }, { name: "fail", retry: { maxAttempts: 2, initialDelay: 9_000, jitter: 0 } });
    const failing = defineWorkflow("failing", { version: "1" }, () => addOne(fail()));
    await using process = await world.process();
    const run = await process.runtime.start(failing);
    await process.runtime.worker([failing]).tick({ budgetMs: 5_000 });
    const { status, steps } = await run.status();
    expect([status, ...steps.map(({ status }) => status)]).toEqual(["RUNNING", "PENDING", "PENDING"]);
    await run.cancel();
    expect((await run.status()).steps.map(({ status }) => status)).toEqual(["CANCELLED", "CANCELLED"]);
    await expect(run.result()).rejects.toThrow(CancelledError);
    const later = await process.runtime.start(failing, undefined, { delay: 9_000 });
    await later.cancel();
    expect((await later.status()).status).toBe("CANCELLED");
    await world.skip(10_000);
    await process.runtime.worker([failing]).tick({ budgetMs: 5_000 });
    expect(calls).toBe(1);
  },
);

onEachStorage("A run that waits for a retry in the process that drives it is cancelled", async (world) => {
  const fail = task((): number => {
    throw new RangeError("boom");
  }, { name: "fail", retry: { maxAttempts: 2, initialDelay: 1_900, jitter: 0 } });
  const failing = defineWorkflow("failing", { version: "1" }, () => fail());
  await using process = await world.process();
  await using other = await world.process();
  const result = process.runtime.run(failing, undefined, { id: "retrying" });
  const rejected = expect(result).rejects.toThrow(CancelledError);
  await until(async () => ((await world.storage.readSteps("retrying"))[0]?.wakeAt ?? 0) > 0);
  await other.runtime.get("retrying").cancel();
  await rejected;
});

onEachStorage("runtime.run() drives a run over retries that are minutes away", async (world) => {
  const attempts: number[] = [];
  const flaky = task(() => {
    attempts.push(context().attempt);
    if (attempts.length < 3) throw new RangeError("not yet");
    return "done";
  }, { name: "flaky", retry: { maxAttempts: 3, initialDelay: 60_000, jitter: 0, factor: 1 } });
  const definition = defineWorkflow("minutes", { version: "1" }, () => flaky());
  await using process = await world.process();
  const result = process.runtime.run(definition);
  for (const done of [1, 2]) {
    await until(() => attempts.length === done);
    await until(async () => (await process.runtime.list()).runs[0]?.session === undefined, "the run's release");
    await world.skip(60_000);
  }
  expect(await result).toBe("done");
  expect(attempts).toEqual([1, 2, 3]);
});

onEachStorage("Two callers who run the same id at once get one run, whose steps run once", async (world) => {
  let calls = 0;
  const slow = task(async (x: number) => {
    calls++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return x;
  }, { name: "slow" });
  const definition = defineWorkflow("same", { version: "1" }, (input: Input<{ x: number }>) => addOne(slow(input.x)));
  await using one = await world.process();
  await using two = await world.process();
  const results = await Promise.all(
    [one, one, two, one, two].map(({ runtime }) => runtime.run(definition, { x: 1 }, { id: "same" })),
  );
  expect(results).toEqual([2, 2, 2, 2, 2]);
  expect(calls).toBe(1);
});

onEachStorage(
  "A run whose holder is gone is cancelled without any worker, once its lease has run out",
  async (world) => {
    const { definition, seen } = waiting("orphan");
    const worker = await world.process();
    const run = await worker.runtime.start(definition);
    new Serving(worker, [definition]).done.catch(() => {});
    await until(() => seen.started === 1);
    worker.kill();
    await using other = await world.process();
    const cancelled = other.runtime.get(run.id).cancel();
    await world.skip(20_000);
    await cancelled;
    expect((await other.runtime.get(run.id).status()).status).toBe("CANCELLED");
  },
);
