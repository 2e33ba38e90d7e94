import type { KvEntry, KvListIteratorLike, KvListOptions, KvListSelector } from "../storage/kv/kv_like.ts";
import { copySelector, cursorAt } from "./kv_range.ts";

/** Reads the next `size` entries of a selector after `cursor`; fewer only at the end. */
export type ReadBatch<T> = (
  selector: KvListSelector,
  cursor: string | undefined,
  size: number,
) => Promise<readonly KvEntry<T>[]>;

const DEFAULT_BATCH = 100;
const LARGEST_DEFAULT_BATCH = 500;

function wholeAndPositive(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

/** The iterator of a list, which reads batch by batch as that of `Deno.Kv` does. */
export class BatchedList<T> implements KvListIteratorLike<T> {
  readonly #selector: KvListSelector;
  readonly #limit: number;
  readonly #size: number;
  readonly #read: ReadBatch<T>;
  #batch: readonly KvEntry<T>[] = [];
  #taken = 0;
  #count = 0;
  #last = false;
  #done = false;
  #cursor: string | KvEntry<T> | undefined;

  /**
   * Reads nothing yet.
   *
   * @throws {TypeError} The parts of the selector do not go together.
   * @throws {Error} `limit` or `batchSize` is not a positive integer.
   */
  constructor(selector: KvListSelector, { limit, batchSize, cursor }: KvListOptions, read: ReadBatch<T>) {
    if (limit !== undefined && !wholeAndPositive(limit)) {
      throw new Error(`Limit must be a positive integer: received ${limit}`);
    }
    if (batchSize !== undefined && !wholeAndPositive(batchSize)) {
      throw new Error(`batchSize must be a positive integer: received ${batchSize}`);
    }
    this.#selector = copySelector(selector);
    this.#limit = limit ?? Infinity;
    this.#size = batchSize ?? Math.min(limit ?? DEFAULT_BATCH, LARGEST_DEFAULT_BATCH);
    this.#cursor = cursor === "" ? undefined : cursor;
    this.#read = read;
  }

  /**
   * Where a list that is to go on after the last entry begins; empty at the end.
   *
   * @throws {Error} Nothing has been read, and the list was given no cursor.
   */
  get cursor(): string {
    const cursor = this.#cursor;
    if (cursor === undefined) throw new Error("Cannot get cursor before first iteration");
    return typeof cursor === "string" ? cursor : cursorAt(this.#selector, cursor.key);
  }

  /** The next entry. */
  async next(): Promise<IteratorResult<KvEntry<T>, undefined>> {
    if (this.#done || this.#count >= this.#limit) return { done: true, value: undefined };
    if (this.#taken === this.#batch.length && !this.#last) {
      this.#batch = await this.#read(this.#selector, this.#cursor === undefined ? undefined : this.cursor, this.#size);
      this.#taken = 0;
      this.#last = this.#batch.length < this.#size;
    }
    const entry = this.#batch[this.#taken];
    if (entry === undefined) {
      this.#done = true;
      this.#cursor = "";
      return { done: true, value: undefined };
    }
    this.#taken++;
    this.#count++;
    this.#cursor = entry;
    return { done: false, value: entry };
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
