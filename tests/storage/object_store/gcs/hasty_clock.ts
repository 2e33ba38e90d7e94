import type { Clock } from "../../../../src/clock.ts";

/** Longer than any pause: a limit for an attempt, which no test waits for. */
const LIMIT = 60_000;

/** A clock whose pauses are over at once, and add to the time; limits are never reached. */
export class HastyClock implements Clock {
  /** The pauses so far, in ms. */
  readonly pauses: number[] = [];
  #now = 1_800_000_000_000;

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.#now += ms;
  }

  /** Calls back as soon as others had their turn. */
  setTimer(delay: number, callback: () => void): { cancel(): void } {
    if (delay >= LIMIT) return { cancel: () => {} };
    this.pauses.push(delay);
    this.#now += delay;
    const timer = setTimeout(callback, 0);
    return { cancel: () => clearTimeout(timer) };
  }

  /** The longest pause that chance allows. */
  random(): number {
    return 1;
  }

  /** A new id. */
  newId(): string {
    return crypto.randomUUID();
  }
}
