import { expect } from "@std/expect";
import { context, map, namingScope, type Node, sleep, task } from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { until } from "../engine/storages.ts";

const begun = Promise.withResolvers<void>();
const stopped = Promise.withResolvers<unknown>();
const idle = task(async (): Promise<void> => {
  const { signal } = context();
  signal.addEventListener("abort", () => stopped.resolve(signal.reason));
  begun.resolve();
  await stopped.promise;
}, { name: "idle" });

/** Starts a node on a backend of one's own, and cancels the run once the node waits. */
async function cancelled(build: () => Node<unknown>, clock: VirtualClock, waits: () => unknown): Promise<void> {
  const run = await new SequentialWorkflow(namingScope(build), { workflowName: "own", clock }).start();
  await until(async () => await waits() !== false, "a node that waits");
  await run.cancel();
  expect((await run.status()).status).toBe("CANCELLED");
}

Deno.test("a backend of one's own that is cancelled leaves no sleep behind", async () => {
  const clock = new VirtualClock();
  await cancelled(() => sleep(3_600_000), clock, () => clock.pending > 0);
  expect(clock.pending).toBe(0);
});

Deno.test("a backend of one's own that is cancelled ends the runs that its nodes wait for", async () => {
  await cancelled(
    () => map(task(() => [1], { name: "list" })(), () => idle()),
    new VirtualClock(),
    () => begun.promise,
  );
  expect(await stopped.promise).toMatchObject({ name: "CancelledError" });
});
