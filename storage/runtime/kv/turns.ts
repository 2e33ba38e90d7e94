/**
 * The turns of rate limits: one entry a key, with the times of the latest ones.
 *
 * @module
 */
import { KeyLocks } from "../../key_locks.ts";
import { Unit } from "../../kv/unit.ts";
import { NO_TURNS, type TakenTurns, type TurnLimit, waitForTurn, withTurn } from "../rate_limit.ts";
import { type KvContext, untilUnchanged } from "./context.ts";

/** So many limits are remembered to be full; beyond that the store is asked again. */
const MANY_LIMITS = 1_000;

/** Takes turns. */
export class Turns {
  /** Those of this process come one after another, so that they do not undo each other's work. */
  readonly #locks = new KeyLocks();
  /** Until when no turn of a limit is free, as far as is known: till then nobody has to ask the store. */
  readonly #fullUntil = new Map<string, number>();

  /** Keeps them where the context says. */
  constructor(private readonly context: KvContext) {}

  /** Takes a turn if one is free. Gives 0, or the milliseconds until one is. */
  async take(limit: TurnLimit, now: number): Promise<number> {
    const name = JSON.stringify([limit.key, limit.limit, limit.interval]);
    return await this.#locks.run(name, async () => {
      const full = this.#fullUntil.get(name) ?? 0;
      if (full > now && full <= now + limit.interval) return full - now;
      this.#fullUntil.delete(name);
      const wait = await this.#take(limit, now);
      if (this.#fullUntil.size >= MANY_LIMITS) this.#fullUntil.clear();
      if (wait > 0) this.#fullUntil.set(name, now + wait);
      return wait;
    });
  }

  async #take(limit: TurnLimit, now: number): Promise<number> {
    const { kv, keys, queue } = this.context;
    const key = keys.turns(limit.key);
    return await untilUnchanged(`The rate limit ${JSON.stringify(limit.key)}`, async () => {
      const { value, versionstamp } = await kv.get<TakenTurns>(key);
      const taken = value ?? NO_TURNS;
      const wait = waitForTurn(taken, limit, now);
      if (wait > 0) return wait;
      const next = withTurn(taken, limit, now);
      const unit = new Unit();
      unit.guards.push(`turns ${limit.key}`);
      unit.check(key, versionstamp);
      unit.set(key, next, 40 + 10 * next.at.length);
      // A turn whose reply was lost is taken, and another one too: rather one too few than one too many.
      return await queue.submit(unit) === undefined ? undefined : 0;
    });
  }
}
