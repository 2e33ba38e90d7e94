import type { Clock, Timer } from "../src/clock.ts";
import { settle } from "./settle.ts";
import { type Due, TimerQueue } from "./timer_queue.ts";

/** How a {@linkcode VirtualClock} begins. */
export interface VirtualClockOptions {
  /**
   * The first time, in milliseconds since 1970, UTC.
   *
   * @default {1767225600000}
   */
  readonly start?: number;
  /** Answers every call of `random()`; without it, `random()` is always 0. */
  readonly random?: () => number;
  /** Orders timers that are due at the same time: asked once for each, the smallest first. Without it, the one set first is first. */
  readonly tieBreak?: () => number;
  /**
   * What every id begins with.
   *
   * @default {"id"}
   */
  readonly idPrefix?: string;
}

interface VirtualTimer extends Timer, Due {
  callback: (() => void) | undefined;
}

/**
 * A clock that stands still until it is told to go on. Two programs that do the same on two such clocks see the same times, ids
 * and order.
 *
 * @example An hour in no time
 * ```ts
 * import { VirtualClock } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * const clock = new VirtualClock({ start: 0 });
 * const fired: number[] = [];
 * clock.setTimer(3_600_000, () => fired.push(clock.now()));
 * clock.setTimer(1_000, () => fired.push(clock.now()));
 * await clock.advance(3_600_000);
 * expect(fired).toEqual([1_000, 3_600_000]);
 * ```
 */
export class VirtualClock implements Clock {
  readonly #queue = new TimerQueue<VirtualTimer>();
  readonly #random: () => number;
  readonly #tieBreak: () => number;
  readonly #idPrefix: string;
  #now: number;
  #order = 0;
  #ids = 0;
  #pending = 0;

  /** Stands at `start`. */
  constructor(options: VirtualClockOptions = {}) {
    this.#now = options.start ?? Date.UTC(2026, 0, 1);
    this.#random = options.random ?? (() => 0);
    this.#tieBreak = options.tieBreak ?? (() => 0);
    this.#idPrefix = options.idPrefix ?? "id";
  }

  /** Milliseconds since 1970, UTC. */
  now(): number {
    return this.#now;
  }

  /** Calls `callback` once, when time has come `delay` milliseconds further. */
  setTimer(delay: number, callback: () => void): Timer {
    const timer: VirtualTimer = {
      at: this.#now + (delay > 0 ? delay : 0),
      rank: this.#tieBreak(),
      order: ++this.#order,
      callback,
      cancel: () => {
        if (timer.callback !== undefined) this.#pending--;
        timer.callback = undefined;
      },
    };
    this.#pending++;
    this.#queue.push(timer);
    return timer;
  }

  /** What the option `random` answers; else 0. */
  random(): number {
    return this.#random();
  }

  /** `id-1`, `id-2`, … */
  newId(): string {
    return `${this.#idPrefix}-${++this.#ids}`;
  }

  /** How many timers have neither fired nor been cancelled. */
  get pending(): number {
    return this.#pending;
  }

  /** When the next timer fires, in milliseconds since 1970; `undefined` if there is none. */
  get nextDue(): number | undefined {
    return this.#next()?.at;
  }

  /** Moves to the next timer and fires it, and no other that is due at the same time; false if there is none. */
  fireNext(): boolean {
    const timer = this.#next();
    if (timer === undefined) return false;
    this.#queue.pop();
    this.#now = Math.max(this.#now, timer.at);
    this.#pending--;
    const { callback } = timer;
    timer.callback = undefined;
    callback?.();
    return true;
  }

  /**
   * Moves `milliseconds` on, and fires what is due on the way, each at its time. After each, all that waits on promises goes on,
   * so that timers which it sets are fired too.
   *
   * @throws What the callback of a timer throws; time then stands where it was thrown.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.fireNext();
      await settle();
    }
    this.#now = end;
  }

  /**
   * Fires timers, each at its time, until none is left, and says how many it was.
   *
   * @throws {RangeError} More than `limit` fired, so that there may be no end.
   */
  async runUntilIdle(limit = 100_000): Promise<number> {
    await settle();
    for (let fired = 0;; fired++) {
      if (this.#next() === undefined) return fired;
      if (fired === limit) throw new RangeError(`The clock was not idle after ${limit} timers.`);
      this.fireNext();
      await settle();
    }
  }

  /**
   * The same time as another machine sees it, whose clock is `offset` milliseconds ahead, or behind if it is negative. Timers,
   * chance and ids are those of this clock.
   */
  skewed(offset: number): Clock {
    return {
      now: () => this.#now + offset,
      setTimer: (delay, callback) => this.setTimer(delay, callback),
      random: () => this.random(),
      newId: () => this.newId(),
    };
  }

  #next(): VirtualTimer | undefined {
    let timer = this.#queue.peek();
    while (timer !== undefined && timer.callback === undefined) {
      this.#queue.pop();
      timer = this.#queue.peek();
    }
    return timer;
  }
}
