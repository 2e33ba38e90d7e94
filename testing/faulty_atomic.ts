import type { KvAtomicLike, KvCheck, KvCommitError, KvCommitResult, KvKey } from "../storage/kv/kv_like.ts";
import { copyKey } from "./kv_key.ts";

/** What a commit answers. */
type Committed = KvCommitResult | KvCommitError;

/** Mutations of a `FaultyKv` that are written together, under conditions, or not at all. */
export class FaultyAtomic implements KvAtomicLike {
  readonly #atomic: KvAtomicLike;
  readonly #perform: (keys: readonly KvKey[], commit: () => Promise<Committed>) => Promise<Committed>;
  readonly #keys: KvKey[] = [];

  /** Adds all to `atomic`, and commits it through `perform`. */
  constructor(
    atomic: KvAtomicLike,
    perform: (keys: readonly KvKey[], commit: () => Promise<Committed>) => Promise<Committed>,
  ) {
    this.#atomic = atomic;
    this.#perform = perform;
  }

  /** Adds conditions. */
  check(...checks: KvCheck[]): this {
    for (const { key, versionstamp } of checks) this.#atomic.check({ key: copyKey(key), versionstamp });
    return this;
  }

  /**
   * Adds that `key` gets a copy of `value` as it is now.
   *
   * @throws {TypeError} The value has no structured clone.
   */
  set(key: KvKey, value: unknown): this {
    const copy = copyKey(key);
    this.#atomic.set(copy, value);
    this.#keys.push(copy);
    return this;
  }

  /** Adds that `key` is removed. */
  delete(key: KvKey): this {
    const copy = copyKey(key);
    this.#atomic.delete(copy);
    this.#keys.push(copy);
    return this;
  }

  /** Writes all if every check holds. */
  commit(): Promise<KvCommitResult | KvCommitError> {
    return this.#perform([...this.#keys], () => this.#atomic.commit());
  }
}
