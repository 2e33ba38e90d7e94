/**
 * Waiting in this process, for backends of one's own.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Wait } from "../control/wait.ts";
import { GraphError } from "../errors.ts";
import { NestedWorkflow } from "../in_process.ts";

/** How runs are made that nodes of such a backend wait for. */
const NESTED = { concurrency: 16, cache: false } as const;

/**
 * Waits for what no node of a graph does.
 *
 * @throws {GraphError} If it is a signal, which only runs of this package's backends are sent.
 */
export async function waitInProcess(
  wait: Wait,
  node: string,
  { workflowName, clock }: { readonly workflowName: string; readonly clock: Clock },
): Promise<unknown> {
  switch (wait.kind) {
    case "time": {
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.setTimer(Math.max(0, wait.until - clock.now()), resolve);
      return await promise;
    }
    case "signal":
      throw new GraphError(
        `Node \`${node}\` of workflow \`${workflowName}\` waits for the signal ${
          JSON.stringify(wait.name)
        }, which this backend can not be sent; run it on LocalWorkflow, PoolWorkflow or a runtime.`,
        { workflow: workflowName, node },
      );
    case "child":
      return await new NestedWorkflow(wait.definition, { ...NESTED, input: wait.input, clock }).run();
    case "items": {
      const { body, list } = wait;
      const definition = body.definition(node, list.length, { name: workflowName, version: "" });
      const concurrency = Math.min(NESTED.concurrency, body.limits.concurrency);
      return await new NestedWorkflow(definition, { ...NESTED, concurrency, input: list, clock }).run();
    }
  }
}
