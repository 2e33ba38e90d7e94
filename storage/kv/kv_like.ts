/**
 * The part of `Deno.Kv` that the engine uses, as an interface: `Deno.Kv` itself has this shape, and so has what stands in for
 * it in tests. `enqueue`, `listenQueue`, `sum`, `min`, `max` and `expireIn` are left out on purpose: measured, none of them does
 * what a durable engine needs.
 *
 * @module
 */

/** A part of a key. A symbol is in the type only because `Deno.Kv` has it there; no key that was read holds one. */
export type KvKeyPart = Uint8Array | string | number | bigint | boolean | symbol;

/** A key: its parts, from the most general to the most special. */
export type KvKey = readonly KvKeyPart[];

/** An entry that is there. */
export interface KvEntry<T> {
  /** The key, as a copy. */
  key: KvKey;
  /** The value, as a copy. */
  value: T;
  /** 20 hexadecimal digits that grow with every commit. */
  versionstamp: string;
}

/** What is at a key: an entry, or that there is none. */
export type KvEntryMaybe<T> = KvEntry<T> | {
  /** The key that was asked for. */
  key: KvKey;
  /** There is no value. */
  value: null;
  /** There is no entry. */
  versionstamp: null;
};

/** Which entries to list: those below a prefix, from `start` on, before `end`. */
export type KvListSelector =
  | { prefix: KvKey }
  | { prefix: KvKey; start: KvKey }
  | { prefix: KvKey; end: KvKey }
  | { start: KvKey; end: KvKey };

/** How to read. */
export interface KvReadOptions {
  /**
   * Whether the answer may be from an earlier state.
   *
   * @default {"strong"}
   */
  consistency?: "strong" | "eventual";
}

/** How to list. */
export interface KvListOptions extends KvReadOptions {
  /** The largest number of entries; all if there is none. */
  limit?: number;
  /** Where an earlier list, with the same selector, ended. */
  cursor?: string;
  /**
   * Lists from the end.
   *
   * @default {false}
   */
  reverse?: boolean;
  /** How many entries to read at a time, at most 1000. Each batch is read at a time of its own: a list is no snapshot. */
  batchSize?: number;
}

/** The entries of a list, read batch by batch. */
export interface KvListIteratorLike<T> extends AsyncIterableIterator<KvEntry<T>> {
  /** Where a list that is to go on after the last entry begins; empty at the end. */
  readonly cursor: string;
  /** The next entry. */
  next(): Promise<IteratorResult<KvEntry<T>, undefined>>;
}

/** A commit took effect. */
export interface KvCommitResult {
  /** Always true. */
  ok: true;
  /** The versionstamp of all that was written. */
  versionstamp: string;
}

/** A check did not hold, and nothing was written. */
export interface KvCommitError {
  /** Always false. */
  ok: false;
}

/** A condition of a commit: the entry at `key` has this versionstamp, or there is none if it is `null`. */
export interface KvCheck {
  /** The key that is looked at. */
  key: KvKey;
  /** The versionstamp that it must have; `null` if there must be no entry. */
  versionstamp: string | null;
}

/** Mutations that are written together, under conditions, or not at all. */
export interface KvAtomicLike {
  /** Adds conditions: at most 100 in a commit, and 10 on some servers. */
  check(...checks: KvCheck[]): this;
  /** Adds that `key` gets a copy of `value`. */
  set(key: KvKey, value: unknown): this;
  /** Adds that `key` is removed; nothing happens if there is no entry. */
  delete(key: KvKey): this;
  /** Writes all if every check holds. */
  commit(): Promise<KvCommitResult | KvCommitError>;
}

/** The part of `Deno.Kv` that the engine uses. */
export interface KvLike extends Disposable {
  /** Reads what is at a key. */
  get<T = unknown>(key: KvKey, options?: KvReadOptions): Promise<KvEntryMaybe<T>>;
  /** Reads what is at each of at most 10 keys, at one moment. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
    options?: KvReadOptions,
  ): Promise<{ [K in keyof T]: KvEntryMaybe<T[K]> }>;
  /** Lists entries in the order of their keys. */
  list<T = unknown>(selector: KvListSelector, options?: KvListOptions): KvListIteratorLike<T>;
  /** Writes a copy of `value`. */
  set(key: KvKey, value: unknown): Promise<KvCommitResult>;
  /** Removes an entry; nothing happens if there is none. */
  delete(key: KvKey): Promise<void>;
  /** Begins a commit of several mutations. */
  atomic(): KvAtomicLike;
  /** Streams what is at each of at most 10 keys, now and whenever one of them changes. */
  watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
    options?: { raw?: boolean },
  ): ReadableStream<{ [K in keyof T]: KvEntryMaybe<T[K]> }>;
  /** Ends this handle; what is called on it later fails. */
  close(): void;
}
