/**
 * Time for tests of what waits on a real store: it goes on by itself, and a test can skip hours of it.
 *
 * @module
 */
import type { Clock, Timer } from "@fusewire/fusewire";

interface Waiting {
  readonly at: number;
  readonly callback: () => void;
  handle: ReturnType<typeof setTimeout> | undefined;
}

/** The time of all processes of one test. */
export class SharedTime {
  readonly clocks = new Set<SkippingClock>();
  #ahead = 0;

  /** Milliseconds since 1970, and what was skipped. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Moves on, and fires what has become due. */
  skip(milliseconds: number): void {
    this.#ahead += milliseconds;
    for (const clock of this.clocks) clock.fireDue();
  }
}

/** The clock of one process. */
export class SkippingClock implements Clock {
  readonly #time: SharedTime;
  readonly #waiting = new Set<Waiting>();
  #stopped = false;

  /** Shows a time that others share. */
  constructor(time: SharedTime) {
    this.#time = time;
    time.clocks.add(this);
  }

  now(): number {
    return this.#time.now();
  }

  setTimer(delay: number, callback: () => void): Timer {
    if (this.#stopped) return { cancel: () => {} };
    const timer: Waiting = { at: this.now() + Math.max(0, delay), callback, handle: undefined };
    this.#waiting.add(timer);
    this.#schedule(timer);
    return { cancel: () => this.#end(timer) };
  }

  random(): number {
    return Math.random();
  }

  newId(): string {
    return crypto.randomUUID();
  }

  /** Calls back all timers whose time has come. */
  fireDue(): void {
    const now = this.now();
    const due = [...this.#waiting].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    for (const timer of due) if (this.#waiting.has(timer)) this.#fire(timer);
    for (const timer of this.#waiting) this.#schedule(timer);
  }

  /** Ends all timers for good, as the end of a process does. */
  stop(): void {
    this.#stopped = true;
    for (const timer of [...this.#waiting]) this.#end(timer);
    this.#time.clocks.delete(this);
  }

  #schedule(timer: Waiting): void {
    clearTimeout(timer.handle);
    timer.handle = setTimeout(() => this.#fire(timer), Math.min(2 ** 31 - 1, Math.max(0, timer.at - this.now())));
  }

  #fire(timer: Waiting): void {
    this.#end(timer);
    timer.callback();
  }

  #end(timer: Waiting): void {
    clearTimeout(timer.handle);
    this.#waiting.delete(timer);
  }
}
