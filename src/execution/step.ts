/**
 * One step of a run in this process that is more than a plain call: conditions, stored results, plugins, attempts and the waits
 * between them, and the saving of the result.
 *
 * @module
 */
import { type AttemptOutcome, runAttempt } from "../attempt.ts";
import { freeKey, takeKey, waitForKey } from "./concurrency_key.ts";
import type { Execution } from "./execution.ts";
import { beginThen, withoutHooks } from "../hooks.ts";
import { turns } from "./rate_limit.ts";
import type { Plugin, PluginCall, PluginContext, PluginOutcome } from "../plugin.ts";
import type { StepCall } from "./setup.ts";

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
  if (!run.isStopped(place)) await attemptUntilDone(run, place);
}

function conditionsHold(run: Execution, place: number): boolean {
  return (run.setup.program.conditions.get(place) ?? []).every(({ holds }) => holds(run.values));
}

/** How a step that made attempts ended; `attempt` is the last one. */
type StepEnd =
  & { readonly attempt: number }
  & (
    /** `kept` is what readers get: the value, or what was read back from the storage. */
    | { readonly kind: "succeeded"; readonly value: unknown; readonly kept: unknown }
    | { readonly kind: "failed" | "skipped"; readonly error: unknown }
    | { readonly kind: "over" }
  );

async function attemptUntilDone(run: Execution, place: number): Promise<void> {
  const { setup, record } = run;
  const nodeName = setup.program.graph.names.at(place);
  const contextOf = (attempt: number): PluginContext => ({
    workflowName: setup.workflowName,
    runId: run.id,
    nodeName,
    attempt,
  });
  record.started(place);
  const calls: PluginCall[] = [];
  const begun: Plugin<unknown>[] = [];
  let end: StepEnd;
  try {
    for (const plugin of setup.pluginsAt(place) ?? []) {
      begun.push(plugin);
      calls.push({ plugin, state: await plugin.localInitialize?.(contextOf(0)) });
    }
    end = await lastAttempt(run, place, calls);
  } catch (error) {
    const attempt = begun.length > calls.length ? 0 : record.attemptsOf(place);
    end = run.isOver(place) ? { kind: "over", attempt } : { kind: "failed", error, attempt };
  }
  await tellEnd(begun, pluginOutcome(run, place, end), contextOf(end.attempt));
  switch (end.kind) {
    case "over":
      return;
    case "succeeded":
      return run.succeed(place, end.kept);
    case "failed":
      return run.fail(place, end.error);
    case "skipped":
      return run.skip(place, end.error);
  }
}

/** Tells every plugin, also after one of them threw; then the first error counts. */
async function tellEnd(plugins: Plugin<unknown>[], outcome: PluginOutcome, context: PluginContext): Promise<void> {
  let broken: { readonly error: unknown } | undefined;
  for (const plugin of plugins) {
    try {
      await plugin.finished?.(outcome, context);
    } catch (error) {
      broken ??= { error };
    }
  }
  if (broken !== undefined) throw broken.error;
}

function pluginOutcome(run: Execution, place: number, end: StepEnd): PluginOutcome {
  switch (end.kind) {
    case "over":
      return { status: "CANCELLED" };
    case "succeeded":
      return { status: "SUCCEEDED", value: end.value };
    case "failed":
      return { status: "FAILED", error: run.failure(place, end.error) };
    case "skipped":
      return { status: "SKIPPED" };
  }
}

async function lastAttempt(run: Execution, place: number, calls: readonly PluginCall[]): Promise<StepEnd> {
  for (let attempt = 1;; attempt++) {
    const outcome = await attemptWithKey(run, place, attempt, calls);
    if (run.isOver(place)) return { kind: "over", attempt };
    switch (outcome.kind) {
      case "retry":
        run.record.attemptFailed(place, attempt, outcome.error);
        await holdUpFor(run, place, outcome.delay);
        if (run.isStopped(place)) return { kind: "over", attempt };
        break;
      case "skipped":
        run.record.attemptFailed(place, attempt, outcome.error);
        return { kind: "skipped", error: outcome.error, attempt };
      case "failed":
        run.record.attemptFailed(place, attempt, outcome.error);
        return { kind: "failed", error: outcome.error, attempt };
      case "succeeded": {
        const { value } = outcome;
        const kept = run.results === undefined ? value : await run.results.save(place, value);
        return { kind: "succeeded", value, kept, attempt };
      }
    }
  }
}

/** An attempt, once it has a place under its concurrency key and a turn of its rate limit. */
async function attemptWithKey(
  run: Execution,
  place: number,
  attempt: number,
  plugins: readonly PluginCall[],
): Promise<AttemptOutcome> {
  const { concurrency, rateLimit } = run.setup.optionsAt(place) ?? {};
  const { clock } = run.setup;
  for (;;) {
    if (concurrency !== undefined && !takeKey(concurrency)) {
      await run.holdUp(place, (resolve) => waitForKey(concurrency, resolve));
      if (run.isStopped(place)) return { kind: "failed", error: run.signalAt(place).reason };
    }
    const wait = rateLimit === undefined ? 0 : turns.take(rateLimit, clock.now());
    if (wait === 0) break;
    // Who waits for a turn keeps nobody from a place under the key.
    if (concurrency !== undefined) freeKey(concurrency);
    await holdUpFor(run, place, wait);
    if (run.isStopped(place)) return { kind: "failed", error: run.signalAt(place).reason };
  }
  try {
    return await attemptTraced(run, place, attempt, plugins);
  } finally {
    if (concurrency !== undefined) freeKey(concurrency);
  }
}

async function holdUpFor(run: Execution, place: number, milliseconds: number): Promise<void> {
  await run.holdUp(place, (resolve) => {
    const timer = run.setup.clock.setTimer(milliseconds, resolve);
    return () => timer.cancel();
  });
}

/** An attempt, within what those make who trace it. */
async function attemptTraced(
  run: Execution,
  place: number,
  attempt: number,
  plugins: readonly PluginCall[],
): Promise<AttemptOutcome> {
  const make = (): Promise<AttemptOutcome> => attemptOnce(run, place, attempt, plugins);
  if (run.trace?.attempt === undefined) return await make();
  const { setup: { workflowName, program }, id: runId } = run;
  return await run.trace.attempt({ workflowName, runId, nodeName: program.graph.names.at(place), attempt }, make);
}

async function attemptOnce(
  run: Execution,
  place: number,
  attempt: number,
  plugins: readonly PluginCall[],
): Promise<AttemptOutcome> {
  const { setup, record } = run;
  const { workflowName, invoke } = setup;
  const options = setup.optionsAt(place);
  record.attempt(place, attempt);
  const call = setup.program.calls[place]!;
  const nodeName = setup.program.graph.names.at(place);
  return await runAttempt(
    { workflowName, runId: run.id, nodeName, attempt },
    (context, time) => {
      const args = run.argumentsAt(place);
      if (invoke === undefined) return Reflect.apply(call, undefined, args);
      const isLast = run.openNodes === 1;
      const readsLast = (of: number): boolean => run.readsLast(place, of);
      const made: StepCall = { place, call, args, plugins, time, carry: run.trace?.carry?.(), isLast, readsLast };
      return beginThen(options?.hooks, run.lifetime, () => invoke(made, context));
    },
    {
      options: invoke === undefined ? options : withoutHooks(options),
      policies: setup.policies,
      plugins: invoke === undefined ? plugins : [],
      signal: run.signalAt(place),
      onProgress: (fraction, message) => record.progress(place, fraction, message),
      lifetime: run.lifetime,
      clock: setup.clock,
    },
  );
}
