/**
 * How long to wait before a request is sent again.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";

/** How often to send a request, and how long to wait in between. */
export interface RetryOptions {
  /**
   * How often a request is sent at most.
   *
   * @default {6}
   */
  readonly maxAttempts?: number;
  /**
   * The most to wait before the second attempt, in ms; it doubles with each attempt.
   *
   * @default {100}
   */
  readonly baseDelay?: number;
  /**
   * The most to wait before any attempt, in ms, also if the server asks for more.
   *
   * @default {20000}
   */
  readonly maxDelay?: number;
}

/**
 * Milliseconds to wait after so many failed attempts: by chance between half of the exponential delay and all of it ("equal jitter"), and
 * not less than the server asked for.
 */
export function delayAfter(
  failed: number,
  { baseDelay = 100, maxDelay = 20_000 }: RetryOptions,
  random: number,
  retryAfter = 0,
): number {
  const most = Math.min(maxDelay, baseDelay * 2 ** (failed - 1));
  return Math.min(maxDelay, Math.max(retryAfter, most / 2 + random * most / 2));
}

/** Waits. */
export function wait(clock: Clock, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.setTimer(ms, resolve);
  return promise;
}
