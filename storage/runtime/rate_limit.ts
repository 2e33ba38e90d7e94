/**
 * The rule of rate limits: a sliding window. Of each key the times of the latest turns are kept, and a turn is free as soon as fewer than
 * `limit` of them lie in the `interval` before it. So no interval, wherever it begins, has more than `limit` turns.
 *
 * A cell rate (GCRA; ATM Forum, Traffic Management 4.0, 1996) keeps one time instead of many, but lets nearly twice as many through in an
 * interval that begins with a burst, or else no burst at all. Times cost 8 KB a key at most.
 *
 * @module
 */

/** A limit on how many turns of a key are taken in a time. */
export interface TurnLimit {
  /** What is shared. */
  readonly key: string;
  /** How many turns may be taken per interval, at least 1. */
  readonly limit: number;
  /** Milliseconds. */
  readonly interval: number;
}

/** What is kept of a key. */
export interface TakenTurns {
  /** The longest interval that was asked for, in milliseconds: earlier turns are forgotten. */
  readonly interval: number;
  /** When the latest turns were taken, in milliseconds since 1970, in order. */
  readonly at: readonly number[];
}

/** A key of which no turn was taken. */
export const NO_TURNS: TakenTurns = { interval: 0, at: [] };

/** How many turns are kept. */
const MOST_TURNS = 1_000;

/** From how many keys on those that hold nobody up are looked for. */
const MANY_KEYS = 1_000;

/**
 * Milliseconds until the next turn is free; 0 if one is. Never more than the interval: a turn that was taken by a clock that is ahead counts
 * as taken now.
 */
export function waitForTurn({ at }: TakenTurns, limit: TurnLimit, now: number): number {
  const { limit: most, interval } = kept(limit);
  const earliest = at[at.length - most];
  return earliest === undefined ? 0 : Math.max(0, Math.ceil(Math.min(earliest, now) + interval - now));
}

/** What is kept once a turn was taken. */
export function withTurn(taken: TakenTurns, limit: TurnLimit, now: number): TakenTurns {
  const interval = Math.max(taken.interval, kept(limit).interval);
  // Clocks differ: the latest turn need not be the last one, and who is behind looks further back.
  const at = [...taken.at.filter((time) => time > now - 2 * interval), now].sort((a, b) => a - b);
  return { interval, at: at.slice(-MOST_TURNS) };
}

/** A limit of many turns as one of fewer in an equal part of the interval, which is stricter: so many times need not be kept. */
function kept({ limit, interval }: TurnLimit): { readonly limit: number; readonly interval: number } {
  const parts = Math.ceil(limit / MOST_TURNS);
  return { limit: Math.floor(limit / parts), interval: interval / parts };
}

/** The turns of one process. */
export class TurnsInMemory {
  readonly #taken = new Map<string, TakenTurns>();

  /** Takes a turn if one is free. @returns 0, or the milliseconds until one is. */
  take(limit: TurnLimit, now: number): number {
    const taken = this.#taken.get(limit.key) ?? NO_TURNS;
    const wait = waitForTurn(taken, limit, now);
    if (wait > 0) return wait;
    if (this.#taken.size >= MANY_KEYS && !this.#taken.has(limit.key)) this.#forget(now);
    this.#taken.set(limit.key, withTurn(taken, limit, now));
    return 0;
  }

  #forget(now: number): void {
    for (const [key, { interval, at }] of this.#taken) if (at.at(-1)! <= now - interval) this.#taken.delete(key);
  }
}
