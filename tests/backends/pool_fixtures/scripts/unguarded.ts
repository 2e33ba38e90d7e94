/** A script that runs itself without a guard. */
import { PoolWorkflow, task } from "@fusewire/fusewire";

const one = task(function one(): number {
  return 1;
});
console.log(await new PoolWorkflow(one(), { workflowName: "unguarded", workers: 2 }).run());
