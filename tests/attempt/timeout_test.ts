import { expect } from "@std/expect";
import {
  context,
  LocalWorkflow,
  runAttempt,
  StepFailedError,
  task,
  TimeoutError,
  TimeoutPolicy,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const never = new Promise<never>(() => {});

Deno.test("A function that ignores its time limit is left behind, and its signal is aborted", async () => {
  let signal: AbortSignal | undefined;
  const clock = new ManualClock();
  const stubborn = task(() => {
    signal = context().signal;
    return never;
  }, { name: "stubborn", timeout: 50 })();
  const run = await new LocalWorkflow(stubborn, { workflowName: "timeout", clock }).start();
  expect(await clock.untilTimers()).toEqual([50]);
  expect(signal?.aborted).toBe(false);
  clock.advance(50);
  const error: unknown = await run.result().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError is expected");
  expect(error.cause).toBeInstanceOf(TimeoutError);
  expect(error.message).toMatch(/Attempt 1 of node `stubborn_\d+` in workflow `timeout` took longer than 50 ms/);
  expect(signal?.aborted).toBe(true);
  expect(signal?.reason).toBe(error.cause);
});

Deno.test("A body of one second with a limit of 50 ms ends in less than 200 ms", async () => {
  let handle = 0;
  const slow = task(() => new Promise((resolve) => handle = Number(setTimeout(resolve, 1_000))), { timeout: 50 })();
  const start = performance.now();
  await expect(new LocalWorkflow(slow, { workflowName: "timeout" }).run()).rejects.toThrow(StepFailedError);
  expect(performance.now() - start).toBeLessThan(200);
  clearTimeout(handle);
});

Deno.test("A function that listens to the signal can end by itself", async () => {
  let cleaned = false;
  const clock = new ManualClock();
  const polite = task(async () => {
    const { signal } = context();
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        cleaned = true;
        reject(signal.reason);
      })
    );
  }, { timeout: 10 })();
  const run = await new LocalWorkflow(polite, { workflowName: "timeout", clock }).start();
  await clock.untilTimers();
  clock.advance(10);
  await expect(run.result()).rejects.toThrow(/took longer than 10 ms/);
  expect(cleaned).toBe(true);
});

Deno.test("The limit holds for each attempt, and a timed-out attempt is repeated like any other", async () => {
  const clock = new ManualClock();
  const node = task(() => context().attempt < 3 ? never : Promise.resolve("third"), {
    timeout: 10,
    retry: { maxAttempts: 3, initialDelay: 100 },
  })();
  const run = await new LocalWorkflow(node, { workflowName: "timeout", clock }).start();
  expect(await clock.untilTimers()).toEqual([10]);
  clock.advance(10);
  await untilDelays(clock, [100]);
  clock.advance(100);
  await untilDelays(clock, [10]);
  clock.advance(10);
  await untilDelays(clock, [200]);
  clock.advance(200);
  expect(await run.result()).toBe("third");
  expect(clock.delays).toEqual([]);
});

async function untilDelays(clock: ManualClock, delays: readonly number[]): Promise<void> {
  while (JSON.stringify(clock.delays) !== JSON.stringify(delays)) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("A timer that was not needed is stopped", async () => {
  const clock = new ManualClock();
  const quick = task(() => Promise.resolve(1), { timeout: 10 })();
  expect(await new LocalWorkflow(quick, { workflowName: "timeout", clock }).run()).toBe(1);
  expect(clock.delays).toEqual([]);
});

Deno.test("A value in time counts, also when the function goes on behind it", async () => {
  const clock = new ManualClock();
  let signal: AbortSignal | undefined;
  const node = task(() => {
    signal = context().signal;
    return Promise.resolve("in time");
  }, { timeout: 10 })();
  expect(await new LocalWorkflow(node, { workflowName: "timeout", clock }).run()).toBe("in time");
  clock.advance(100);
  expect(signal?.aborted).toBe(false);
});

Deno.test("What a function throws after its limit is nobody's unhandled rejection", async () => {
  const clock = new ManualClock();
  const late = Promise.withResolvers<never>();
  const node = task(() => late.promise, { timeout: 10 })();
  const run = await new LocalWorkflow(node, { workflowName: "timeout", clock }).start();
  await clock.untilTimers();
  clock.advance(10);
  await expect(run.result()).rejects.toThrow(/longer than 10 ms/);
  late.reject(new Error("too late"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});

Deno.test("TimeoutPolicy limits an attempt, and the shortest of all limits holds", async () => {
  const limits = async (own: number | undefined, ...policies: number[]): Promise<number[]> => {
    const clock = new ManualClock();
    const node = task(() => never, {
      ...(own === undefined ? {} : { timeout: own }),
      policies: policies.map((limit) => new TimeoutPolicy(limit)),
    })();
    const run = await new LocalWorkflow(node, {
      workflowName: "timeout",
      clock,
      policies: [new TimeoutPolicy(1_000)],
    }).start();
    const delays = await clock.untilTimers();
    await run.cancel();
    return delays;
  };
  expect(await limits(undefined)).toEqual([1_000]);
  expect(await limits(50)).toEqual([50]);
  expect(await limits(50, 20, 30)).toEqual([20]);
  expect(await limits(5_000, 20)).toEqual([20]);
  expect(() => new TimeoutPolicy(0)).toThrow(/`timeout` of TimeoutPolicy is 0/);
});

Deno.test("runAttempt says that an attempt timed out", async () => {
  const clock = new ManualClock();
  const outcome = runAttempt({ workflowName: "w", runId: "r", nodeName: "n", attempt: 1 }, () => never, {
    options: { timeout: 5 },
    clock,
  });
  clock.advance(5);
  expect(await outcome).toEqual({ kind: "failed", error: expect.any(TimeoutError) });
});
