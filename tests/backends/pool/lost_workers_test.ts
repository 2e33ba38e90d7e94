import { expect } from "@std/expect";
import { type Node, PoolWorkflow, StepFailedError, WorkerLostError } from "@fusewire/fusewire";
import { closes, exits, rejectsLater, throwsLater, waits } from "../pool_fixtures/breakers.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "lost", workers: 2 };

const ways: readonly [string, (shared: SharedArrayBuffer, times: number) => Node<number>, string][] = [
  ["Deno.exit()", exits, "ended before the node did; its code must not call Deno.exit() or self.close()"],
  ["self.close()", closes, "ended before the node did; its code must not call Deno.exit() or self.close()"],
  ["an uncaught error", throwsLater, "crashed on an error that nobody caught: out of band"],
  ["an unhandled rejection", rejectsLater, "crashed on an error that nobody caught: nobody waits"],
];

for (const [name, make, message] of ways) {
  poolTest(`A worker that ends by ${name} fails its node`, async () => {
    const node = make(new SharedArrayBuffer(4), 1);
    const workflow = new PoolWorkflow(node, { ...options, workers: 1 });
    const error: unknown = await workflow.run().catch((error: unknown) => error);
    if (!(error instanceof StepFailedError)) throw error;
    expect(error.cause).toBeInstanceOf(WorkerLostError);
    expect(error.cause).toMatchObject({ code: "WORKER_LOST", node: node.name });
    expect(error.message).toContain(`The worker of node \`${node.name}\` ${message}`);
  });

  poolTest(`After ${name} the node is run again by its retry options, on another worker`, async () => {
    const node = make(new SharedArrayBuffer(4), 2).with({ retry: { maxAttempts: 3, initialDelay: 0 } });
    expect(await new PoolWorkflow(node, { ...options, workers: 1 }).run()).toBe(3);
  });
}

poolTest("An uncaught error is the cause of what its node fails with", async () => {
  const error: unknown = await new PoolWorkflow(throwsLater(new SharedArrayBuffer(4), 1), options).run()
    .catch((error: unknown) => error);
  expect(error).toMatchObject({ cause: { cause: { message: "out of band", name: "RangeError" } } });
});

poolTest("Other nodes that wait on a lost worker fail too, and are retried by their own options", async () => {
  const flag = new SharedArrayBuffer(4);
  const count = new SharedArrayBuffer(4);
  const waiting = waits(flag).with({ retry: { maxAttempts: 2, initialDelay: 0 } });
  const given = waits(flag).with({ onFailure: (error) => String(error) });
  const crash = exits(count, 1).with({
    onFailure: () => {
      Atomics.store(new Int32Array(flag), 0, 1);
      return -1;
    },
  });
  const targets = [waiting, given, crash] as const;
  const [again, failed, crashed] = await new PoolWorkflow(targets, { ...options, workers: 1, maxPendingTasks: 3 })
    .run();
  expect(again).toMatch(/^fusewire-/);
  expect(failed).toContain(`WorkerLostError: The worker of node \`${given.name}\` ended before the node did`);
  expect(crashed).toBe(-1);
});
