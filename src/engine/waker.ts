/**
 * A waker: a worker sleeps on it until something calls, or a time is over.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Wakes whoever sleeps. A call while nobody sleeps ends the next sleep at once. */
export class Waker {
  #called = false;
  readonly #sleepers = new Set<(called: boolean) => void>();

  /** Takes the clock that sleeps are measured with. */
  constructor(readonly clock: Clock) {}

  /** Ends the sleep. */
  call(): void {
    this.#called = this.#sleepers.size === 0;
    for (const wake of this.#sleepers) wake(true);
  }

  /** Sleeps for so many milliseconds, or until it is called. Gives `true` if it was called. */
  async sleep(milliseconds: number): Promise<boolean> {
    if (this.#called) {
      this.#called = false;
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#sleepers.add(resolve);
    const timer = milliseconds === Infinity ? undefined : this.clock.setTimer(milliseconds, () => resolve(false));
    const called = await promise;
    timer?.cancel();
    this.#sleepers.delete(resolve);
    return called;
  }
}
