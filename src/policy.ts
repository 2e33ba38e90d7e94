/**
 * Policies: what wraps an attempt, and what decides when one has failed.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { TaskContext } from "./context.ts";
import { checkOptions, type RetryOptions } from "./options.ts";

/** What a failed attempt leads to. */
export type FailureDecision =
  | {
    /** Another attempt. */
    readonly action: "retry";
    /** Milliseconds until then; more, if the error's own `retryAfter` asks for more. Default: 0. */
    readonly delay?: number;
  }
  | {
    /** `fail`: the step has failed for good. `skip`: it counts as skipped. */
    readonly action: "fail" | "skip";
  };

/** Wraps attempts. All of its methods are optional; the first policy in a list is the outermost. */
export interface Policy {
  /** Milliseconds that an attempt may take; the shortest of all that hold is taken. Default: no limit. */
  readonly timeout?: number;
  /** Makes one attempt by calling `call()`, and gives its result or another. */
  execute?(call: () => Promise<unknown>, context: TaskContext): unknown | Promise<unknown>;
  /** Before every attempt. */
  onStart?(context: TaskContext): void | Promise<void>;
  /** After an attempt that succeeded. */
  onSuccess?(value: unknown, context: TaskContext): void | Promise<void>;
  /** After an attempt that failed. The innermost policy that decides something other than `fail` is obeyed. */
  onFailure?(
    error: unknown,
    context: TaskContext,
  ): FailureDecision | void | Promise<FailureDecision | void>;
}

/** Whether, and after how many milliseconds, attempt number `attempt` that failed with `error` is repeated. */
export function retryDecision(
  options: RetryOptions,
  error: unknown,
  attempt: number,
  random: () => number,
): FailureDecision {
  const { maxAttempts = 1, retryIf } = options;
  if (attempt >= maxAttempts || (retryIf !== undefined && !retryIf(error, attempt))) return { action: "fail" };
  return { action: "retry", delay: retryDelay(options, attempt, random) };
}

/**
 * Milliseconds to wait after attempt number `attempt` (from 1): exponential growth, a cap, then jitter taken off
 * (the "full jitter" of Brooker, AWS Architecture Blog 2015, where `jitter` is 1).
 */
export function retryDelay(options: RetryOptions, attempt: number, random: () => number): number {
  const { initialDelay = 1_000, maxDelay = 60_000, factor = 2, jitter = 1 } = options;
  const growth = Math.min(factor ** (attempt - 1), Number.MAX_VALUE);
  const full = Math.min(maxDelay, initialDelay * growth);
  return full * (1 - jitter * random());
}

/**
 * Repeats failed attempts.
 *
 * @example
 * ```ts
 * import { RetryPolicy, task } from "@fusewire/fusewire";
 *
 * const fetchRate = task(async function fetchRate() {
 *   return await Promise.resolve(1.08);
 * }, { policies: [new RetryPolicy({ maxAttempts: 3, initialDelay: 100 })] });
 * console.log(fetchRate().name);
 * ```
 */
export class RetryPolicy implements Policy {
  readonly #options: RetryOptions;
  readonly #random: () => number;

  /**
   * Takes the same options as a task's `retry`, with three attempts by default.
   *
   * @throws {ConfigError} If one of them is out of range.
   */
  constructor(options: RetryOptions = {}, chance: Pick<Clock, "random"> = { random: () => Math.random() }) {
    this.#options = { maxAttempts: 3, ...options };
    this.#random = chance.random;
    checkOptions({ retry: this.#options }, "RetryPolicy");
  }

  /** Decides by the number of the attempt and the error. */
  onFailure(error: unknown, context: TaskContext): FailureDecision {
    return retryDecision(this.#options, error, context.attempt, this.#random);
  }
}

/** Limits the time of every attempt that it wraps, as a task's `timeout` does. */
export class TimeoutPolicy implements Policy {
  /** Milliseconds that an attempt may take. */
  readonly timeout: number;

  /**
   * Takes the limit in milliseconds.
   *
   * @throws {ConfigError} If it is not above 0.
   */
  constructor(timeout: number) {
    checkOptions({ timeout }, "TimeoutPolicy");
    this.timeout = timeout;
  }
}

/** The shortest of several limits, in milliseconds. */
export function shortestTimeout(own: number | undefined, policies: readonly Policy[]): number | undefined {
  let shortest = own;
  for (const policy of policies) {
    if (policy.timeout !== undefined) shortest = Math.min(policy.timeout, shortest ?? Infinity);
  }
  return shortest;
}
