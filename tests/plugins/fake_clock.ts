import type { Clock } from "../../mod.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  #ids = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimer(delay: number, callback: () => void): { cancel(): void } {
    const timer = { at: this.#now + delay, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  random(): number {
    return 0.5;
  }

  newId(): string {
    return `run-${++this.#ids}`;
  }

  /** Lets time pass; timers fire in order, each at its time. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }

  /** Sets the clock without firing a timer, as a person may. */
  set(now: number): void {
    this.#now = now;
  }
}
