/**
 * Those who wait for runs: woken at once when a run ends in this process, and else looking again and again, the less often the more of them
 * there are.
 *
 * @module
 */
import { abortable } from "../abortable.ts";
import type { Clock } from "../clock.ts";
import type { ActiveRun } from "./active_run.ts";

/** The shortest and the longest time between two looks of one who waits alone, in milliseconds, and by what factor it grows. */
const SHORTEST = 2;
const LONGEST = 200;
const GROWTH = 1.3;

/** How many milliseconds each of those who wait adds to the time between two looks: a look costs a read, 0.1 ms. */
const CROWDING = 1;

/** Up to so many look at once; in a crowd, most of the runs are likely to end here. */
const FEW = 16;

/** Everybody in this process who waits for the end of a run. */
export class RunWaiters {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<(run: ActiveRun) => void>>();
  #size = 0;

  /** Measures pauses with this clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A run has ended in this process. */
  ended(run: ActiveRun): void {
    for (const wake of this.#waiting.get(run.id) ?? []) wake(run);
  }

  /**
   * Waits for the end of a run.
   *
   * @param look Looks whether the run has ended elsewhere, and gives what it found then.
   * @returns The run, if it ended in this process after the wait began, or what `look` gave.
   */
  async wait<T>(id: string, look: () => Promise<T | undefined>, signal?: AbortSignal): Promise<ActiveRun | T> {
    let here: ActiveRun | undefined;
    let wake: (() => void) | undefined;
    const hear = (run: ActiveRun): void => {
      here = run;
      wake?.();
    };
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(hear));
    this.#size++;
    try {
      for (let pause = SHORTEST;; pause = Math.min(LONGEST, pause * GROWTH)) {
        const found = pause > SHORTEST || this.#size <= FEW ? await look() : undefined;
        if (found !== undefined) return found;
        if (here === undefined) {
          const rested = Promise.withResolvers<void>();
          wake = rested.resolve;
          const timer = this.#clock.setTimer(Math.max(pause, this.#size * CROWDING), rested.resolve);
          await abortable(rested.promise, signal).finally(() => timer.cancel());
        }
        if (here !== undefined) return here;
      }
    } finally {
      this.#size--;
      waiting.delete(hear);
      if (waiting.size === 0) this.#waiting.delete(id);
    }
  }
}
