import type {
  KvEntry,
  KvEntryMaybe,
  KvKey,
  KvLike,
  KvListIteratorLike,
  KvListOptions,
  KvListSelector,
} from "../storage/kv/kv_like.ts";
import { BatchedList } from "./batched_list.ts";
import { copyKey } from "./kv_key.ts";
import { checkBatch, checkReadKey, checkReads, readKey } from "./kv_limits.ts";
import { rangeOf } from "./kv_range.ts";
import { readValue, type StoredValue } from "./kv_value.ts";
import type { SortedMap } from "./sorted_map.ts";

/** What reads: all of a KV but its mutations. */
export type KvReads = Pick<KvLike, "get" | "getMany" | "list">;

/** An entry in the store. Nobody else has it or a part of it. */
export interface StoredEntry extends StoredValue {
  /** The key; never given away. */
  readonly key: KvKey;
  /** 20 hexadecimal digits. */
  readonly versionstamp: string;
}

/** All entries, by encoded key. */
export type KvState = SortedMap<StoredEntry>;

/** A copy of an entry for a reader, or that there is none. */
export function entryOrNone<T>(key: KvKey, entry: StoredEntry | undefined): KvEntryMaybe<T> {
  return entry === undefined ? { key, value: null, versionstamp: null } : entryOf<T>(entry);
}

function entryOf<T>(entry: StoredEntry): KvEntry<T> {
  // As with Deno.Kv, who reads says what was written.
  const value = readValue(entry) as T;
  return { key: copyKey(entry.key), value, versionstamp: entry.versionstamp };
}

/** Reads from the state that `state` answers with; what it throws is what every read fails with. */
export class StateReader implements KvReads {
  readonly #state: () => KvState;

  /** Asks `state` for each read, and for each batch of a list. */
  constructor(state: () => KvState) {
    this.#state = state;
  }

  /** Reads what is at a key. */
  get<T = unknown>(key: KvKey): Promise<KvEntryMaybe<T>> {
    return Promise.try(() => entryOrNone<T>(key, this.#state().get(readKey(key))));
  }

  /** Reads what is at each of at most 10 keys. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
  ): Promise<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
    return Promise.try(() => entriesAt<T>(this.#state(), keys));
  }

  /** Lists entries in the order of their keys. */
  list<T = unknown>(selector: KvListSelector, options: KvListOptions = {}): KvListIteratorLike<T> {
    const { reverse = false } = options;
    return new BatchedList<T>(selector, options, (selector, cursor, size) =>
      Promise.try(() => {
        const state = this.#state();
        const { start, end } = rangeOf(selector, cursor, reverse);
        checkReadKey(start);
        checkReadKey(end);
        checkBatch(size);
        return state.range(start, end, size, reverse).map((entry) => entryOf<T>(entry));
      }));
  }
}

/** What is at each of the keys, in their order. */
export function entriesAt<T extends readonly unknown[]>(
  state: KvState,
  keys: readonly [...{ [K in keyof T]: KvKey }],
): { [K in keyof T]: KvEntryMaybe<T[K]> } {
  checkReads(keys.length);
  const encoded = keys.map(readKey);
  // One entry for each key: a mapped tuple can not be built item by item.
  return keys.map((key, at) => entryOrNone(key, state.get(encoded[at] ?? ""))) as {
    [K in keyof T]: KvEntryMaybe<T[K]>;
  };
}
