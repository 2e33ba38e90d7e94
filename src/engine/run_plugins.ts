/**
 * Plugins of durable runs: around a run as long as one worker holds it, and around all attempts of a step that it makes in one go.
 *
 * @module
 */
import type { AttemptOutcome } from "../attempt.ts";
import { StepFailedError } from "../errors.ts";
import type { Plugin, PluginCall, PluginContext, PluginOutcome, PluginRunContext } from "../plugin.ts";
import type { ActiveRun } from "./active_run.ts";
import { hasEnded } from "./transitions.ts";

/** The plugins of a run that were told that it begins, with what they were told. */
export class RunPlugins {
  readonly #begun: { readonly plugin: Plugin<unknown>; readonly context: PluginRunContext }[] = [];

  /** Tells every plugin of a run's open steps that it begins here; once, also if the run has to be opened again. */
  async begin(run: ActiveRun): Promise<void> {
    if (this.#begun.length > 0) return;
    const steps = new Map<Plugin<unknown>, number>();
    for (const place of run.executable.plugged) {
      if (hasEnded(run.state.steps[place]!.phase)) continue;
      for (const plugin of run.executable.pluginsAt(place) ?? []) steps.set(plugin, (steps.get(plugin) ?? 0) + 1);
    }
    for (const [plugin, count] of steps) {
      const context = { workflowName: run.run.workflow, runId: run.id, steps: count };
      this.#begun.push({ plugin, context });
      await plugin.runStarted?.(context);
    }
  }

  /** Tells those that heard of its beginning that the run has left this worker. */
  async end(run: ActiveRun): Promise<void> {
    for (const { plugin, context } of this.#begun.splice(0)) {
      try {
        await plugin.runFinished?.(context);
      } catch (error) {
        run.host.warn(`runFinished() of a plugin of run ${run.id} threw: ${String(error)}`, run);
      }
    }
  }
}

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
