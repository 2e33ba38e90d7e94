import type { Clock, Timer } from "../src/clock.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** How a {@linkcode ProcessClock} differs from the clock behind it. */
export interface ProcessClockOptions {
  /** What every id begins with. */
  readonly name: string;
  /** How far the time is ahead, in milliseconds; behind if it is negative. */
  readonly skew: number;
  /** How late timers fire, at most, in milliseconds. */
  readonly lateness: number;
  /** Chance of this process. */
  readonly random: SeededRandom;
}

interface Waiting {
  timer: Timer;
}

/** The clock of a simulated process: its time may be off, its timers are late, wait while it stands still, and die with it. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #options: ProcessClockOptions;
  readonly #chance: SeededRandom;
  readonly #waiting = new Set<Waiting>();
  #stopped = false;
  /** When the process goes on, by the clock behind; in the past unless it stands still. */
  #resumeAt = -Infinity;
  #ids = 0;

  /** Stands on `clock`. */
  constructor(clock: Clock, options: ProcessClockOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#chance = options.random.fork("timers");
  }

  /** Milliseconds since 1970, UTC, as this process sees them: whole ones, as `Date.now()` gives them. */
  now(): number {
    return Math.floor(this.#clock.now()) + this.#options.skew;
  }

  /** Calls `callback` once, `delay` milliseconds from now or later. */
  setTimer(delay: number, callback: () => void): Timer {
    const { lateness } = this.#options;
    return this.#set(Math.max(0, delay) + (lateness > 0 ? this.#chance.int(0, lateness) : 0), callback);
  }

  /** A clock with the same pauses and the same end, whose timers are not late: for replies. */
  get punctual(): Pick<Clock, "setTimer"> {
    return { setTimer: (delay, callback) => this.#set(delay, callback) };
  }

  /** A number from 0 up to but not including 1. */
  random(): number {
    return this.#options.random.next();
  }

  /** `w1-1`, `w1-2`, … for a process named `w1`. */
  newId(): string {
    return `${this.#options.name}-${++this.#ids}`;
  }

  /** Holds back what becomes due in the next so many milliseconds. */
  pause(milliseconds: number): void {
    this.#resumeAt = Math.max(this.#resumeAt, this.#clock.now() + milliseconds);
  }

  /** Ends all timers, for good. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#waiting) timer.cancel();
    this.#waiting.clear();
  }

  #set(delay: number, callback: () => void): Timer {
    if (this.#stopped) return { cancel: () => {} };
    const fire = (): void => {
      const left = this.#resumeAt - this.#clock.now();
      if (left > 0) {
        waiting.timer = this.#clock.setTimer(left, fire);
        return;
      }
      this.#waiting.delete(waiting);
      callback();
    };
    const waiting: Waiting = { timer: this.#clock.setTimer(delay, fire) };
    this.#waiting.add(waiting);
    return {
      cancel: () => {
        this.#waiting.delete(waiting);
        waiting.timer.cancel();
      },
    };
  }
}
