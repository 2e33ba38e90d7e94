/**
 * A clock that stands still until a test moves it.
 *
 * @module
 */
import type { Clock, Timer } from "@fusewire/fusewire";

interface PendingTimer extends Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 0;
  #ids = 0;
  readonly #timers = new Set<PendingTimer>();
  #wake = Promise.withResolvers<void>();

  /** `chance` answers every call of `random()`. */
  constructor(readonly chance: () => number = () => 0) {}

  now(): number {
    return this.#now;
  }

  setTimer(delay: number, callback: () => void): Timer {
    const timer: PendingTimer = { at: this.#now + delay, callback, cancel: () => void this.#timers.delete(timer) };
    this.#timers.add(timer);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
    return timer;
  }

  random(): number {
    return this.chance();
  }

  newId(): string {
    return `run-${++this.#ids}`;
  }

  /** Milliseconds until each timer, the soonest first. */
  get delays(): number[] {
    return [...this.#timers].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  /** Waits until `count` timers are set, and says when they will fire. */
  async untilTimers(count = 1): Promise<number[]> {
    while (this.#timers.size < count) await this.#wake.promise;
    return this.delays;
  }

  /** Moves the clock, and fires what is due on the way. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#nextUpTo(end); next !== undefined; next = this.#nextUpTo(end)) {
      this.#now = next.at;
      this.#timers.delete(next);
      next.callback();
    }
    this.#now = end;
  }

  #nextUpTo(end: number): PendingTimer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
