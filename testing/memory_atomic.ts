import type { KvAtomicLike, KvCheck, KvCommitError, KvCommitResult, KvKey } from "../storage/kv/kv_like.ts";
import { type StoredValue, storeValue } from "./kv_value.ts";

/** What a commit does at one key: it sets a value, or removes the entry if there is none. */
export interface Mutation {
  /** The key, as it is when the commit is made. */
  readonly key: KvKey;
  /** The value, as it was when it was given. */
  readonly value: StoredValue | undefined;
}

/** Makes a commit, at once. */
export type Commit = (checks: readonly KvCheck[], mutations: readonly Mutation[]) => KvCommitResult | KvCommitError;

/** Mutations of a `MemoryKv` that are written together, under conditions, or not at all. */
export class MemoryAtomic implements KvAtomicLike {
  readonly #commit: Commit;
  readonly #checks: KvCheck[] = [];
  readonly #mutations: Mutation[] = [];

  /** Begins with nothing. */
  constructor(commit: Commit) {
    this.#commit = commit;
  }

  /** Adds conditions. */
  check(...checks: KvCheck[]): this {
    for (const { key, versionstamp } of checks) this.#checks.push({ key, versionstamp });
    return this;
  }

  /**
   * Adds that `key` gets a copy of `value` as it is now.
   *
   * @throws {TypeError} The value has no structured clone.
   */
  set(key: KvKey, value: unknown): this {
    this.#mutations.push({ key, value: storeValue(value) });
    return this;
  }

  /** Adds that `key` is removed. */
  delete(key: KvKey): this {
    this.#mutations.push({ key, value: undefined });
    return this;
  }

  /** Writes all if every check holds. */
  commit(): Promise<KvCommitResult | KvCommitError> {
    return Promise.try(() => this.#commit(this.#checks, this.#mutations));
  }
}
