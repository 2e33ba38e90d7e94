/** A script that cancels a run while a function keeps its thread, and then has nothing more to do. */
import { context, PoolWorkflow, task } from "@fusewire/fusewire";

const endless = task(function endless(): never {
  context().progress(0);
  while (true);
});

if (import.meta.main) {
  const run = await new PoolWorkflow(endless(), { workflowName: "cancelled", workers: 1 }).start();
  for await (const { event } of run.events()) if (event === "step_progress") void run.cancel();
  console.log((await run.status()).status);
}
