/**
 * What always holds of a run. The simulation checks it after every step; a violation is a defect of the engine, never of its user.
 *
 * - A step is in exactly one phase, and counters equal recounting.
 * - A ready step has only parents that succeeded, unless it is a control node, which goes by its join; unless it is pure, their results are
 *   committed. So no effect of a step that is not pure is built on a value that a crash could take back.
 * - A step that succeeded has only parents that succeeded, or goes by its join too; one that can not run because of how those above it have
 *   ended has ended without a value itself.
 * - A step that only brings values to steps that took the first of several, and have it, has ended.
 * - A step is committed only when it has ended; what is committed stays as it is (`sameCommitted`).
 * - A run has a final state exactly if no step is open; then none is pending, at work, lent, delayed or awaiting anything.
 *
 * The store holds the rest, and its conformance suite proves it: a claim has an owner and a deadline, a stale fence never commits, a
 * finished run holds no claim, timer or slot.
 *
 * @module
 */
import { tallyOf } from "../join.ts";
import type { Phase, RunState } from "./run_state.ts";
import { endOfPhase } from "./step_records.ts";

/** The sentences that do not hold of this state; empty if all is well. */
export function violations(state: RunState): string[] {
  const { shape, steps } = state;
  const found: string[] = [];
  const count = { ready: 0, running: 0, open: 0, uncommitted: 0 };
  for (let place = 0; place < shape.size; place++) {
    const step = steps[place]!;
    const parents = shape.parents.list.subarray(shape.parents.start[place], shape.parents.start[place + 1]);
    let [waiting, uncommitted] = [0, 0];
    const edges = shape.joins?.get(place);
    const { standing } = tallyOf(edges, parents, (parent) => endOfPhase(steps[parent]!.phase));
    const heard = state.tallies.get(place);
    if (heard !== undefined && heard.standing !== standing) {
      found.push(`step ${place} takes itself for ${heard.standing}, and is ${standing}`);
    }
    for (const parent of parents) {
      const above = steps[parent]!;
      if (!isFinal(above.phase)) waiting++;
      if (above.phase !== "succeeded" || !above.committed) uncommitted++;
    }
    if (step.waiting !== waiting) found.push(`step ${place} counts ${step.waiting} open parents, and has ${waiting}`);
    if (step.uncommitted !== uncommitted) {
      found.push(`step ${place} counts ${step.uncommitted} uncommitted parents, and has ${uncommitted}`);
    }
    const ended = isFinal(step.phase);
    if (step.phase === "ready") count.ready++;
    if (step.phase === "running") count.running++;
    if (!ended) count.open++;
    if (ended && !step.committed) count.uncommitted++;
    if (step.committed && !ended) found.push(`step ${place} is committed and ${step.phase}`);
    const atWork = step.phase === "ready" || step.phase === "running" || step.phase === "lent" ||
      step.phase === "awaiting";
    if (step.phase === "awaiting" && shape.waits[place] === 0) {
      found.push(`step ${place} waits for something that is none of its run's steps, and is not one that does`);
    }
    // What a control node has gone on without may be made again, for others, when the run is tried again.
    const hadValues = edges !== undefined && [...edges.strict].every((parent) => steps[parent]!.phase === "succeeded");
    if (standing !== "ready" && (atWork || step.phase === "succeeded" && !hadValues)) {
      found.push(`step ${place} is ${step.phase} before its parents`);
    }
    if (atWork && uncommitted > 0 && shape.pure[place] === 0) {
      found.push(`step ${place} is not pure, and ${step.phase} before its parents are committed`);
    }
    if (step.phase === "waiting" && standing === "ready" && (uncommitted === 0 || shape.pure[place] === 1)) {
      found.push(`step ${place} could start, and is not ready`);
    }
    if (!ended && (standing === "cancelled" || standing === "skipped")) {
      found.push(`step ${place} is ${step.phase} below a step that has no value`);
    }
    if (!ended && isUnneeded(state, place)) found.push(`step ${place} is ${step.phase}, and nothing needs it`);
  }
  if (count.ready !== state.readyCount) {
    found.push(`${state.readyCount} ready steps are counted, and there are ${count.ready}`);
  }
  if (count.running !== state.running) {
    found.push(`${state.running} steps at work are counted, and there are ${count.running}`);
  }
  if (count.open !== state.open) found.push(`${state.open} open steps are counted, and there are ${count.open}`);
  if (count.uncommitted !== state.uncommitted) {
    found.push(`${state.uncommitted} uncommitted steps are counted, and there are ${count.uncommitted}`);
  }
  if ((state.open === 0) !== (state.ended !== undefined)) {
    found.push(`the run has ${state.open} open steps, and its final state is ${state.ended}`);
  }
  return found;
}

/** Whether all that wait for a step have taken another value than its. */
function isUnneeded({ shape: { children, joins, ends }, steps }: RunState, place: number): boolean {
  if (joins === undefined || ends[place] === 1) return false;
  const below = children.list.subarray(children.start[place], children.start[place + 1]);
  return below.every((child) => {
    const edges = joins.get(child);
    return edges?.join === "any" && edges.data.has(place) && steps[child]!.phase === "succeeded";
  });
}

/** The places whose committed outcome is not the same before and after; empty if all is well. */
export function changedAfterCommit(before: readonly (Phase | undefined)[], state: RunState): number[] {
  return state.steps.flatMap((step, place) => {
    const was = before[place];
    return was !== undefined && (was !== step.phase || !step.committed) ? place : [];
  });
}

/** The outcome of every committed step, by place; `undefined` where nothing is committed. */
export function committedOutcomes(state: RunState): (Phase | undefined)[] {
  return state.steps.map(({ phase, committed }) => committed ? phase : undefined);
}

function isFinal(phase: Phase): boolean {
  return phase === "succeeded" || phase === "failed" || phase === "cancelled" || phase === "skipped";
}
