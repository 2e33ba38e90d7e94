/**
 * An attempt with nothing around the call: no options that change attempts, no policies, no plugins. It costs no promise where the call
 * needs none.
 *
 * @module
 */
import { AttemptContext, type AttemptOutcome, type AttemptPlace } from "./attempt.ts";
import { type TaskContext, withContext } from "./context.ts";
import { isThenable } from "./execution/fast_path.ts";
import type { AnyTaskOptions } from "./options.ts";
import type { RunLifetime } from "./run_lifetime.ts";

/** What a plain attempt needs beside its place. */
export interface PlainAttemptOptions {
  /** Aborts the attempt from outside. */
  readonly signal: AbortSignal;
  /** The worker's claim. */
  readonly fence: bigint;
  /** Seeds `context().random()`. */
  readonly seed: number | string | undefined;
  /** The run's lifetime in this process. */
  readonly lifetime: RunLifetime;
}

/** Whether these options leave an attempt plain. */
export function areOptionsPlain(options: AnyTaskOptions | undefined): boolean {
  return options === undefined ||
    options.retry === undefined && options.timeout === undefined && options.onFailure === undefined &&
      options.hooks === undefined &&
      (options.policies === undefined || options.policies.length === 0);
}

/**
 * Makes a plain attempt.
 *
 * @returns What came of it, at once if the call is synchronous. It never throws and never rejects.
 */
export function runPlainAttempt(
  place: AttemptPlace,
  call: (context: TaskContext) => unknown,
  { signal, fence, seed, lifetime }: PlainAttemptOptions,
): AttemptOutcome | Promise<AttemptOutcome> {
  if (signal.aborted) return { kind: "failed", error: signal.reason };
  const context = new AttemptContext(place, () => signal, () => lifetime, { fence, seed });
  try {
    const value = withContext(context, () => call(context));
    return isThenable(value) ? outcomeOf(value, signal) : { kind: "succeeded", value };
  } catch (error) {
    return { kind: "failed", error };
  }
}

/** The outcome of a promise, or of its attempt being aborted, whichever comes first. */
function outcomeOf(work: PromiseLike<unknown>, signal: AbortSignal): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    const settle = (outcome: AttemptOutcome) => {
      signal.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    const onAbort = () => settle({ kind: "failed", error: signal.reason });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then((value) => settle({ kind: "succeeded", value }), (error) => settle({ kind: "failed", error }));
  });
}
