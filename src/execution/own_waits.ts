/**
 * Waiting in this process, for backends of one's own.
 *
 * @module
 */
import { ChildSkipped } from "../attempt.ts";
import type { Clock } from "../clock.ts";
import { context } from "../context.ts";
import type { Wait } from "../control/wait.ts";
import { GraphError, StepFailedError } from "../errors.ts";
import { NestedWorkflow } from "../in_process.ts";

/** How runs are made that nodes of such a backend wait for. */
const NESTED = { concurrency: 16, cache: false } as const;

/**
 * Waits for what no node of a graph does, until the attempt is stopped.
 *
 * @throws {GraphError} If it is a signal, which only runs of this package's backends are sent.
 * @throws {ChildSkipped} If a target of the run that it waits for was skipped.
 */
export async function waitInProcess(
  wait: Wait,
  node: string,
  { workflowName, clock }: { readonly workflowName: string; readonly clock: Clock },
): Promise<unknown> {
  switch (wait.kind) {
    case "time": {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.setTimer(Math.max(0, wait.until - clock.now()), resolve);
      const { signal } = context();
      const onStop = (): void => timer.cancel();
      if (signal.aborted) onStop();
      else signal.addEventListener("abort", onStop, { once: true });
      await promise;
      return signal.removeEventListener("abort", onStop);
    }
    case "signal":
      throw new GraphError(
        `Node \`${node}\` of workflow \`${workflowName}\` waits for the signal ${
          JSON.stringify(wait.name)
        }, which this backend can not be sent; run it on LocalWorkflow, PoolWorkflow or a runtime.`,
        { workflow: workflowName, node },
      );
    case "child":
      return await resultOf(new NestedWorkflow(wait.definition, { ...NESTED, input: wait.input, clock }));
    case "items": {
      const { body, list } = wait;
      const definition = body.definition(node, list.length, { name: workflowName, version: "" });
      const concurrency = Math.min(NESTED.concurrency, body.limits.concurrency);
      try {
        return await resultOf(new NestedWorkflow(definition, { ...NESTED, concurrency, input: list, clock }));
      } catch (error) {
        // It is the map that has failed, not a node that gathers its items.
        throw error instanceof StepFailedError ? error.cause ?? error : error;
      }
    }
  }
}

/** Makes a run, and cancels it if the attempt is stopped that waits for it. */
async function resultOf(workflow: NestedWorkflow): Promise<unknown> {
  const { signal } = context();
  const run = await workflow.start();
  const onStop = (): void => void run.cancel();
  if (signal.aborted) onStop();
  else signal.addEventListener("abort", onStop, { once: true });
  try {
    return await run.result();
  } catch (error) {
    if ((await run.status()).status !== "SKIPPED") throw error;
    throw new ChildSkipped(`A target of a run of workflow \`${workflow.workflowName}\` was skipped.`, { cause: error });
  } finally {
    signal.removeEventListener("abort", onStop);
  }
}
