/**
 * A backend of one's own, made of the public parts only: one step after another.
 *
 * @module
 */
import {
  type AttemptOutcome,
  type BackendRun,
  type BackendStep,
  BaseWorkflow,
  type PluginCall,
  type ResultOf,
  type Run,
  runAttempt,
  type WorkflowSource,
} from "@fusewire/fusewire";

/** Runs one step after another, in topological order. */
export class SequentialWorkflow<const S extends WorkflowSource> extends BaseWorkflow<S> {
  async start(): Promise<Run<ResultOf<S>>> {
    await this.checkInput();
    return this.newRun(async (run) => {
      const values: unknown[] = [];
      for (const step of this.steps()) {
        if (run.isOver(step)) continue;
        const outcome = await this.#outcome(run, step, values);
        if (outcome.kind === "succeeded") values[step.place] = outcome.value;
        if (outcome.kind === "succeeded") run.succeeded(step);
        else if (outcome.kind === "skipped") run.skipped(step, outcome.error);
        else run.failed(step, outcome.error);
      }
      return values;
    });
  }

  async #outcome(run: BackendRun, step: BackendStep, values: readonly unknown[]): Promise<AttemptOutcome> {
    if (!step.mayRun(values)) return { kind: "skipped", error: undefined };
    run.started(step);
    const { workflowName, policies, clock } = this;
    const place = { workflowName, runId: run.id, nodeName: step.name };
    const plugins: PluginCall[] = [];
    for (const plugin of step.plugins) {
      plugins.push({ plugin, state: await plugin.localInitialize?.({ ...place, attempt: 0 }) });
    }
    const options = { options: step.options, policies, plugins, signal: run.stopSignal, lifetime: run.lifetime, clock };
    for (let attempt = 1;; attempt++) {
      const outcome = await runAttempt({ ...place, attempt }, () => step.call(values), options);
      if (outcome.kind !== "retry") return outcome;
      run.waits(step, attempt, outcome.error);
      await new Promise<void>((resolve) => clock.setTimer(outcome.delay, resolve));
      run.startedAgain(step, attempt + 1);
    }
  }
}
