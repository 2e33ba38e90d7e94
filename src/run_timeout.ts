/**
 * The time that a whole run may take.
 *
 * @module
 */
import { TimeoutError } from "./errors.ts";

/** The error of a run that took longer than `limit` milliseconds. */
export function runTimeoutError(workflow: string, runId: string, limit: number): TimeoutError {
  return new TimeoutError(`Run ${runId} of workflow \`${workflow}\` took longer than ${limit} ms.`, { workflow });
}
