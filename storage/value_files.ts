/**
 * The files of one value that a serializer keeps: what is written is noted with its checksums, what is read is compared with them.
 *
 * @module
 */
import { IntegrityError, NotFoundError } from "../src/errors.ts";
import { crc32 } from "./digest.ts";
import { piecesOf, smallBody } from "./object_store/body.ts";
import type { ByteRange, ObjectBody, ObjectReader, ObjectStore } from "./object_store/object_store.ts";
import { streamOf } from "./object_store/object_stream.ts";
import { withinSize } from "./object_store/range.ts";
import type { ProtocolEntry } from "./protocols.ts";
import type { FileStamp } from "./result_record.ts";

/** Whose result it is. */
export interface ResultPlace {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Name of the task. */
  readonly task: string;
}

/** The error for a damaged result; `problem` is the end of a sentence. */
export function damagedResult(place: ResultPlace, problem: string, cause?: unknown): IntegrityError {
  return new IntegrityError(
    `The stored result of task ${JSON.stringify(place.task)} of workflow ${
      JSON.stringify(place.workflow)
    } is damaged: ` +
      `${problem}. Save it again, or remove it.`,
    { workflow: place.workflow, node: place.task, ...(cause === undefined ? {} : { cause }) },
  );
}

/** Files of one value, in a folder of its own. */
export class ValueFiles implements ProtocolEntry {
  readonly #objects: ObjectStore;
  readonly #folder: string;
  readonly #place: ResultPlace;
  readonly #stamps: Map<string, FileStamp>;

  /**
   * @param folder What the keys begin with, ending in "/".
   * @param stamps What was written before.
   */
  constructor(objects: ObjectStore, folder: string, place: ResultPlace, stamps: readonly FileStamp[] = []) {
    this.#objects = objects;
    this.#folder = folder;
    this.#place = place;
    this.#stamps = new Map(stamps.map((stamp) => [stamp.name, stamp]));
  }

  /** What was written. */
  get stamps(): FileStamp[] {
    return [...this.#stamps.values()];
  }

  /** Streams a file; the whole of it is compared with its checksum, which fails with the last bytes. */
  async open(name: string, range: ByteRange = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const reader = await this.#existing(name, () => this.#objects.open(this.#folder + name));
    try {
      const { start, end } = withinSize(range, reader.size);
      const stamp = this.#stamps.get(name);
      if (stamp !== undefined) this.#checkSize(stamp, reader.size);
      const isWhole = start === 0 && end === reader.size;
      if (stamp === undefined || !isWhole) return streamOf(reader, start, end);
      return streamOf(new CheckedReader(reader, () => this.#altered(name), stamp.crc32), start, end);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** Reads a file; the whole of it is compared with its checksum. */
  async read(name: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#existing(name, () => this.#objects.get(this.#folder + name, range));
    const stamp = this.#stamps.get(name);
    const isWhole = (range.start ?? 0) === 0 && (range.end ?? Infinity) >= (stamp?.size ?? 0);
    if (stamp !== undefined && isWhole) {
      this.#checkSize(stamp, bytes.length);
      if (crc32(bytes) !== stamp.crc32) throw this.#altered(name);
    }
    return bytes;
  }

  /** Writes a file at once or not at all. */
  async write(name: string, body: ObjectBody): Promise<void> {
    let crc = 0;
    async function* counted(): AsyncGenerator<Uint8Array, void> {
      for await (const piece of piecesOf(body)) {
        crc = crc32(piece, crc);
        yield piece;
      }
    }
    const small = smallBody(body);
    if (small !== undefined) crc = crc32(small);
    const { size, sha256 } = await this.#objects.put(this.#folder + name, small ?? counted());
    this.#stamps.set(name, { name, size, sha256, crc32: crc });
  }

  /** Removes a file; silent if there is none. */
  async remove(name: string): Promise<void> {
    await this.#objects.delete(this.#folder + name);
    this.#stamps.delete(name);
  }

  async #existing<T>(name: string, get: () => Promise<T>): Promise<T> {
    try {
      return await get();
    } catch (error) {
      if (!(error instanceof NotFoundError) || !this.#stamps.has(name)) throw error;
      throw damagedResult(this.#place, `its file ${JSON.stringify(name)} is missing`, error);
    }
  }

  #checkSize(stamp: FileStamp, size: number): void {
    if (size === stamp.size) return;
    const problem = `its file ${JSON.stringify(stamp.name)} has ${size} bytes instead of ${stamp.size}`;
    throw damagedResult(this.#place, problem);
  }

  #altered(name: string): IntegrityError {
    return damagedResult(this.#place, `its file ${JSON.stringify(name)} does not agree with its checksum`);
  }
}

/** How much is read before its checksum is computed, while the next is being read; in bytes. */
const STEP_BYTES = 32 * 1024 * 1024;

/** Reads an object from its beginning to its end, and compares it with a checksum there. */
class CheckedReader implements ObjectReader {
  readonly size: number;
  readonly #reader: ObjectReader;
  readonly #altered: () => Error;
  readonly #expected: number;
  #crc = 0;
  #checked = 0;

  constructor(reader: ObjectReader, altered: () => Error, expected: number) {
    this.size = reader.size;
    this.#reader = reader;
    this.#altered = altered;
    this.#expected = expected;
  }

  async read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number> {
    let at = 0;
    let step = into.subarray(0, STEP_BYTES);
    let reading = this.#reader.read(step, position);
    for (;;) {
      const count = await reading;
      const part = step.subarray(0, count);
      const isLast = count < step.length || at + count === into.length;
      if (!isLast) {
        step = into.subarray(at + count, at + count + STEP_BYTES);
        reading = this.#reader.read(step, position + at + count);
      }
      if (position + at === this.#checked) this.#check(part);
      at += count;
      if (isLast) return at;
    }
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(part: Uint8Array): void {
    this.#crc = crc32(part, this.#crc);
    this.#checked += part.length;
    if (this.#checked === this.size && this.#crc !== this.#expected) throw this.#altered();
  }
}
