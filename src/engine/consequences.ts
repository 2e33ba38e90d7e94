/**
 * What follows when a step of a durable run has ended: for those that wait for it, for those that nothing needs any more, and for the run.
 * A part of the rules in `transitions.ts`.
 *
 * @module
 */
import { firstUnhandled, noLongerNeeded } from "../handled.ts";
import { End, type Standing } from "../join.ts";
import type { Status } from "../status.ts";
import type { Phase, RunState, StepState } from "./run_state.ts";
import { endOfPhase, statusOf } from "./step_records.ts";

/** What follows from an event. */
export interface Consequences {
  /** Steps whose records changed and have to be committed, causes before what follows from them; one may stand there twice. */
  readonly changed: number[];
  /** Steps at work whose signal is to be aborted. */
  readonly aborted: number[];
  /** Steps that were cancelled because nothing needs them any more, wherever they were. */
  readonly dropped: number[];
  /** The run's final state, if this event gave it one: it is to be committed with all that has not been. */
  ended: Status | undefined;
}

/** Whether a step has ended. */
export function hasEnded(phase: Phase): boolean {
  return phase === "succeeded" || phase === "failed" || phase === "cancelled" || phase === "skipped";
}

/** A step is not at work, or about to be, any more. */
export function leaveWork(state: RunState, step: StepState): void {
  if (step.phase === "running") state.running--;
  if (step.phase === "ready") state.readyCount--;
}

/** A step may start. */
export function makeReady(state: RunState, place: number): void {
  state.steps[place]!.phase = "ready";
  state.readyCount++;
  (state.tallies.has(place) ? state.readyControls : state.ready).push(place);
}

/** Makes a step ready, if it waits for nothing any more. */
export function wakeIfFree(state: RunState, place: number): void {
  const step = state.steps[place]!;
  if (step.phase !== "waiting") return;
  const tally = state.shape.joins === undefined ? undefined : state.tallies.get(place);
  if (tally === undefined ? step.waiting > 0 || step.belowSkipped : tally.standing !== "ready") return;
  if (step.uncommitted === 0 || state.shape.pure[place] === 1) makeReady(state, place);
}

/** A step ends, with all that follows from it. */
export function end(
  state: RunState,
  place: number,
  phase: "succeeded" | "failed" | "skipped" | "cancelled",
  at: number,
  consequences: Consequences,
): void {
  endOne(state, place, phase, at, consequences);
  if (phase === "failed") state.failures.push(place);
  tell(state, place, at, consequences);
  if (phase === "succeeded") dropUnneeded(state, place, at, consequences);
}

/** Those that wait for a step hear how it has ended, and those that end because of that are told of to theirs. */
export function tell(state: RunState, from: number, at: number, consequences: Consequences): void {
  const { start, list } = state.shape.children;
  const open = [from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const ended = endOfPhase(state.steps[place]!.phase);
    for (let edge = start[place]!; edge < start[place + 1]!; edge++) {
      const child = list[edge]!;
      const standing = hear(state, child, place, ended);
      if (hasEnded(state.steps[child]!.phase)) continue;
      if (standing === "ready") wakeIfFree(state, child);
      else if (endBlocked(state, child, standing, at, consequences)) open.push(child);
    }
  }
}

function hear(state: RunState, place: number, parent: number, ended: End): Standing {
  const step = state.steps[place]!;
  step.waiting--;
  if (ended === End.Skipped) step.belowSkipped = true;
  const tally = state.shape.joins === undefined ? undefined : state.tallies.get(place);
  if (tally !== undefined) {
    tally.hear(parent, ended);
    return tally.standing;
  }
  if (ended === End.Failed) return "cancelled";
  if (step.waiting > 0) return "waits";
  return step.belowSkipped ? "skipped" : "ready";
}

/** Ends a step that can not run. Gives whether it did. */
export function endBlocked(
  state: RunState,
  place: number,
  standing: Standing,
  at: number,
  consequences: Consequences,
): boolean {
  if (standing !== "cancelled" && standing !== "skipped") return false;
  endOne(state, place, standing, at, consequences);
  return true;
}

/** Cancels what nothing needs any more, now that a step has the first of several values. */
export function dropUnneeded(state: RunState, satisfied: number, at: number, consequences: Consequences): void {
  if (state.shape.joins?.get(satisfied)?.join !== "any") return;
  const isOpen = (place: number): boolean => !hasEnded(state.steps[place]!.phase);
  for (const place of noLongerNeeded(state.shape, satisfied, isOpen)) {
    consequences.dropped.push(place);
    endOne(state, place, "cancelled", at, consequences);
    // All of them have ended, and only count.
    tell(state, place, at, consequences);
  }
}

/** Cancels all steps that have not ended. */
export function cancelAll(state: RunState, at: number, consequences: Consequences): void {
  for (let place = 0; place < state.steps.length; place++) {
    const { phase } = state.steps[place]!;
    if (hasEnded(phase)) continue;
    if (phase === "running") consequences.aborted.push(place);
    endOne(state, place, "cancelled", at, consequences);
    count(state, place);
  }
}

/** Those that wait for a step that was cancelled with all others only count it. */
function count(state: RunState, place: number): void {
  const { start, list } = state.shape.children;
  for (let at = start[place]!; at < start[place + 1]!; at++) hear(state, list[at]!, place, End.Failed);
}

function endOne(state: RunState, place: number, phase: Phase, at: number, { changed }: Consequences): void {
  const step = state.steps[place]!;
  leaveWork(state, step);
  step.phase = phase;
  step.endedAt = at;
  step.wakeAt = 0;
  state.open--;
  state.uncommitted++;
  changed.push(place);
}

/** A run without open steps has its final state. */
export function finishIfDone(state: RunState, consequences: Consequences): void {
  if (state.open === 0 && state.ended === undefined) consequences.ended = state.ended = finalStatus(state);
}

function finalStatus(state: RunState): Status {
  const { shape, steps, failures } = state;
  if (state.cancelled) return "CANCELLED";
  // What it failed with is said of the run, and of no step.
  if (state.timedOut) return "FAILED";
  const failed = state.broken ? failures[0] : firstUnhandled(shape, failures, (place) => statusOf(steps[place]!));
  state.failed = failed ?? -1;
  if (state.failed >= 0) return "FAILED";
  return shape.targets.some((place) => steps[place]!.phase === "skipped") ? "SKIPPED" : "SUCCEEDED";
}
