/**
 * Progress in words.
 *
 * @module
 */
import type { RunProgress } from "./run_progress.ts";

/** The longest text of a failure, in characters. */
const LONGEST_FAILURE = 200;

/** A time span to read: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(milliseconds: number): string {
  const tenths = Math.floor(Math.max(0, milliseconds) / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.floor(tenths / 10);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${twoDigits(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/** `1 node`, `2 nodes`. */
export function nodes(count: number): string {
  return `${count} ${count === 1 ? "node" : "nodes"}`;
}

/** What did not go well, by number: `2 failed`, `1 skipped`. */
export function mishaps(ended: Omit<RunProgress["ended"], "SUCCEEDED">): string[] {
  const named = [[ended.FAILED, "failed"], [ended.SKIPPED, "skipped"], [ended.CANCELLED, "cancelled"]] as const;
  return named.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
}

/** The last line about a run. */
export function summary(run: RunProgress, now: number): string {
  if (run.total === 0) return `${run.title}: no node had to run`;
  const count = run.ended.SUCCEEDED === run.total ? nodes(run.total) : `${run.ended.SUCCEEDED} of ${nodes(run.total)}`;
  const notRun = run.notRun === 0 ? [] : [`${run.notRun} not run`];
  return [`${run.title}: ${count} done in ${duration(now - run.startedAt)}`, ...mishaps(run.ended), ...notRun].join(
    ", ",
  );
}

/** The first line of an error's message, without anything that would move a cursor. */
export function failure(message: string): string {
  const [line = ""] = message.split(/[\r\n]/, 1);
  const clean = line.replace(/\p{Cc}/gu, "?");
  return clean.length > LONGEST_FAILURE ? `${clean.slice(0, LONGEST_FAILURE)}…` : clean;
}
