/**
 * What is counted and measured.
 *
 * @module
 */
import type { Counter, Histogram, Meter } from "@opentelemetry/api";

/** Bounds of histograms of seconds, from tenths of a millisecond to many minutes. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600];

/** The instruments, each with the unit in its description. */
export interface Instruments {
  /** Runs that ended, by workflow and status. */
  readonly runs: Counter;
  /** Steps that ended, by workflow and status. */
  readonly steps: Counter;
  /** Attempts that began, by workflow. */
  readonly attempts: Counter;
  /** Claims that were lost, by workflow. */
  readonly lostClaims: Counter;
  /** From the start of a step to its end, by workflow and status. */
  readonly stepDuration: Histogram;
  /** From when a step could run to its start, in process; from when a run was due to its first claim, where it is durable. */
  readonly wait: Histogram;
  /** How long a commit took, by workflow. */
  readonly commitDuration: Histogram;
}

/** Makes the instruments. */
export function instrumentsOf(meter: Meter): Instruments {
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: SECONDS } });
  const count = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { description, unit });
  return {
    runs: count("fusewire.runs", "{run}", "Runs that ended."),
    steps: count("fusewire.steps", "{step}", "Steps that ended."),
    attempts: count("fusewire.attempts", "{attempt}", "Attempts that began."),
    lostClaims: count("fusewire.claims.lost", "{claim}", "Runs that others took over."),
    stepDuration: seconds("fusewire.step.duration", "From the start of a step to its end, with all its attempts."),
    wait: seconds("fusewire.queue.wait", "How long a step waited for room, or a durable run for a worker."),
    commitDuration: seconds("fusewire.commit.duration", "How long a commit of a durable run took."),
  };
}
