/**
 * Between the state of a run in the engine and the records that a store keeps of it.
 *
 * @module
 */
import type { StepOffer, StepRecord } from "../../storage/runtime/records.ts";
import { PlaceQueue } from "../execution/place_queue.ts";
import { toBeRetried } from "../handled.ts";
import { End, endOf, type Tally, tallyOf } from "../join.ts";
import type { Status } from "../status.ts";
import type { Phase, RunShape, RunState, StepState } from "./run_state.ts";

/** The state of steps and runs that others see for each phase. */
const STATUS: { readonly [phase in Phase]: Status } = {
  waiting: "PENDING",
  ready: "PENDING",
  delayed: "PENDING",
  awaiting: "RUNNING",
  running: "RUNNING",
  lent: "RUNNING",
  succeeded: "SUCCEEDED",
  failed: "FAILED",
  cancelled: "CANCELLED",
  skipped: "SKIPPED",
};

/** What is kept of a step. */
export function recordOf(step: StepState): StepRecord {
  const { attempt, losses, startedAt, endedAt, wakeAt } = step;
  return { status: STATUS[step.phase], attempt, losses, startedAt, endedAt, wakeAt };
}

/** The state of a step, as others see it. */
export function statusOf(step: StepState): Status {
  return STATUS[step.phase];
}

/** How a phase looks to the steps that wait for one in it. */
export function endOfPhase(phase: Phase): End {
  return endOf(STATUS[phase]);
}

/** A run of which nothing has happened yet. */
export function newState(shape: RunShape): RunState {
  const { start } = shape.parents;
  const steps: StepState[] = new Array(shape.size);
  for (let place = 0; place < shape.size; place++) {
    const parents = start[place + 1]! - start[place]!;
    steps[place] = {
      phase: "waiting",
      attempt: 0,
      losses: 0,
      startedAt: 0,
      endedAt: 0,
      wakeAt: 0,
      waiting: parents,
      belowSkipped: false,
      uncommitted: parents,
      committed: false,
    };
  }
  const tallies = new Map<number, Tally>();
  for (const [place, edges] of shape.joins ?? []) {
    tallies.set(place, tallyOf(edges, shape.parents.list.subarray(start[place], start[place + 1]), () => End.Open));
  }
  return {
    shape,
    steps,
    ready: new PlaceQueue(),
    readyControls: new PlaceQueue(),
    tallies,
    readyCount: 0,
    open: shape.size,
    running: 0,
    uncommitted: 0,
    failures: [],
    failed: -1,
    broken: false,
    timedOut: false,
    cancelled: false,
    ended: undefined,
  };
}

/**
 * A run as its records tell. What was at work and is not lent was lost with its worker. With `reopened`, what failed or was cancelled
 * is as if it had never been tried, unless others have gone on without it: what is built on a failure that was handled stays, and so does
 * the failure. What follows from all this is for `recover()` to find out.
 */
export function restoreState(
  shape: RunShape,
  records: readonly StepRecord[],
  offers: readonly StepOffer[],
  reopened: boolean,
): RunState {
  const state = newState(shape);
  const lent = new Set(offers.flatMap(({ places }) => places));
  const { start, list } = shape.children;
  const isRetried = reopened && shape.joins !== undefined
    ? toBeRetried(shape, (place) => records[place]!.status)
    : new Uint8Array(shape.size).fill(reopened ? 1 : 0);
  for (let place = 0; place < shape.size; place++) {
    const step = state.steps[place]!;
    const { status, attempt, losses, startedAt, endedAt, wakeAt } = records[place]!;
    Object.assign(step, { attempt, losses, startedAt, endedAt, wakeAt });
    switch (status) {
      case "PENDING":
        // Not lent, even if an offer names it: it came back, and others of the offer have not.
        if (wakeAt > 0) step.phase = "delayed";
        break;
      case "RUNNING":
        if (shape.waits[place] === 1) step.phase = "awaiting";
        else if (startedAt === 0 && lent.has(place)) step.phase = "lent";
        else {
          step.attempt--;
          step.losses++;
        }
        break;
      case "FAILED":
      case "CANCELLED":
        if (isRetried[place] === 1) {
          Object.assign(step, { attempt: 0, losses: 0, startedAt: 0, endedAt: 0 });
          break;
        }
        step.phase = status === "FAILED" ? "failed" : "cancelled";
        if (status === "FAILED") state.failures.push(place);
        break;
      case "SUCCEEDED":
        step.phase = "succeeded";
        break;
      case "SKIPPED":
        step.phase = "skipped";
        break;
    }
    const end = endOfPhase(step.phase);
    if (end === End.Open) continue;
    step.committed = true;
    state.open--;
    for (let at = start[place]!; at < start[place + 1]!; at++) {
      const child = state.steps[list[at]!]!;
      child.waiting--;
      if (end === End.Skipped) child.belowSkipped = true;
      if (end === End.Value) child.uncommitted--;
    }
  }
  const byEnd = (a: number, b: number): number => state.steps[a]!.endedAt - state.steps[b]!.endedAt || a - b;
  state.failures.sort(byEnd);
  for (const [place, edges] of shape.joins ?? []) {
    const parents = shape.parents.list.slice(shape.parents.start[place], shape.parents.start[place + 1]).sort(byEnd);
    state.tallies.set(place, tallyOf(edges, parents, (parent) => endOfPhase(state.steps[parent]!.phase)));
  }
  return state;
}
