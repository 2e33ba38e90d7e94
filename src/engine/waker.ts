/**
 * A waker: a worker sleeps on it until something calls, or a time is over.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Wakes one sleeper. A call while nobody sleeps ends the next sleep at once. */
export class Waker {
  #called = false;
  #wake: (() => void) | undefined;

  /** Takes the clock that sleeps are measured with. */
  constructor(readonly clock: Clock) {}

  /** Ends the sleep. */
  call(): void {
    this.#called = true;
    this.#wake?.();
  }

  /** Sleeps for so many milliseconds, or until it is called. Gives `true` if it was called. */
  async sleep(milliseconds: number): Promise<boolean> {
    if (!this.#called) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = milliseconds === Infinity ? undefined : this.clock.setTimer(milliseconds, resolve);
      await promise;
      timer?.cancel();
      this.#wake = undefined;
    }
    const called = this.#called;
    this.#called = false;
    return called;
  }
}
