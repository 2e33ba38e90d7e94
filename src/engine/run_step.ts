/**
 * One step of a run at work here: from ready to its end, or to its next delay.
 *
 * @module
 */
import type { Slot } from "../../storage/runtime/engine_storage.ts";
import type { StoredValue } from "../../storage/runtime/records.ts";
import type { AttemptOutcome } from "../attempt.ts";
import { type ErrorRecord, errorRecord, FusewireError, LeaseLostError } from "../errors.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Plugin, PluginCall, PluginContext } from "../plugin.ts";
import type { ActiveRun } from "./active_run.ts";
import { endPlugins, startPlugins } from "./run_plugins.ts";
import { makeAttempt, type StepCall } from "./step_call.ts";
import type { ValueOwner } from "./stored_values.ts";

const NO_PLUGINS: readonly PluginCall[] = [];

/** How often a worker may be lost with a step before the step counts as the cause. */
const MOST_LOSSES = 10;

/** How long, in milliseconds, a step waits before it asks for a slot of its concurrency key again. */
const SLOT_PATIENCE = 50;

/** After how many milliseconds it is tried again to free a slot, if the store failed. */
const FREE_AGAIN_AFTER = 500;

/** Runs a step that was taken from the queue of ready ones. It never rejects; what needs no waiting is done at once. */
export function runStep(run: ActiveRun, place: number): Promise<void> | undefined {
  if (run.pooled !== undefined) run.objects!.forgetLost(place);
  if (run.cache?.wants(place) === true) return run.cache.look(place);
  if (
    run.values!.missingFor(place).length > 0 || run.values!.program.conditions.size > 0 ||
    isLimited(run.executable.optionsAt(place))
  ) return runCarefully(run, place);
  run.taken--;
  return isReady(run, place) ? begin(run, place) : undefined;
}

/** Runs a step that may have to wait before it starts, or may not start at all. */
async function runCarefully(run: ActiveRun, place: number): Promise<void> {
  const { clock } = run.host;
  const slot = slotOf(run, place);
  let may: "start" | "skip" | "wait" | number;
  try {
    may = await mayStart(run, place, slot);
  } catch (error) {
    run.taken--;
    // Nothing is known against the step: whoever takes the run over starts it.
    if (error instanceof LeaseLostError) return run.lose(error);
    // The calls of a live object that was being made again were stopped: the run was cancelled, or its worker is to end.
    if (run.stopSignal.aborted) return;
    if (isReady(run, place)) endWithout(run, place, "failed", error, errorRecord(error), clock.now());
    return;
  }
  run.taken--;
  if (!isReady(run, place)) return await freeSlot(run, slot);
  if (may === "skip") return skip(run, place);
  if (may !== "start") {
    const wait = may === "wait" ? SLOT_PATIENCE * (0.5 + clock.random()) : may;
    run.apply({ kind: "held", place, until: clock.now() + wait });
    return run.setTimer(place);
  }
  await begin(run, place);
  await freeSlot(run, slot);
}

/**
 * Whether a ready step may start now; it waits if it gets no slot, or the store does not answer, and so many milliseconds if it is not its
 * turn, without a slot.
 */
async function mayStart(
  run: ActiveRun,
  place: number,
  slot: Slot | undefined,
): Promise<"start" | "skip" | "wait" | number> {
  const missing = run.values!.missingFor(place);
  if (missing.length > 0 && !await answered(run, bring(run, missing))) return "wait";
  if (!conditionsHold(run, place)) return "skip";
  const { storage, clock } = run.host;
  if (slot !== undefined && !await answered(run, storage.takeSlot(slot, clock.now()))) return "wait";
  const rateLimit = run.executable.optionsAt(place)?.rateLimit;
  if (rateLimit === undefined) return "start";
  const now = clock.now();
  const wait = await answered(run, storage.takeTurn(rateLimit, now));
  if (wait === 0) return "start";
  await freeSlot(run, slot);
  return wait === undefined ? "wait" : run.host.turns.next(rateLimit, wait, now);
}

function isLimited(options: AnyTaskOptions | undefined): boolean {
  return options !== undefined && (options.concurrency !== undefined || options.rateLimit !== undefined);
}

/** What the store answers; nothing if it fails, which it tells by errors that are not of Fusewire. */
async function answered<T>(run: ActiveRun, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof FusewireError) throw error;
    run.host.warn(`The store failed before a step of run ${run.id}, which waits: ${String(error)}`, run);
    return undefined;
  }
}

function begin(run: ActiveRun, place: number): Promise<void> | undefined {
  const at = run.host.clock.now();
  run.apply({ kind: "started", place, at });
  tellAttempt(run, place, at);
  const plugins = run.executable.pluginsAt(place);
  if (plugins !== undefined || run.isSuspect(place)) return attemptCarefully(run, place, plugins ?? []);
  const outcome = makeAttempt(callOf(run, place, run.values!.values, NO_PLUGINS));
  if (!(outcome instanceof Promise)) return end(run, place, outcome);
  run.showStart();
  return outcome.then((outcome) => end(run, place, outcome));
}

async function attemptCarefully(run: ActiveRun, place: number, own: readonly Plugin<unknown>[]): Promise<void> {
  run.showStart();
  if (run.isSuspect(place)) await run.commits.settled();
  const calls = run.plugins.get(place) ?? [];
  const isFirst = !run.plugins.delete(place);
  let outcome: AttemptOutcome;
  try {
    if (isFirst) await startPlugins(own, pluginContext(run, place, 0), calls);
    outcome = await makeAttempt(callOf(run, place, run.values!.values, calls));
  } catch (error) {
    outcome = { kind: "failed", error };
  }
  if (calls.length > 0) {
    const isCurrent = isRunning(run, place) && (outcome.kind === "succeeded" || !run.stopSignal.aborted);
    if (isCurrent && outcome.kind === "retry") run.plugins.set(place, calls);
    const broken = await endPlugins(calls, outcome, isCurrent, pluginContext(run, place));
    if (broken !== undefined) outcome = { kind: "failed", error: broken.error };
  }
  await end(run, place, outcome);
}

/**
 * Steps that were to be repeated are not at work here any more: their plugins hear that there is no more for them to do. Of one step, if
 * `only` names it.
 */
export function leavePlugins(run: ActiveRun, only?: number): void {
  for (const [place, calls] of run.plugins) {
    if (only !== undefined && place !== only) continue;
    void endPlugins(calls, { kind: "failed", error: undefined }, false, pluginContext(run, place));
    run.plugins.delete(place);
  }
}

/** Everything that an attempt of a step needs. */
export function callOf(
  run: ActiveRun,
  place: number,
  values: readonly unknown[],
  plugins: readonly PluginCall[],
): StepCall {
  return {
    executable: run.executable,
    program: run.values!.program,
    runId: run.id,
    place,
    attempt: run.state.steps[place]!.attempt,
    values,
    plugins,
    fence: run.nextFence(),
    signal: run.signalAt(place),
    clock: run.host.clock,
    lifetime: run.lifetime,
    tracer: run.trace?.tracer,
    pooled: run.pooled,
    beginCall: (limit) => run.host.beginCall(limit),
  };
}

/**
 * What came of an attempt is encoded, before anybody can change it, and goes to the rules. The message of the id `handled` has brought it, and is
 * dealt with in the same commit.
 */
export function end(
  run: ActiveRun,
  place: number,
  outcome: AttemptOutcome,
  handled?: string,
): Promise<void> | undefined {
  if (!isRunning(run, place)) return undefined;
  const { clock, codec } = run.host;
  const isAttempt = run.state.steps[place]!.phase === "running";
  if (run.stopSignal.aborted && isAttempt && outcome.kind !== "succeeded") {
    // An attempt that was stopped has not failed: the worker has no more time for it, and the run goes on elsewhere.
    run.apply({ kind: "returned", places: [place] });
    return undefined;
  }
  switch (outcome.kind) {
    case "succeeded": {
      // A live object is never stored: whoever takes the run over makes it again.
      if (run.objects!.isObject(place)) return succeed(run, place, outcome.value, undefined, handled);
      try {
        const encode = () => codec.encode(run.id, outcome.value, () => ownerOf(run, place));
        const stored = run.cache === undefined ? encode() : run.cache.keeper.encode(place, outcome.value, encode);
        if (!(stored instanceof Promise)) return succeed(run, place, outcome.value, stored, handled);
        return stored.then(
          (stored) => succeed(run, place, outcome.value, stored, handled),
          (error) => end(run, place, { kind: "failed", error }, handled),
        );
      } catch (error) {
        return end(run, place, { kind: "failed", error }, handled);
      }
    }
    case "retry":
      repeat(run, place, errorRecord(outcome.error), clock.now() + outcome.delay);
      break;
    case "failed":
    case "skipped":
      if (handled !== undefined) run.pending.handled(handled);
      endWithout(run, place, outcome.kind, outcome.error, errorRecord(outcome.error), clock.now());
      break;
  }
  return undefined;
}

function ownerOf({ executable }: ActiveRun, place: number): ValueOwner {
  return { workflow: executable.definition.workflow, task: executable.definition.steps[place] ?? "" };
}

function succeed(
  run: ActiveRun,
  place: number,
  value: unknown,
  stored: StoredValue | undefined,
  handled: string | undefined,
): undefined {
  if (!isRunning(run, place)) return undefined;
  if (handled !== undefined) run.pending.handled(handled);
  if (stored !== undefined) run.pending.value(place, stored);
  run.cache?.keeper.succeeded(place);
  run.values!.set(place, value);
  run.values!.ended(place);
  run.apply({ kind: "succeeded", place, at: run.host.clock.now() });
  run.pending.urgent = true;
  return undefined;
}

/** A step has ended without a value. */
export function endWithout(
  run: ActiveRun,
  place: number,
  how: "failed" | "skipped",
  error: unknown,
  record: ErrorRecord,
  at: number,
): void {
  run.errors.set(place, { error, record });
  const { attempt } = run.state.steps[place]!;
  run.trace?.attemptFailed(place, attempt, record, at);
  if (attempt > 1) run.pending.event({ event: "attempt_failed", place, attempt, error: record, timestamp: at });
  run.pending.value(place, { kind: "error", error: record });
  run.apply({ kind: how, place, at });
  run.values!.ended(place);
  run.pending.urgent = true;
}

/** An attempt begins; the first one is told by the record of its step. */
export function tellAttempt(run: ActiveRun, place: number, timestamp: number): void {
  const { attempt } = run.state.steps[place]!;
  if (attempt > 1) run.pending.event({ event: "attempt_started", place, attempt, timestamp });
}

/** A step's attempt failed, and there is to be another one. */
export function repeat(run: ActiveRun, place: number, error: ErrorRecord, until: number): void {
  const { attempt, startedAt } = run.state.steps[place]!;
  const timestamp = run.host.clock.now();
  run.trace?.attemptFailed(place, attempt, error, timestamp);
  if (attempt > 1) run.pending.event({ event: "attempt_failed", place, attempt, error, timestamp });
  // The record of the step will tell when its latest attempt began.
  else run.pending.event({ event: "attempt_started", place, attempt, timestamp: startedAt });
  run.apply({ kind: "retried", place, until });
  run.pending.urgent = true;
  run.setTimer(place);
}

/** Ends a step with which too many workers were lost. */
export function giveUpLost(run: ActiveRun, place: number): void {
  const { losses, phase } = run.state.steps[place]!;
  if (losses <= MOST_LOSSES || (phase !== "waiting" && phase !== "ready")) return;
  const node = run.values!.program.graph.names.at(place);
  const { workflow } = run.run;
  const error = new LeaseLostError(
    `${losses} workers were lost while they ran step \`${node}\` of workflow \`${workflow}\`, so it is not tried again; ` +
      "look for what ends the process, such as memory running out, then call retry() of the run.",
    { workflow, node },
  );
  endWithout(run, place, "failed", error, errorRecord(error), run.host.clock.now());
}

/** A step is not run. */
export function skip(run: ActiveRun, place: number): void {
  run.apply({ kind: "skipped", place, at: run.host.clock.now() });
  run.values!.ended(place);
  run.pending.urgent = true;
}

/** Whether a step is still to start. */
export function isReady(run: ActiveRun, place: number): boolean {
  return run.isAtWork && run.state.steps[place]!.phase === "ready";
}

function isRunning(run: ActiveRun, place: number): boolean {
  const { phase } = run.state.steps[place]!;
  return run.isAtWork && (phase === "running" || phase === "awaiting");
}

/** Brings values from the store for a step that makes no call; if the store does not answer, the step waits, and it gives `false`. */
export async function bringValues(run: ActiveRun, place: number, missing: readonly number[]): Promise<boolean> {
  try {
    if (await answered(run, bring(run, missing))) return true;
  } catch (error) {
    if (error instanceof LeaseLostError) run.lose(error);
    else if (isReady(run, place)) endWithout(run, place, "failed", error, errorRecord(error), run.host.clock.now());
    return false;
  }
  if (isReady(run, place)) {
    const until = run.host.clock.now() + SLOT_PATIENCE * (0.5 + run.host.clock.random());
    run.apply({ kind: "held", place, until });
    run.setTimer(place);
  }
  return false;
}

async function bring(run: ActiveRun, missing: readonly number[]): Promise<true> {
  const objects = run.objects!;
  const stored = missing.filter((place) => !objects.isObject(place));
  if (stored.length > 0) await run.values!.load(stored);
  for (const place of missing) if (objects.isObject(place)) await objects.revive(place);
  return true;
}

/** Whether all conditions of a step hold, by values that are here. */
export function conditionsHold(run: ActiveRun, place: number): boolean {
  const { program: { conditions }, values } = run.values!;
  return conditions.size === 0 || (conditions.get(place) ?? []).every(({ holds }) => holds(values));
}

/** The slot that the next attempt of a step needs, if it needs one. The one before may still be about to give its own back. */
function slotOf(run: ActiveRun, place: number): Slot | undefined {
  const limit = run.executable.optionsAt(place)?.concurrency;
  if (limit === undefined) return undefined;
  const { session, fence } = run.claim;
  return { ...limit, session, holder: `${run.id}/${place}/${fence}/${run.state.steps[place]!.attempt + 1}` };
}

async function freeSlot(run: ActiveRun, slot: Slot | undefined): Promise<void> {
  // With the session that has it, it is free.
  while (slot !== undefined && slot.session === run.host.session) {
    try {
      return await run.host.storage.freeSlot(slot);
    } catch (error) {
      run.host.warn(`A slot of \`${slot.key}\` could not be freed, which is tried again: ${String(error)}`, run);
      await new Promise<void>((resolve) => run.host.clock.setTimer(FREE_AGAIN_AFTER, resolve));
    }
  }
}

function pluginContext(
  run: ActiveRun,
  place: number,
  attempt: number = run.state.steps[place]!.attempt,
): PluginContext {
  return {
    workflowName: run.run.workflow,
    runId: run.id,
    nodeName: run.values!.program.graph.names.at(place),
    attempt,
  };
}
