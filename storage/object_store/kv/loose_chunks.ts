/**
 * Chunks that belong to no object: of a put that has not come to its end, or of an object that was replaced or removed.
 *
 * An entry says of which version they are before the first is written, and in the commit that makes them loose. It goes after the last
 * of them, so that what a process leaves that dies in between is found, an hour later.
 *
 * @module
 */
import type { KvCheck } from "../../kv/kv_like.ts";
import { Unit } from "../../kv/unit.ts";
import type { KvAccess } from "./access.ts";

/** Chunks that have been loose for so long belong to nobody any more, in ms. */
export const LEFT_OVER_AFTER = 60 * 60 * 1000;
/** How often a store looks for what others have left over, in ms. */
const SWEEP_EVERY = 10 * 60 * 1000;
/** How many chunks are removed at once. */
const REMOVED_AT_ONCE = 1000;

/** An entry of loose chunks. */
interface Loose {
  /** When they became loose, or their writer last gave a sign of life, in ms since 1970. */
  readonly at: number;
  /** Whether somebody found them left over, and began to remove them. */
  readonly swept?: true;
}

/** Whether an entry is of loose chunks that somebody began to remove. */
export function isSwept(value: unknown): boolean {
  return typeof value === "object" && value !== null && "swept" in value;
}

/** The loose chunks of a store. */
export class LooseChunks {
  readonly #access: KvAccess;
  #swept = -Infinity;

  /** Of the store behind `access`. */
  constructor(access: KvAccess) {
    this.#access = access;
  }

  /** Adds to a unit that the chunks of a version are loose. */
  mark(unit: Unit, version: string): void {
    const loose: Loose = { at: this.#access.clock.now() };
    unit.set(this.#access.keys.loose(version), loose, 40);
  }

  /**
   * Takes loose chunks from their writer, should it still live: it can write nothing more, nor make an object of them.
   *
   * @returns Whether they were loose, and as they were seen.
   */
  async claim({ key, versionstamp }: KvCheck, at: number): Promise<boolean> {
    const unit = new Unit();
    unit.check(key, versionstamp);
    const swept: Loose = { at, swept: true };
    unit.set(key, swept, 60);
    return await this.#access.submit(unit) !== undefined;
  }

  /** Removes the chunks of a version, and then the entry. `count` is how many there can be. */
  async remove(version: string, count: number): Promise<void> {
    const { keys } = this.#access;
    for (let at = 0; at < count; at += REMOVED_AT_ONCE) {
      const length = Math.min(REMOVED_AT_ONCE, count - at);
      await Promise.all(Array.from({ length }, (_, i) => {
        const unit = new Unit();
        unit.delete(keys.chunk(version, at + i));
        return this.#access.submit(unit);
      }));
    }
    const last = new Unit();
    last.delete(keys.loose(version));
    await this.#access.submit(last);
  }

  /** Removes what others have left over, if it is time to look. */
  async sweep(): Promise<void> {
    const { clock, keys } = this.#access;
    const now = clock.now();
    if (now - this.#swept < SWEEP_EVERY) return;
    this.#swept = now;
    for await (const { key, value, versionstamp } of this.#access.list<Loose>(keys.allLoose(), { batchSize: 100 })) {
      const version = key.at(-1);
      if (typeof version !== "string" || now - value.at < LEFT_OVER_AFTER) continue;
      if (!await this.claim({ key, versionstamp }, value.at)) continue;
      await this.remove(version, await this.#countOf(version));
    }
  }

  /** One more than the last chunk of a version has. */
  async #countOf(version: string): Promise<number> {
    const { keys } = this.#access;
    const all = keys.chunks(version, 0, Number.MAX_SAFE_INTEGER);
    for await (const { key } of this.#access.list(all, { reverse: true, limit: 1, batchSize: 1 })) {
      return Number(key.at(-1)) + 1;
    }
    return 0;
  }
}
