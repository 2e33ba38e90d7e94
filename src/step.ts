/**
 * One step of a run in this process that is more than a plain call: conditions, stored results, plugins, attempts and the waits
 * between them, and the saving of the result.
 *
 * @module
 */
import { type AttemptOutcome, runAttempt } from "./attempt.ts";
import { freeKey, takeKey, waitForKey } from "./concurrency_key.ts";
import type { Execution } from "./execution.ts";
import type { PluginCall, PluginContext, PluginOutcome } from "./plugin.ts";

/** Takes the step at `place` from ready to ended. */
export async function runStep(run: Execution, place: number): Promise<void> {
  const { results } = run;
  if (results?.actionAt(place) === "load") {
    const loaded = await results.load(place);
    return loaded === undefined ? run.recompute(place) : run.succeedStored(place, loaded.value);
  }
  if (!conditionsHold(run, place)) return run.skip(place);
  if (results !== undefined && await results.isFresh(place, run.argumentsAt(place), run.values)) {
    const loaded = await results.load(place);
    if (loaded !== undefined) return run.succeedStored(place, loaded.value);
  }
  if (!run.stopSignal.aborted) await attemptUntilDone(run, place);
}

function conditionsHold(run: Execution, place: number): boolean {
  return (run.setup.program.conditions.get(place) ?? []).every(({ holds }) => holds(run.values));
}

async function attemptUntilDone(run: Execution, place: number): Promise<void> {
  const { setup, record } = run;
  const nodeName = setup.program.graph.names.at(place);
  const plugins = setup.pluginsAt(place) ?? [];
  const contextOf = (attempt: number): PluginContext => ({
    workflowName: setup.workflowName,
    runId: run.id,
    nodeName,
    attempt,
  });
  const tell = async (attempt: number, outcome: PluginOutcome): Promise<void> => {
    for (const plugin of plugins) await plugin.finished?.(outcome, contextOf(attempt));
  };
  record.started(place);
  const calls: PluginCall[] = [];
  for (const plugin of plugins) calls.push({ plugin, state: await plugin.localInitialize?.(contextOf(0)) });
  for (let attempt = 1;; attempt++) {
    const outcome = await attemptWithKey(run, place, attempt, calls);
    if (run.isOver(place)) return await tell(attempt, { status: "CANCELLED" });
    switch (outcome.kind) {
      case "retry":
        record.attemptFailed(place, attempt, outcome.error);
        await run.holdUp(place, (resolve) => setup.clock.setTimer(outcome.delay, resolve).cancel);
        if (run.stopSignal.aborted) return await tell(attempt, { status: "CANCELLED" });
        break;
      case "skipped":
        await tell(attempt, { status: "SKIPPED" });
        return run.skip(place, outcome.error);
      case "failed":
        record.attemptFailed(place, attempt, outcome.error);
        await tell(attempt, { status: "FAILED", error: run.failure(place, outcome.error) });
        return run.fail(place, outcome.error);
      case "succeeded": {
        const value = run.results === undefined ? outcome.value : await run.results.save(place, outcome.value);
        await tell(attempt, { status: "SUCCEEDED", value: outcome.value });
        return run.succeed(place, value);
      }
    }
  }
}

async function attemptWithKey(
  run: Execution,
  place: number,
  attempt: number,
  plugins: readonly PluginCall[],
): Promise<AttemptOutcome> {
  const limit = run.setup.optionsAt(place)?.concurrency;
  if (limit === undefined) return await attemptOnce(run, place, attempt, plugins);
  if (!takeKey(limit)) {
    await run.holdUp(place, (resolve) => waitForKey(limit, resolve));
    if (run.stopSignal.aborted) return { kind: "failed", error: run.stopSignal.reason };
  }
  try {
    return await attemptOnce(run, place, attempt, plugins);
  } finally {
    freeKey(limit);
  }
}

async function attemptOnce(
  run: Execution,
  place: number,
  attempt: number,
  plugins: readonly PluginCall[],
): Promise<AttemptOutcome> {
  const { setup, record } = run;
  const { workflowName, invoke } = setup;
  record.attempt(place, attempt);
  const call = setup.program.calls[place]!;
  const nodeName = setup.program.graph.names.at(place);
  return await runAttempt(
    { workflowName, runId: run.id, nodeName, attempt },
    (context) => {
      const args = run.argumentsAt(place);
      return invoke === undefined
        ? Reflect.apply(call, undefined, args)
        : invoke({ place, call, args, plugins }, context);
    },
    {
      options: setup.optionsAt(place),
      policies: setup.policies,
      plugins: invoke === undefined ? plugins : [],
      signal: run.stopSignal,
      onProgress: (fraction, message) => record.progress(place, fraction, message),
      clock: setup.clock,
    },
  );
}
