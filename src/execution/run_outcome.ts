/**
 * What a run comes to: the error of a failed step, of a time that is over, the error of a skipped target, or the values of the targets.
 *
 * @module
 */
import { CancelledError, StepFailedError, TimeoutError } from "../errors.ts";
import type { Program } from "../program.ts";
import { itemValue } from "../slots.ts";
import type { RunRecord } from "./run_record.ts";

/** The error that a run rejects with when this step failed. */
export function stepFailure(record: RunRecord, place: number, error: unknown): StepFailedError {
  const { workflow } = record;
  const node = record.graph.names.at(place);
  const attempts = Math.max(1, record.attemptsOf(place));
  return new StepFailedError(
    `Node \`${node}\` of workflow \`${workflow}\` failed${attempts > 1 ? ` after ${attempts} attempts` : ""}: ` +
      `${error instanceof Error ? error.message : String(error)}`,
    { cause: error, workflow, node },
  );
}

/** The error that a run rejects with when it took longer than `limit` milliseconds. */
export function runTimeoutError(workflow: string, runId: string, limit: number): TimeoutError {
  return new TimeoutError(`Run ${runId} of workflow \`${workflow}\` took longer than ${limit} ms.`, { workflow });
}

/** The error that a run rejects with when a target was skipped, or `undefined` if none was. */
export function skippedTarget(program: Program, record: RunRecord): CancelledError | undefined {
  const skipped = program.targets.find(({ place }) => record.stateOf(place) === "SKIPPED");
  if (skipped === undefined) return undefined;
  const { workflow } = record;
  const node = program.graph.names.at(skipped.place);
  return new CancelledError(`Target \`${node}\` of workflow \`${workflow}\` was skipped.`, { workflow, node });
}

/**
 * The values of the targets, in their order.
 *
 * @throws {GraphError} If a target is an item that its node's value does not have.
 */
export function targetValues(program: Program, values: readonly unknown[]): unknown[] {
  return program.targets.map(({ place, item }) => item === undefined ? values[place] : itemValue(values[place], item));
}
