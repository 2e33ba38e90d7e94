/** A script as it should be. */
import { PoolWorkflow, StepFailedError, task } from "@fusewire/fusewire";

const one = task(function one(): number {
  return 1;
});
const fail = task(function fail(): number {
  throw new RangeError("broken");
});

if (import.meta.main) {
  console.log(await new PoolWorkflow(one(), { workflowName: "guarded", workers: 2 }).run());
  try {
    await new PoolWorkflow([one(), fail()], { workflowName: "guarded" }).run();
  } catch (error) {
    console.log(error instanceof StepFailedError && error.cause instanceof RangeError);
  }
}
