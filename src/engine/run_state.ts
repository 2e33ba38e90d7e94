/**
 * The state of one durable run, as the engine's rules see it: which steps wait, are ready, are at work or have ended, and what of that
 * is committed. Plain data; `transitions.ts` says how it changes, `invariants.ts` what always holds of it.
 *
 * @module
 */
import type { PlaceQueue } from "../execution/place_queue.ts";
import type { Needs } from "../handled.ts";
import type { Tally } from "../join.ts";
import type { Status } from "../status.ts";

/**
 * Where a step is.
 *
 * - `waiting`: for its parents, or for their results to be committed.
 * - `ready`: it may start; it is in the queue of ready steps, or taken from it and about to start.
 * - `running`: an attempt is being made by the holder of the run.
 * - `lent`: another worker may run it, or does.
 * - `delayed`: it is ready again at its `wakeAt`.
 * - `awaiting`: it waits for something that no step of the run does, without room: until its `wakeAt`, for a signal, for another run.
 * - the rest: it has ended.
 */
export type Phase =
  | "waiting"
  | "ready"
  | "running"
  | "lent"
  | "delayed"
  | "awaiting"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "skipped";

/** What the rules need to know of a graph. It is the same for all runs of a definition. */
export interface RunShape extends Needs {
  /** How many steps there are. */
  readonly size: number;
  /** 1 where a step has no side effect, so that it may start before what it depends on is committed. */
  readonly pure: Uint8Array;
  /** 1 where only the holder of the run can run the step: it uses a live object, a slot, a turn, a plugin or a condition, or makes no call. */
  readonly bound: Uint8Array;
  /** 1 where a step waits for something that no step of the run does. */
  readonly waits: Uint8Array;
  /** The steps whose values are the run's result. */
  readonly targets: readonly number[];
}

/** What is known of one step. */
export interface StepState {
  /** Where it is. */
  phase: Phase;
  /** Number of the latest attempt, from 1; 0 before the first. */
  attempt: number;
  /** How often a worker was lost while it ran the step. */
  losses: number;
  /** Milliseconds since 1970 at which the latest attempt began; 0 before the first. */
  startedAt: number;
  /** Milliseconds since 1970 at which it ended; 0 before. */
  endedAt: number;
  /** Milliseconds since 1970 before which the next attempt does not begin; 0 if it waits for none. */
  wakeAt: number;
  /** How many parents have not ended. */
  waiting: number;
  /** Whether a parent was skipped; of a control node its tally tells. */
  belowSkipped: boolean;
  /** How many parents' results are not committed. */
  uncommitted: number;
  /** Whether the step has ended, and that is committed. */
  committed: boolean;
}

/** The state of one run. */
export interface RunState {
  /** The graph. */
  readonly shape: RunShape;
  /** The steps, by place. */
  readonly steps: StepState[];
  /** The steps that may start, the first in topological order first. */
  readonly ready: PlaceQueue;
  /** The control nodes among them, which make no call and so wait for no room. */
  readonly readyControls: PlaceQueue;
  /** What control nodes have heard of their parents, by place. */
  readonly tallies: Map<number, Tally>;
  /** How many steps are in phase `ready`. */
  readyCount: number;
  /** How many steps have not ended. */
  open: number;
  /** How many steps are in phase `running`. */
  running: number;
  /** How many steps have ended without that being committed. */
  uncommitted: number;
  /** The steps that failed, in the order in which they did. */
  readonly failures: number[];
  /** Of a run that has failed, the step whose failure that is; else −1. */
  failed: number;
  /** Whether the run could not go on at all. */
  broken: boolean;
  /** Whether the time of the run is over. */
  timedOut: boolean;
  /** Whether the run was cancelled. */
  cancelled: boolean;
  /** The run's final state, once it has one. */
  ended: Status | undefined;
}
