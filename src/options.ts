/**
 * What can be said about a task, or about one node of it.
 *
 * @module
 */
import { ConfigError } from "./errors.ts";
import type { TaskHooks } from "./hooks.ts";
import type { Policy } from "./policy.ts";

/** How often and when a failed attempt is repeated. */
export interface RetryOptions {
  /**
   * Attempts in all, the first included.
   *
   * @default {1}
   */
  readonly maxAttempts?: number;
  /**
   * Milliseconds before the second attempt.
   *
   * @default {1000}
   */
  readonly initialDelay?: number;
  /**
   * Longest wait, in milliseconds. An error that says when it wants to be asked again (`retryAfter`, or the header `Retry-After` of
   * its `response`) is obeyed also if that is longer, up to a day.
   *
   * @default {60000}
   */
  readonly maxDelay?: number;
  /**
   * Growth of the wait from one attempt to the next.
   *
   * @default {2}
   */
  readonly factor?: number;
  /**
   * Random part of the wait: 0 is none, 1 takes a wait anywhere from nothing to the full one.
   *
   * @default {1}
   */
  readonly jitter?: number;
  /** Whether this error is worth another attempt. Default: every error is. */
  readonly retryIf?: (error: unknown, attempt: number) => boolean;
}

/** When a stored result stands for a new one: under its name, under a hash of all it was made from, or never. */
export type CacheMode = "name" | "content" | false;

/** Which nodes belong to a workflow: what the targets need, or everything below the targets' roots. */
export type Scope = "ancestors" | "descendants";

/** A limit on how many steps that share a key run at the same time. */
export interface ConcurrencyLimit {
  /** What is shared. */
  readonly key: string;
  /** How many may run at the same time, at least 1. */
  readonly limit: number;
}

/** A limit on how many attempts of steps that share a key begin in a time. */
export interface RateLimit {
  /** What is shared. */
  readonly key: string;
  /** How many attempts may begin per interval, at least 1. */
  readonly limit: number;
  /** Milliseconds: no such span of time, wherever it begins, has more than `limit` beginnings. */
  readonly interval: number;
}

/** Options of a task, or of one node. `F` is what `onFailure` may give instead of a result. */
export interface TaskOptions<F = never> {
  /** Name in place of the function's. */
  readonly name?: string;
  /** Changes when the meaning of the task does; part of the content cache's key. */
  readonly version?: string;
  /** Repetition of failed attempts. Default: none. */
  readonly retry?: RetryOptions;
  /** Milliseconds that one attempt may take; its signal is aborted then. Default: no limit. */
  readonly timeout?: number;
  /** When a stored result stands for a new one. Default: the workflow's. */
  readonly cache?: CacheMode;
  /** Seeds `context().random()`; part of the content cache's key. Default: none, so that only the names of workflow and node seed it. */
  readonly seed?: number | string;
  /**
   * What a failure of the last attempt means: the run fails, the node is skipped, or the function's value is the result.
   *
   * @default {"fail"}
   */
  readonly onFailure?: "fail" | "skip" | ((error: unknown) => F | Promise<F>);
  /** Limit over all nodes that share a key. Default: none. */
  readonly concurrency?: ConcurrencyLimit;
  /** Limit on how often attempts of nodes that share a key begin. Default: none. */
  readonly rateLimit?: RateLimit;
  /** What wraps each attempt, the first outermost. */
  readonly policies?: readonly Policy[];
  /** What is called around each attempt, innermost, and around the run. Default: none. */
  readonly hooks?: TaskHooks;
  /**
   * Promises that the function has no side effect. A durable run may then start what depends on it before its result is
   * committed.
   *
   * @default {false}
   */
  readonly pure?: boolean;
  /**
   * Promises that the function keeps no reference to the arrays in its result. A pool then moves them to the thread that reads
   * them, and does not copy them first.
   *
   * @default {false}
   */
  readonly transfer?: boolean;
}

/** Options of a task whose fallback may be of any type. */
export type AnyTaskOptions = TaskOptions<unknown>;

/**
 * Checks options where they are given, so that a mistake is named there and not in the middle of a run.
 *
 * @throws {ConfigError} Naming the option, its value and what is allowed.
 */
export function checkOptions(options: AnyTaskOptions, of: string): void {
  const refuse = (option: string, value: unknown, allowed: string): never => {
    throw new ConfigError(`Option \`${option}\` of ${of} is ${String(value)}; ${allowed}.`);
  };
  const atLeast = (option: string, value: number | undefined, least: number) => {
    if (value !== undefined && !(value >= least)) refuse(option, value, `it must be a number of at least ${least}`);
  };
  const { retry, timeout, cache, onFailure, concurrency, rateLimit, hooks } = options;
  if (retry !== undefined) {
    if (retry.maxAttempts !== undefined && retry.maxAttempts !== Infinity && !Number.isInteger(retry.maxAttempts)) {
      refuse("retry.maxAttempts", retry.maxAttempts, "it must be a whole number of attempts");
    }
    atLeast("retry.maxAttempts", retry.maxAttempts, 1);
    atLeast("retry.initialDelay", retry.initialDelay, 0);
    atLeast("retry.maxDelay", retry.maxDelay, 0);
    atLeast("retry.factor", retry.factor, 0);
    if (retry.jitter !== undefined && !(retry.jitter >= 0 && retry.jitter <= 1)) {
      refuse("retry.jitter", retry.jitter, "it must be a number from 0 to 1");
    }
  }
  if (timeout !== undefined && !(timeout > 0)) {
    refuse("timeout", timeout, "it must be a number of milliseconds above 0");
  }
  if (cache !== undefined && cache !== "name" && cache !== "content" && cache !== false) {
    refuse("cache", cache, 'it must be "name", "content" or false');
  }
  if (onFailure !== undefined && onFailure !== "fail" && onFailure !== "skip" && typeof onFailure !== "function") {
    refuse("onFailure", onFailure, 'it must be "fail", "skip" or a function of the error');
  }
  if (concurrency !== undefined && !(Number.isInteger(concurrency.limit) && concurrency.limit >= 1)) {
    refuse("concurrency.limit", concurrency.limit, "it must be a whole number of at least 1");
  }
  if (rateLimit !== undefined) {
    const { key, limit, interval } = rateLimit;
    if (typeof key !== "string") refuse("rateLimit.key", key, "it must be a text that all who share the limit name");
    if (!(Number.isInteger(limit) && limit >= 1)) {
      refuse("rateLimit.limit", limit, "it must be a whole number of at least 1");
    }
    if (!(interval > 0 && interval < Infinity)) {
      refuse("rateLimit.interval", interval, "it must be a number of milliseconds above 0");
    }
  }
  if (hooks === undefined) return;
  for (const name of ["beforeAll", "setup", "teardown", "afterAll"] as const) {
    const hook: unknown = hooks[name];
    if (hook !== undefined && typeof hook !== "function") refuse(`hooks.${name}`, hook, "it must be a function");
  }
}
