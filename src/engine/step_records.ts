/**
 * Between the state of a run in the engine and the records that a store keeps of it.
 *
 * @module
 */
import type { StepOffer, StepRecord } from "../../storage/runtime/records.ts";
import { PlaceQueue } from "../execution/place_queue.ts";
import type { Status } from "../status.ts";
import type { Phase, RunShape, RunState, StepState } from "./run_state.ts";

/** The state of steps and runs that others see for each phase. */
const STATUS: { readonly [phase in Phase]: Status } = {
  waiting: "PENDING",
  ready: "PENDING",
  delayed: "PENDING",
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
      uncommitted: parents,
      committed: false,
    };
  }
  return {
    shape,
    steps,
    ready: new PlaceQueue(),
    readyCount: 0,
    open: shape.size,
    running: 0,
    uncommitted: 0,
    failed: -1,
    cancelled: false,
    ended: undefined,
  };
}

/**
 * A run as its records tell. What was at work and is not lent was lost with its worker. With `reopened`, what failed or was cancelled
 * is as if it had never been tried. What follows from all this is for `recover()` to find out.
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
  let failedAt = Infinity;
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
        if (startedAt === 0 && lent.has(place)) step.phase = "lent";
        else {
          step.attempt--;
          step.losses++;
        }
        break;
      case "FAILED":
      case "CANCELLED":
        if (reopened) {
          Object.assign(step, { attempt: 0, losses: 0, startedAt: 0, endedAt: 0 });
          break;
        }
        step.phase = status === "FAILED" ? "failed" : "cancelled";
        if (status === "FAILED" && endedAt < failedAt) [state.failed, failedAt] = [place, endedAt];
        break;
      case "SUCCEEDED":
        step.phase = "succeeded";
        break;
      case "SKIPPED":
        step.phase = "skipped";
        break;
    }
    if (
      step.phase !== "succeeded" && step.phase !== "failed" && step.phase !== "cancelled" && step.phase !== "skipped"
    ) {
      continue;
    }
    step.committed = true;
    state.open--;
    if (step.phase !== "succeeded") continue;
    for (let at = start[place]!; at < start[place + 1]!; at++) {
      state.steps[list[at]!]!.waiting--;
      state.steps[list[at]!]!.uncommitted--;
    }
  }
  return state;
}
