import { expect } from "@std/expect";
import { type Node, PoolWorkflow, type Run, StepFailedError, TimeoutError, TimeoutPolicy } from "@fusewire/fusewire";
import { add, thread } from "../pool_fixtures/arithmetic.ts";
import { blocked, busy, deaf, endless, endlessOnce, endlessTry, hogs } from "../pool_fixtures/breakers.ts";
import { makeLedger } from "../pool_fixtures/ledgers.ts";
import { polite } from "../pool_fixtures/observers.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "limits", workers: 1 };

async function begun(run: Run<unknown>): Promise<void> {
  for await (const { event } of run.events()) if (event === "step_progress") return;
}

/** Waits until a worker has put something else than 0 into shared memory. */
async function noted(shared: SharedArrayBuffer): Promise<void> {
  await Atomics.waitAsync(new Int32Array(shared), 0, 0).value;
}

const stubborn: readonly [string, () => Node<unknown>][] = [
  ["an endless loop", endless],
  ["an endless loop that catches what it can", endlessTry],
  ["a thread that is blocked", blocked],
];

for (const [name, make] of stubborn) {
  poolTest(`A time limit ends ${name}, and the same worker goes on with its objects`, async () => {
    const ledger = makeLedger(1);
    const before = ledger.thread();
    const stopped = make().with({ timeout: 50, onFailure: (error) => error instanceof TimeoutError }).after(before);
    const sum = ledger.add(1).after(stopped);
    const targets = [before, stopped, sum, ledger.thread()] as const;
    const [first, outcome, total, last] = await new PoolWorkflow(targets, options).run();
    expect([outcome, total]).toEqual([true, 2]);
    expect(last).toBe(first);
  });
}

poolTest("A function past its limit fails with a TimeoutError that names node and limit, soon", async () => {
  const node = endless().with({ timeout: 50 });
  const run = await new PoolWorkflow(node, options).start();
  const error: unknown = await run.result().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError)) throw error;
  expect(error.cause).toBeInstanceOf(TimeoutError);
  expect(error.message).toContain(`Attempt 1 of node \`${node.name}\` in workflow \`limits\` took longer than 50 ms.`);
});

poolTest(
  "A run past its time ends the thread that keeps it, and fails with a TimeoutError that names run and limit",
  async () => {
    const node = endless();
    const run = await new PoolWorkflow([add(1, 1), node], { ...options, timeout: 700 }).start();
    const error: unknown = await run.result().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error instanceof Error && error.message).toBe(
      `Run ${run.id} of workflow \`limits\` took longer than 700 ms.`,
    );
    const { status, steps } = await run.status();
    expect([status, steps.at(-1)?.status]).toEqual(["FAILED", "CANCELLED"]);
  },
);

poolTest("A function past its limit is run again by its retry options", async () => {
  const node = endlessOnce().with({ timeout: 500, retry: { maxAttempts: 2, initialDelay: 0 } });
  expect(await new PoolWorkflow(node, options).run()).toBe(2);
  const policed = endlessOnce().with({
    policies: [new TimeoutPolicy(500)],
    retry: { maxAttempts: 2, initialDelay: 0 },
  });
  expect(await new PoolWorkflow(policed, options).run()).toBe(2);
});

poolTest("The time of an attempt begins when its function does: the wait for a worker does not count", async () => {
  const nodes = Array.from({ length: 6 }, () => busy(100).with({ timeout: 400 }));
  await new PoolWorkflow(nodes, options).run();
});

poolTest("Asynchronous code hears of its limit through the signal, in the worker", async () => {
  const shared = new SharedArrayBuffer(4);
  const node = polite(shared).with({
    timeout: 100,
    onFailure: (error) => void expect(error).toBeInstanceOf(TimeoutError),
  });
  const keeper = busy(300).after(node);
  await new PoolWorkflow(keeper, options).run();
  expect(new Int32Array(shared)[0]).toBe(2);
});

poolTest("Asynchronous code that does not listen is left behind, and its worker is free for others", async () => {
  const left = deaf().with({ timeout: 50, onFailure: () => undefined });
  const ledger = makeLedger(1);
  const targets = [ledger.add(1), ledger.add(1).after(left)];
  expect(await new PoolWorkflow(targets, { ...options, maxPendingTasks: 1 }).run()).toEqual([2, 3]);
});

poolTest("A worker that is kept where no limit reaches is given up and replaced", async () => {
  const hog = hogs(1_500).with({ timeout: 50, onFailure: (error) => error instanceof TimeoutError });
  const before = thread();
  const after = thread(hog);
  const [first, outcome, second] = await new PoolWorkflow([before, hog.after(before), after], options).run();
  expect(outcome).toBe(true);
  expect(second).not.toBe(first);
});

poolTest("cancel() ends a run whose functions wait, with their signals aborted", async () => {
  const shared = new SharedArrayBuffer(4);
  const run = await new PoolWorkflow([polite(shared), add(1, 1)], { ...options, workers: 2 }).start();
  await noted(shared);
  await run.cancel();
  expect((await run.status()).status).toBe("CANCELLED");
  await expect(run.result()).rejects.toMatchObject({ code: "CANCELLED" });
});

poolTest("cancel() does not wait for a function that keeps its thread", async () => {
  const run = await new PoolWorkflow(busy(3_000), options).start();
  await begun(run);
  const start = performance.now();
  await run.cancel();
  expect(performance.now() - start).toBeLessThan(2_000);
  expect((await run.status()).steps.map(({ status }) => status)).toEqual(["CANCELLED"]);
});

poolTest("cancel() of one run leaves another run of the workflow alone", async () => {
  const shared = new SharedArrayBuffer(4);
  const workflow = new PoolWorkflow(polite(shared), { ...options, workers: 2 });
  const first = await workflow.start();
  await noted(shared);
  Atomics.store(new Int32Array(shared), 0, 0);
  const second = await workflow.start();
  await noted(shared);
  await first.cancel();
  expect((await first.status()).status).toBe("CANCELLED");
  expect((await second.status()).status).toBe("RUNNING");
  await second.cancel();
});

poolTest("A failure lets what is at work finish, and cancels what hangs on it", async () => {
  const bad = endless().with({ timeout: 20 });
  const good = add(2, 2);
  const run = await new PoolWorkflow([thread(bad), good], { ...options, workers: 2 }).start();
  await run.result().catch(() => {});
  const states = Object.fromEntries((await run.status()).steps.map(({ name, status }) => [name.split("_")[0], status]));
  expect(states).toEqual({ endless: "FAILED", thread: "CANCELLED", add: "SUCCEEDED" });
});
