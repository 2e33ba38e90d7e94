import type {
  KvCommitResult,
  KvEntry,
  KvEntryMaybe,
  KvKey,
  KvLike,
  KvListIteratorLike,
  KvListOptions,
  KvListSelector,
  KvReadOptions,
} from "../storage/kv/kv_like.ts";
import { BatchedList } from "./batched_list.ts";
import { FaultyAtomic } from "./faulty_atomic.ts";
import { faultyWatch, type Watching } from "./faulty_watch.ts";
import { copyKey } from "./kv_key.ts";
import type { KvOperation } from "./fault.ts";
import type { KvReads } from "./kv_state.ts";
import { type FaultyKvOptions, Passage } from "./passage.ts";

/**
 * A handle on a KV whose operations go wrong as planned. What is wrapped stays open when the handle is closed.
 *
 * @example A commit that took effect, but seems to have failed
 * ```ts
 * import { FaultyKv, MemoryKv } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * using store = new MemoryKv();
 * using kv = new FaultyKv(store, { plan: ({ number }) => number === 1 ? { kind: "lostReply" } : undefined });
 * await expect(kv.set(["a"], 1)).rejects.toThrow("lost");
 * expect((await kv.get(["a"])).value).toBe(1);
 * ```
 */
export class FaultyKv implements KvLike {
  readonly #kv: KvLike;
  readonly #passage: Passage;
  readonly #watching = new Set<Watching>();
  #closed = false;

  /** Wraps a KV. */
  constructor(kv: KvLike, options: FaultyKvOptions = {}) {
    this.#kv = kv;
    const onKill = (): void => {
      this.#stop();
      options.onKill?.();
    };
    this.#passage = new Passage(kv, { ...options, onKill });
  }

  /** How many operations there have been. */
  get operations(): number {
    return this.#passage.operations;
  }

  /** Whether nothing that is called settles any more. */
  get dead(): boolean {
    return this.#passage.dead;
  }

  /** Reads what is at a key. */
  get<T = unknown>(key: KvKey, options: KvReadOptions = {}): Promise<KvEntryMaybe<T>> {
    const copy = copyKey(key);
    return this.#perform("get", [copy], options, (kv) => kv.get<T>(copy, options));
  }

  /** Reads what is at each of at most 10 keys. */
  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
    options: KvReadOptions = {},
  ): Promise<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
    return this.#perform("getMany", keys, options, (kv) => kv.getMany<T>(keys, options));
  }

  /** Lists entries in the order of their keys. */
  list<T = unknown>(selector: KvListSelector, options: KvListOptions = {}): KvListIteratorLike<T> {
    const { reverse = false, consistency = "strong" } = options;
    return new BatchedList<T>(selector, options, (selector, cursor, size): Promise<KvEntry<T>[]> => {
      const batch = { limit: size, batchSize: size, reverse, consistency, ...(cursor === undefined ? {} : { cursor }) };
      return this.#perform(
        "list",
        Object.values(selector),
        options,
        (kv) => Array.fromAsync(kv.list<T>(selector, batch)),
      );
    });
  }

  /** Writes a copy of `value`. */
  async set(key: KvKey, value: unknown): Promise<KvCommitResult> {
    const atomic = this.#kv.atomic().set(copyKey(key), value);
    const result = await this.#perform("set", [key], {}, () => atomic.commit());
    if (!result.ok) throw new TypeError("Failed to set value");
    return result;
  }

  /** Removes an entry. */
  delete(key: KvKey): Promise<void> {
    const copy = copyKey(key);
    return this.#perform("delete", [copy], {}, () => this.#kv.delete(copy));
  }

  /** Begins a commit of several mutations. */
  atomic(): FaultyAtomic {
    return new FaultyAtomic(this.#kv.atomic(), (keys, commit) => this.#perform("commit", keys, {}, commit));
  }

  /** Streams what is at some keys; a push that fails, whatever the fault, is lost. */
  watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: KvKey }],
    options: { raw?: boolean } = {},
  ): ReadableStream<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
    this.#checkOpen();
    const push = <P>(entries: P): Promise<P> => this.#perform("watch", keys, {}, () => Promise.resolve(entries));
    return faultyWatch(this.#kv.watch<T>(keys, options), push, this.#watching, () => this.dead);
  }

  /** Kills the handle at the `number`-th operation from the first on, before or after it takes effect. */
  crashAt(number: number, when: "before" | "after" = "before"): void {
    this.#passage.crashAt(number, when);
  }

  /** Kills the handle, as if the process had been killed: what has been called and will be called never settles. */
  kill(): void {
    this.#passage.kill();
  }

  /** Ends this handle, not what it wraps. */
  close(): void {
    this.#checkOpen();
    this[Symbol.dispose]();
  }

  /** The same as `close`, but for that it may have ended already. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#stop();
  }

  #checkOpen(): void {
    if (this.#closed) throw new Deno.errors.BadResource("Bad resource ID");
  }

  #stop(): void {
    for (const watching of this.#watching) watching.stop();
  }

  async #perform<R>(
    kind: KvOperation["kind"],
    keys: readonly KvKey[],
    options: KvReadOptions,
    effect: (kv: KvReads) => Promise<R>,
  ): Promise<R> {
    if (!this.dead) this.#checkOpen();
    return await this.#passage.perform(kind, keys, options, effect);
  }
}
