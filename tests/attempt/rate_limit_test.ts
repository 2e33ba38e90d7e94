import { expect } from "@std/expect";
import { CancelledError, ConfigError, LocalWorkflow, type RateLimit, task } from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

/** Nodes of one limit, and when each of their attempts began. */
function limited(clock: ManualClock, count: number, rateLimit: RateLimit, failures = 0) {
  const begun: number[] = [];
  const step = task((n: number) => {
    begun.push(clock.now());
    if (begun.length <= failures) throw new RangeError("not yet");
    return n;
  }, { name: "step", rateLimit, retry: { maxAttempts: 1 + failures, initialDelay: 0 } });
  return { begun, nodes: Array.from({ length: count }, (_, n) => step(n)) };
}

/** Moves the clock until a run has ended. */
async function drive<T>(clock: ManualClock, result: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => void (isOver = true);
  result.then(over, over);
  while (!isOver) {
    const [next = 0] = clock.delays;
    clock.advance(next);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return await result;
}

Deno.test("rateLimit: no more attempts begin in an interval than the limit, and every node runs", async () => {
  const clock = new ManualClock();
  const { begun, nodes } = limited(clock, 7, { key: "local/seven", limit: 2, interval: 1_000 });
  const run = await new LocalWorkflow(nodes, { workflowName: "limited", clock }).start();
  expect(await drive(clock, run.result())).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(begun).toEqual([0, 0, 1_000, 1_000, 2_000, 2_000, 3_000]);
});

Deno.test("rateLimit: repeated attempts count, and runs and workflows share the key", async () => {
  const clock = new ManualClock();
  const rateLimit = { key: "local/shared", limit: 1, interval: 100 };
  const one = limited(clock, 1, rateLimit, 2);
  const two = limited(clock, 2, rateLimit);
  const results = await drive(
    clock,
    Promise.all([
      new LocalWorkflow(one.nodes, { workflowName: "one", clock }).run(),
      new LocalWorkflow(two.nodes, { workflowName: "two", clock }).run(),
    ]),
  );
  expect(results).toEqual([[0], [0, 1]]);
  expect([...one.begun, ...two.begun].sort((a, b) => a - b)).toEqual([0, 100, 200, 300, 400]);
});

Deno.test("rateLimit: a step that waits for its turn is PENDING, and holds neither a slot nor its concurrency key", async () => {
  const clock = new ManualClock();
  const concurrency = { key: "local/held", limit: 1 };
  const slow = task((n: number) => n, {
    name: "slow",
    concurrency,
    rateLimit: { key: "local/held", limit: 1, interval: 1_000 },
  });
  const free = task(() => "free", { name: "free", concurrency });
  const seen: unknown[] = [];
  const note = task((value: unknown) => void seen.push(value), { name: "note" });
  const nodes = [slow(1), slow(2), note(free())];
  const run = await new LocalWorkflow(nodes, { workflowName: "held", clock, concurrency: 1 }).start();
  await clock.untilTimers();
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  const { steps } = await run.status();
  expect(steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "PENDING", "SUCCEEDED", "SUCCEEDED"]);
  clock.advance(1_000);
  expect(await run.result()).toEqual([1, 2, undefined]);
});

Deno.test("rateLimit: a run that is cancelled waits for no turn", async () => {
  const clock = new ManualClock();
  const { begun, nodes } = limited(clock, 2, { key: "local/cancelled", limit: 1, interval: 1e9 });
  const run = await new LocalWorkflow(nodes, { workflowName: "cancelled", clock }).start();
  await clock.untilTimers();
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  expect([begun, clock.delays]).toEqual([[0], []]);
});

Deno.test("rateLimit: a limit that can not be kept is refused where it is given", () => {
  const give = (rateLimit: object) => () =>
    task(() => 1, { rateLimit: Object.assign({ key: "k", limit: 1, interval: 1 }, rateLimit) });
  for (
    const [wrong, name] of [
      [{ limit: 0 }, "rateLimit.limit"],
      [{ limit: 1.5 }, "rateLimit.limit"],
      [{ limit: Infinity }, "rateLimit.limit"],
      [{ interval: 0 }, "rateLimit.interval"],
      [{ interval: Infinity }, "rateLimit.interval"],
      [{ interval: NaN }, "rateLimit.interval"],
      [{ key: 7 }, "rateLimit.key"],
    ] as const
  ) {
    expect(give(wrong)).toThrow(ConfigError);
    expect(give(wrong)).toThrow(name);
  }
});
