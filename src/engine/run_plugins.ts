/**
 * Plugins of the steps of durable runs: around all attempts that a worker makes in one go, where they are made.
 *
 * @module
 */
import type { AttemptOutcome } from "../attempt.ts";
import { StepFailedError } from "../errors.ts";
import type { Plugin, PluginCall, PluginContext, PluginOutcome } from "../plugin.ts";

/** Initializes the plugins of a step, and notes each before it may fail. */
export async function startPlugins(
  plugins: readonly Plugin<unknown>[],
  context: PluginContext,
  calls: PluginCall[],
): Promise<void> {
  for (const plugin of plugins) {
    const at = calls.push({ plugin, state: undefined }) - 1;
    calls[at] = { plugin, state: await plugin.localInitialize?.(context) };
  }
}

/** Tells every plugin how the step ended; gives the first error that one of them threw. A step that is to be repeated has not ended. */
export async function endPlugins(
  plugins: readonly PluginCall[],
  outcome: AttemptOutcome,
  isCurrent: boolean,
  context: PluginContext,
): Promise<{ readonly error: unknown } | undefined> {
  if (outcome.kind === "retry" && isCurrent) return undefined;
  let broken: { readonly error: unknown } | undefined;
  for (const { plugin } of plugins) {
    try {
      await plugin.finished?.(isCurrent ? pluginOutcome(outcome, context) : { status: "CANCELLED" }, context);
    } catch (error) {
      broken ??= { error };
    }
  }
  return broken;
}

function pluginOutcome(outcome: AttemptOutcome, { workflowName, nodeName }: PluginContext): PluginOutcome {
  switch (outcome.kind) {
    case "succeeded":
      return { status: "SUCCEEDED", value: outcome.value };
    case "skipped":
      return { status: "SKIPPED" };
    case "retry":
    case "failed":
      return {
        status: "FAILED",
        error: new StepFailedError(
          `Node \`${nodeName}\` of workflow \`${workflowName}\` failed: ${
            outcome.error instanceof Error ? outcome.error.message : String(outcome.error)
          }`,
          { cause: outcome.error, workflow: workflowName, node: nodeName },
        ),
      };
  }
}
