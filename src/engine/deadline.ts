/**
 * Until when a durable run may take: a rule over its record, so that it holds whoever is at work on it, and whoever was lost.
 *
 * @module
 */
import type { RunRecord } from "../../storage/runtime/records.ts";

/**
 * When the time of a run is over, in milliseconds since 1970; `Infinity` if there is no limit. The time counts from when the run was started
 * or, if that is later, was to begin; and anew from when it was opened again. So it counts also while no worker is there.
 */
export function deadlineOf(
  run: Pick<RunRecord, "createdAt" | "dueAt" | "reopenedAt">,
  timeout: number | undefined,
): number {
  return timeout === undefined ? Infinity : Math.max(run.createdAt, run.dueAt, run.reopenedAt ?? -Infinity) + timeout;
}
