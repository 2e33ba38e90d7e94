/**
 * An object open for reading over a protocol that answers with parts of it.
 *
 * @module
 */
import type { ObjectReader } from "../object_store.ts";
import { inParallel } from "../../in_parallel.ts";

/** What a {@linkcode RangedReader} reads with. */
export interface RangedSource {
  /** Length of the object in bytes. */
  readonly size: number;
  /** Bytes from the beginning that came with the answer that told the size. */
  readonly beginning?: Uint8Array | undefined;
  /** Fills the buffer from `position` on, all of it, from the version that was opened; a `ConflictError` if that is gone. */
  fill(into: Uint8Array<ArrayBuffer>, position: number): Promise<void>;
}

/** How a large read is divided. */
export interface RangedReaderOptions {
  /** How much one request asks for, in bytes. */
  readonly partBytes: number;
  /** How many requests are under way at once. */
  readonly concurrency: number;
}

/** Reads an object by ranges, a large one by several at once. */
export class RangedReader implements ObjectReader {
  /** Length of the object in bytes. */
  readonly size: number;
  readonly #source: RangedSource;
  readonly #options: RangedReaderOptions;

  /** Begins nothing. */
  constructor(source: RangedSource, options: RangedReaderOptions) {
    this.size = source.size;
    this.#source = source;
    this.#options = options;
  }

  /** Fills `into` with the bytes from `position` on. */
  async read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number> {
    const count = Math.max(0, Math.min(into.length, this.size - position));
    const { beginning } = this.#source;
    let known = 0;
    if (beginning !== undefined && position < beginning.length) {
      const part = beginning.subarray(position, position + count);
      into.set(part);
      known = part.length;
    }
    const { partBytes, concurrency } = this.#options;
    await inParallel(partsBetween(known, count, partBytes), concurrency, async ([from, to]) => {
      await this.#source.fill(into.subarray(from, to), position + from);
    });
    return count;
  }

  /** Has nothing to let go of. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Has nothing to let go of. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function* partsBetween(from: number, to: number, partBytes: number): Generator<[from: number, to: number], void> {
  for (let at = from; at < to; at += partBytes) yield [at, Math.min(to, at + partBytes)];
}
