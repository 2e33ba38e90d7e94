/**
 * Reminders: many calls to be made soon, with one timer.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** How long, in milliseconds, a step may be at work before it is committed that it is. Shorter ones are committed with their end. */
const REMIND_AFTER = 20;

/** Makes calls some milliseconds later. */
export class Reminders {
  readonly #clock: Clock;
  #calls: (() => void)[] = [];
  #timer: Timer | undefined;

  /** Measures time with this clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes a call with the next ones. */
  add(call: () => void): void {
    this.#calls.push(call);
    if (this.#calls.length > 1) return;
    this.#timer = this.#clock.setTimer(REMIND_AFTER, () => {
      const calls = this.#calls;
      this.#calls = [];
      for (const call of calls) call();
    });
  }

  /** Makes none of the calls. */
  clear(): void {
    this.#timer?.cancel();
    this.#calls = [];
  }
}
