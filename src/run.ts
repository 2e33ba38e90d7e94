/**
 * Runs: what `start()` gives back on every backend.
 *
 * @module
 */
import type { ForkOrigin, ImportOrigin } from "../storage/runtime/records.ts";
import type { ErrorRecord } from "./errors.ts";
import type { RunEvent } from "./events.ts";
import type { Status } from "./status.ts";

/** The state of one step. */
export interface StepStatus {
  /** Name of the node. */
  readonly name: string;
  /** Its state. */
  readonly status: Status;
  /** How many attempts it has made; 0 where its result was stored. */
  readonly attempt: number;
  /** What it failed with. */
  readonly error?: ErrorRecord;
  /** Id of the run that it waits for, or has waited for. */
  readonly child?: string;
}

/** The state of a run. */
export interface RunStatus {
  /** Id of the run. */
  readonly id: string;
  /** Name of the workflow. */
  readonly workflow: string;
  /** Version of its definition; empty for a plain graph. */
  readonly version: string;
  /** State of the run. */
  readonly status: Status;
  /** Its steps, in topological order. */
  readonly steps: readonly StepStatus[];
  /** The run and the steps that a durable run was forked from. Absent: it was started. */
  readonly forkedFrom?: ForkOrigin;
  /** Where a durable run was imported from. Absent: it was not. */
  readonly importedFrom?: ImportOrigin;
}

/** One run of a graph. */
export interface Run<out T> {
  /** Id of the run. */
  readonly id: string;
  /**
   * Waits for the result.
   *
   * @param options `signal` ends the waiting, not the run.
   * @throws {StepFailedError} The first failure that reached a target.
   * @throws {CancelledError} If the run was cancelled, or a target was skipped.
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<T>;
  /** The state of the run and of each step. */
  status(): Promise<RunStatus>;
  /** Everything that happened and will happen, from the start of the run to its end. */
  events(): AsyncIterableIterator<RunEvent>;
  /** Cancels what has not finished; resolves when the run has ended. */
  cancel(): Promise<void>;
  /**
   * Sends a signal to the node that waits for it. One that comes early is kept until then.
   *
   * @throws {NotFoundError} If no node of the workflow waits for a signal of this name, or the run has ended.
   */
  signal(name: string, payload: unknown): Promise<void>;
}
