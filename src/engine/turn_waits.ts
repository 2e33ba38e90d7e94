/**
 * Steps of one worker that wait for a turn of a rate limit: so that not all of them ask again as soon as one is free, they are told different
 * times, as many at a time as may begin. It is a guess that costs nothing if it is wrong: who comes too early is told again.
 *
 * @module
 */
import type { RateLimit } from "../options.ts";

/** A step is told to wait for so many intervals at most, in case others do not come for their turns. */
const MOST_INTERVALS = 20;

/** From how many keys on those whose time has come are forgotten. */
const MANY_KEYS = 1_000;

/** Who waits for turns. */
export class TurnWaits {
  readonly #waits = new Map<string, { readonly until: number; count: number }>();

  /** Milliseconds that one more step waits, of which the store says that a turn is free in `wait`. */
  next({ key, limit, interval }: RateLimit, wait: number, now: number): number {
    const until = now + wait;
    let waits = this.#waits.get(key);
    if (waits === undefined || waits.until !== until) {
      if (this.#waits.size >= MANY_KEYS) this.#forget(now);
      this.#waits.set(key, waits = { until, count: 0 });
    }
    return wait + Math.min(Math.floor(waits.count++ / limit), MOST_INTERVALS) * interval;
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#waits) if (until <= now) this.#waits.delete(key);
  }
}
