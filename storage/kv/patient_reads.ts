/**
 * Reading that is tried again while the store is locked or does not answer: a read can do no harm twice.
 *
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import { failureKind } from "./failures.ts";
import type { KvEntry, KvEntryMaybe, KvKey, KvLike, KvListOptions, KvListSelector } from "./kv_like.ts";

const FIRST_WAIT = 2;
const LONGEST_WAIT = 200;

/** How long to wait before the next of several tries, in milliseconds: longer each time, and by chance. */
export function waitBefore(tries: number, clock: Clock): number {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(tries, 10));
  return longest * (0.2 + 0.8 * clock.random());
}

/** Reads a store. */
export class PatientReads {
  readonly #kv: KvLike;
  readonly #clock: Clock;
  readonly #patience: number;

  /** Reads `kv`, and gives up after `patience` milliseconds. */
  constructor(kv: KvLike, clock: Clock, patience: number) {
    this.#kv = kv;
    this.#clock = clock;
    this.#patience = patience;
  }

  /** Reads what is at a key. */
  get<T = unknown>(key: KvKey): Promise<KvEntryMaybe<T>> {
    return this.#kv.get<T>(key).catch((error: unknown) => this.#again(error, () => this.#kv.get<T>(key)));
  }

  /** Reads what is at each of at most 10 keys, at one moment. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
  ): Promise<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
    return this.#kv.getMany<T>(keys).catch((error: unknown) => this.#again(error, () => this.#kv.getMany<T>(keys)));
  }

  /** Lists entries in the order of their keys. */
  async *list<T = unknown>(
    selector: KvListSelector,
    options: KvListOptions = {},
  ): AsyncGenerator<KvEntry<T>, undefined> {
    let iterator = this.#kv.list<T>(selector, options);
    let left = options.limit ?? Infinity;
    let last = "";
    while (true) {
      const next = await iterator.next().catch((error: unknown) =>
        this.#again(error, () => {
          const { limit: _, ...others } = options;
          const rest = left === Infinity ? {} : { limit: left };
          iterator = this.#kv.list<T>(selector, { ...others, ...rest, ...(last === "" ? {} : { cursor: last }) });
          return iterator.next();
        })
      );
      if (next.done === true) return undefined;
      last = iterator.cursor;
      left--;
      yield next.value;
    }
  }

  async #again<T>(error: unknown, read: () => Promise<T>): Promise<T> {
    const began = this.#clock.now();
    let latest = error;
    for (let tries = 0;; tries++) {
      const kind = failureKind(latest);
      if (kind === "closed" || kind === "refused" || this.#clock.now() - began > this.#patience) throw latest;
      await new Promise<void>((resolve) => void this.#clock.setTimer(waitBefore(tries, this.#clock), resolve));
      try {
        return await read();
      } catch (again) {
        latest = again;
      }
    }
  }
}
