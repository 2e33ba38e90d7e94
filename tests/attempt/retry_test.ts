import { expect } from "@std/expect";
import {
  ConfigError,
  context,
  LocalWorkflow,
  type RetryOptions,
  RetryPolicy,
  RunLifetime,
  StepFailedError,
  task,
  type TaskOptions,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

/** A node that fails `failures` times, and what is seen of its attempts. */
function flaky(failures: number, options: TaskOptions) {
  const attempts: number[] = [];
  const node = task(() => {
    attempts.push(context().attempt);
    if (attempts.length <= failures) throw new RangeError(`failure ${attempts.length}`);
    return "done";
  }, { name: "flaky", ...options })();
  return { node, attempts };
}

/** The waits between the attempts of a node that always fails. */
async function waits(retry: RetryOptions, chance = 0): Promise<number[]> {
  const clock = new ManualClock(() => chance);
  const { node } = flaky(Infinity, { retry });
  const run = await new LocalWorkflow(node, { workflowName: "waits", clock }).start();
  const seen: number[] = [];
  const { maxAttempts = 1 } = retry;
  while (seen.length < maxAttempts - 1) {
    const [delay = NaN] = await clock.untilTimers();
    seen.push(delay);
    clock.advance(delay);
  }
  await run.result().catch(() => {});
  expect(clock.delays).toEqual([]);
  return seen;
}

Deno.test("Two failures and then success within three attempts is success", async () => {
  const clock = new ManualClock();
  const { node, attempts } = flaky(2, { retry: { maxAttempts: 3 } });
  const run = await new LocalWorkflow(node, { workflowName: "retry", clock }).start();
  expect(await clock.untilTimers()).toEqual([1_000]);
  clock.advance(999);
  await Promise.resolve();
  expect(attempts).toEqual([1]);
  clock.advance(1);
  expect(await clock.untilTimers()).toEqual([2_000]);
  clock.advance(2_000);
  expect(await run.result()).toBe("done");
  expect(attempts).toEqual([1, 2, 3]);
  expect((await run.status()).steps[0]).toEqual({ name: node.name, status: "SUCCEEDED", attempt: 3 });
});

Deno.test("A node is attempted once if nothing else was asked for", async () => {
  const { node, attempts } = flaky(1, {});
  await expect(new LocalWorkflow(node, { workflowName: "retry" }).run()).rejects.toThrow(StepFailedError);
  expect(attempts).toEqual([1]);
});

Deno.test("When all attempts have failed the last error is the cause", async () => {
  const clock = new ManualClock();
  const { node, attempts } = flaky(Infinity, { retry: { maxAttempts: 2, initialDelay: 5 } });
  const run = await new LocalWorkflow(node, { workflowName: "retry", clock }).start();
  clock.advance(0);
  await clock.untilTimers();
  clock.advance(5);
  const error: unknown = await run.result().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw new TypeError("a StepFailedError is expected");
  expect(error.message).toMatch(/`flaky_\d+` of workflow `retry` failed after 2 attempts: failure 2/);
  expect(error.cause).toBeInstanceOf(RangeError);
  expect([error.workflow, error.node]).toEqual(["retry", node.name]);
  expect(attempts).toEqual([1, 2]);
});

Deno.test("The wait doubles from one second up to a minute", async () => {
  expect(await waits({ maxAttempts: 9 })).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

Deno.test("First delay, factor and cap can be set", async () => {
  expect(await waits({ maxAttempts: 5, initialDelay: 10, factor: 3, maxDelay: 100 })).toEqual([10, 30, 90, 100]);
  expect(await waits({ maxAttempts: 4, initialDelay: 10, factor: 1 })).toEqual([10, 10, 10]);
  expect(await waits({ maxAttempts: 3, initialDelay: 0 })).toEqual([0, 0]);
});

Deno.test("Full jitter takes a wait between nothing and the full one; less jitter takes less off", async () => {
  expect(await waits({ maxAttempts: 3, initialDelay: 100 }, 0.25)).toEqual([75, 150]);
  expect(await waits({ maxAttempts: 3, initialDelay: 100, jitter: 0.5 }, 0.5)).toEqual([75, 150]);
  expect(await waits({ maxAttempts: 3, initialDelay: 100, jitter: 0 }, 0.9)).toEqual([100, 200]);
});

Deno.test("A wait stays a number however many attempts there were", () => {
  for (const [initialDelay, delay] of [[1_000, 60_000], [0, 0]] as const) {
    const policy = new RetryPolicy({ maxAttempts: Infinity, initialDelay }, { random: () => 0 });
    expect(policy.onFailure(new Error("x"), { ...emptyContext, attempt: 5_000 })).toEqual({ action: "retry", delay });
  }
});

const emptyContext = {
  workflowName: "w",
  runId: "r",
  nodeName: "n",
  attempt: 1,
  signal: new AbortController().signal,
  idempotencyKey: "k",
  fence: 0n,
  random: () => 0,
  progress: () => {},
  log: { debug() {}, info() {}, warn() {}, error() {} },
  shared: new RunLifetime({ workflowName: "w", runId: "r" }),
};

Deno.test("retryIf decides by error and attempt whether another one is worth it", async () => {
  const seen: [string, number][] = [];
  const clock = new ManualClock();
  const { node, attempts } = flaky(Infinity, {
    retry: {
      maxAttempts: 10,
      initialDelay: 1,
      retryIf: (error, attempt) => {
        seen.push([String(error), attempt]);
        return attempt < 2;
      },
    },
  });
  const run = await new LocalWorkflow(node, { workflowName: "retry", clock }).start();
  await clock.untilTimers();
  clock.advance(1);
  await expect(run.result()).rejects.toThrow(/failure 2/);
  expect(attempts).toEqual([1, 2]);
  expect(seen).toEqual([["RangeError: failure 1", 1], ["RangeError: failure 2", 2]]);
});

Deno.test("A retryIf that throws fails the node with what it threw", async () => {
  const { node } = flaky(Infinity, {
    retry: {
      maxAttempts: 2,
      retryIf: () => {
        throw new TypeError("who knows");
      },
    },
  });
  await expect(new LocalWorkflow(node, { workflowName: "retry" }).run()).rejects.toThrow(/who knows/);
});

Deno.test("A step that waits for its next attempt is PENDING and holds no slot", async () => {
  const clock = new ManualClock();
  const { node } = flaky(1, { retry: { maxAttempts: 2, initialDelay: 50 } });
  const other = task(() => "other", { name: "other" })();
  const run = await new LocalWorkflow([node, other], { workflowName: "retry", clock, concurrency: 1 }).start();
  await clock.untilTimers();
  const statuses = async () => Object.fromEntries((await run.status()).steps.map(({ name, status }) => [name, status]));
  while ((await statuses())[other.name] !== "SUCCEEDED") await new Promise((resolve) => setTimeout(resolve, 0));
  expect(await statuses()).toEqual({ [node.name]: "PENDING", [other.name]: "SUCCEEDED" });
  clock.advance(50);
  expect(await run.result()).toEqual(["done", "other"]);
});

Deno.test("RetryPolicy makes three attempts if nothing else was asked for", async () => {
  const clock = new ManualClock();
  const { node, attempts } = flaky(2, { policies: [new RetryPolicy({ initialDelay: 4 }, { random: () => 0.5 })] });
  const run = await new LocalWorkflow(node, { workflowName: "retry", clock }).start();
  expect(await clock.untilTimers()).toEqual([2]);
  clock.advance(2);
  expect(await clock.untilTimers()).toEqual([4]);
  clock.advance(4);
  expect(await run.result()).toBe("done");
  expect(attempts).toEqual([1, 2, 3]);
  expect(() => new RetryPolicy({ maxAttempts: 0 })).toThrow(ConfigError);
});

Deno.test("A query sets retries for one workflow only", async () => {
  const { node, attempts } = flaky(1, {});
  const clock = new ManualClock();
  const workflow = new LocalWorkflow(node, { workflowName: "retry", clock });
  workflow.query("flaky*").setOptions({ retry: { maxAttempts: 2, initialDelay: 1 } });
  const run = await workflow.start();
  await clock.untilTimers();
  clock.advance(1);
  expect(await run.result()).toBe("done");
  attempts.length = 0;
  await expect(new LocalWorkflow(node, { workflowName: "other" }).run()).rejects.toThrow(StepFailedError);
  expect(attempts).toEqual([1]);
});

Deno.test("with() sets retries for one node over the options of its task", async () => {
  const clock = new ManualClock();
  const { node, attempts } = flaky(1, { retry: { maxAttempts: 1 }, seed: 1 });
  node.with({ retry: { maxAttempts: 2, initialDelay: 1 } });
  const run = await new LocalWorkflow(node, { workflowName: "retry", clock }).start();
  await clock.untilTimers();
  clock.advance(1);
  expect(await run.result()).toBe("done");
  expect(attempts).toEqual([1, 2]);
});
