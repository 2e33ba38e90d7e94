/**
 * The states of steps and runs.
 *
 * @module
 */

/** State of a step or a run. */
export type Status = "PENDING" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED" | "SKIPPED";

/** Whether nothing will change any more in this state. */
export function isFinal(status: Status): boolean {
  return status !== "PENDING" && status !== "RUNNING";
}
