/** A script that runs itself without a guard, after it has been imported, and that keeps its errors to itself in a worker. */
import { PoolWorkflow, task } from "@fusewire/fusewire";

const slow = task(async function slow(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  return 1;
}, { retry: { maxAttempts: 3, initialDelay: 1 } });

async function main(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10));
  console.log(await new PoolWorkflow(slow(), { workflowName: "later", workers: 2 }).run());
}
main().catch((error: unknown) => {
  if (!import.meta.main) return;
  console.error(`main: ${error}`);
  Deno.exitCode = 1;
});
