import type {
  KvCheck,
  KvCommitError,
  KvCommitResult,
  KvEntryMaybe,
  KvKey,
  KvLike,
  KvListIteratorLike,
  KvListOptions,
  KvListSelector,
  KvReadOptions,
} from "../storage/kv/kv_like.ts";
import { copyKey, encodeKey } from "./kv_key.ts";
import { checkCounts, checkSizes } from "./kv_limits.ts";
import { type KvReads, type KvState, StateReader } from "./kv_state.ts";
import { storeValue } from "./kv_value.ts";
import { MemoryAtomic, type Mutation } from "./memory_atomic.ts";
import { type Watcher, watchKeys } from "./memory_watch.ts";
import { SortedMap } from "./sorted_map.ts";

/** How a {@linkcode MemoryKv} behaves. */
export interface MemoryKvOptions {
  /**
   * How many checks a commit may have: 100 on a local file, 10 on some servers.
   *
   * @default {100}
   */
  readonly maxChecks?: number;
  /**
   * How many earlier states are kept, for {@linkcode MemoryKv.asOf}.
   *
   * @default {0}
   */
  readonly history?: number;
  /** Hears of each commit at the moment at which it takes effect. What it is told must stay as it is. */
  readonly onCommit?: (mutations: readonly Mutation[]) => void;
}

/**
 * A key-value store in memory that behaves like `Deno.Kv` does, limits and errors included, in the part that the engine uses:
 * order of keys, versionstamps, copies of values, checks, cursors. All happens at once, in the order of calls, so that what is
 * done with it can be repeated exactly.
 *
 * It does not have `enqueue`, `sum`, `min`, `max` and `expireIn`, and takes a proxy, which `Deno.Kv` refuses, for the object
 * behind it.
 *
 * @example Only the first one gets it
 * ```ts
 * import { MemoryKv } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * using kv = new MemoryKv();
 * const claim = (holder: string) =>
 *   kv.atomic().check({ key: ["claim"], versionstamp: null }).set(["claim"], holder).commit();
 * expect((await claim("a")).ok).toBe(true);
 * expect((await claim("b")).ok).toBe(false);
 * expect((await kv.get(["claim"])).value).toBe("a");
 * ```
 */
export class MemoryKv implements KvLike {
  readonly #entries: KvState = new SortedMap();
  readonly #reader = new StateReader(() => this.#current());
  readonly #watchers = new Set<Watcher>();
  readonly #maxChecks: number;
  readonly #history: number;
  readonly #onCommit: ((mutations: readonly Mutation[]) => void) | undefined;
  /** Earlier states, the newest last. */
  readonly #earlier: KvState[] = [];
  #commits = 0;
  #open = true;

  /** Begins empty. */
  constructor(options: MemoryKvOptions = {}) {
    this.#maxChecks = options.maxChecks ?? 100;
    this.#history = options.history ?? 0;
    this.#onCommit = options.onCommit;
  }

  /** How many commits have taken effect. */
  get commits(): number {
    return this.#commits;
  }

  /** Reads what is at a key. */
  get<T = unknown>(key: KvKey, _options?: KvReadOptions): Promise<KvEntryMaybe<T>> {
    return this.#reader.get(key);
  }

  /** Reads what is at each of at most 10 keys. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
    _options?: KvReadOptions,
  ): Promise<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
    return this.#reader.getMany<T>(keys);
  }

  /**
   * Lists entries in the order of their keys; each batch is of the state in which it is read.
   *
   * @throws {TypeError} The parts of the selector do not go together.
   * @throws {Error} `limit` or `batchSize` is not a positive integer.
   */
  list<T = unknown>(selector: KvListSelector, options?: KvListOptions): KvListIteratorLike<T> {
    return this.#reader.list(selector, options);
  }

  /** Writes a copy of `value`. */
  set(key: KvKey, value: unknown): Promise<KvCommitResult> {
    return Promise.try(() => this.#apply(this.#prepare([{ key, value: storeValue(value) }])));
  }

  /** Removes an entry; nothing happens if there is none. */
  delete(key: KvKey): Promise<void> {
    return Promise.try(() => void this.#apply(this.#prepare([{ key, value: undefined }])));
  }

  /** Begins a commit of several mutations. */
  atomic(): MemoryAtomic {
    return new MemoryAtomic((checks, mutations) => this.#commit(checks, mutations));
  }

  /**
   * Streams what is at each of at most 10 keys, now and whenever one of them changes.
   *
   * @throws {TypeError} There are more keys, or one is too long.
   */
  watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
    options: { raw?: boolean } = {},
  ): ReadableStream<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
    this.#current();
    return watchKeys<T>(keys, () => this.#entries, this.#watchers, options.raw ?? false);
  }

  /**
   * What reads the state before the last `commits` commits, or the oldest that is kept.
   *
   * @example A reader that lags behind
   * ```ts
   * import { MemoryKv } from "@fusewire/fusewire/testing";
   * import { expect } from "@std/expect";
   *
   * using kv = new MemoryKv({ history: 10 });
   * await kv.set(["a"], 1);
   * await kv.set(["a"], 2);
   * expect((await kv.asOf(1).get(["a"])).value).toBe(1);
   * ```
   */
  asOf(commits: number): KvReads {
    const { length } = this.#earlier;
    const state = commits > 0 && length > 0 ? this.#earlier[Math.max(0, length - commits)] : undefined;
    return new StateReader(() => {
      const current = this.#current();
      return state ?? current;
    });
  }

  /**
   * Ends the store: what is called later fails, streams of `watch` end.
   *
   * @throws {Deno.errors.BadResource} It has ended already.
   */
  close(): void {
    this.#current();
    this.#open = false;
    for (const watcher of this.#watchers) watcher.closed();
  }

  /** The same as `close`, but for that it may have ended already. */
  [Symbol.dispose](): void {
    if (this.#open) this.close();
  }

  #current(): KvState {
    if (!this.#open) throw new Deno.errors.BadResource("Bad resource ID");
    return this.#entries;
  }

  #commit(checks: readonly KvCheck[], mutations: readonly Mutation[]): KvCommitResult | KvCommitError {
    this.#current();
    checkCounts(checks.length, this.#maxChecks, mutations.length);
    const checked = checks.map(({ key, versionstamp }) => ({
      place: encodeKey(key),
      versionstamp: stamp(versionstamp),
    }));
    const placed = this.#prepare(mutations, checked.map(({ place }) => place));
    for (const { place, versionstamp } of checked) {
      if ((this.#entries.get(place)?.versionstamp ?? null) !== versionstamp) return { ok: false };
    }
    return this.#apply(placed);
  }

  /** Says where mutations go, and refuses those that are too large. */
  #prepare(mutations: readonly Mutation[], checked: readonly string[] = []): readonly PlacedMutation[] {
    this.#current();
    const placed = mutations.map(({ key, value }) => ({ place: encodeKey(key), key, value }));
    checkSizes(checked, placed.map(({ place, value }) => ({ key: place, bytes: value?.size })));
    return placed;
  }

  #apply(mutations: readonly PlacedMutation[]): KvCommitResult {
    if (this.#history > 0) {
      this.#earlier.push(this.#entries.copy());
      if (this.#earlier.length > this.#history) this.#earlier.shift();
    }
    const versionstamp = `${(++this.#commits).toString(16).padStart(16, "0")}0000`;
    for (const { place, key, value } of mutations) {
      if (value === undefined) this.#entries.delete(place);
      else this.#entries.set(place, { key: copyKey(key), ...value, versionstamp });
    }
    this.#onCommit?.(mutations);
    if (this.#watchers.size > 0) {
      const touched = new Set(mutations.map(({ place }) => place));
      for (const watcher of this.#watchers) watcher.changed(touched);
    }
    return { ok: true, versionstamp };
  }
}

/** A mutation, and the encoded key. */
interface PlacedMutation extends Mutation {
  readonly place: string;
}

/** A versionstamp to compare with. */
function stamp(versionstamp: string | null | undefined): string | null {
  if (versionstamp === null || versionstamp === undefined) return null;
  if (!/^[0-9a-f]{20}$/i.test(versionstamp)) throw new TypeError("Invalid check");
  return versionstamp.toLowerCase();
}
