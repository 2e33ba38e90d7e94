/**
 * Reads the bytes of an object, which may be replaced or removed meanwhile.
 *
 * @module
 */
import { ConflictError } from "../../../src/errors.ts";
import type { ObjectReader } from "../object_store.ts";
import type { KvAccess } from "./access.ts";
import { CHUNK_BYTES, type FoundObject, type Manifest } from "./manifest.ts";

/** How many chunks are read in one go: about 1 MB. */
const CHUNKS_AT_ONCE = 16;

/**
 * Fills `into` with the bytes of an object from `position` on, of which there must be so many.
 *
 * @returns Whether all chunks were there: they are not if the object was replaced or removed.
 */
export async function readBytes(
  access: KvAccess,
  { version, bytes }: Manifest,
  into: Uint8Array,
  position: number,
): Promise<boolean> {
  if (bytes !== undefined) {
    into.set(bytes.subarray(position, position + into.length));
    return true;
  }
  const end = position + into.length;
  let next = Math.floor(position / CHUNK_BYTES);
  const selector = access.keys.chunks(version, next, Math.ceil(end / CHUNK_BYTES));
  for await (const { key, value } of access.list<Uint8Array>(selector, { batchSize: CHUNKS_AT_ONCE })) {
    if (key.at(-1) !== next) return false;
    const start = next++ * CHUNK_BYTES;
    const part = value.subarray(Math.max(0, position - start), Math.max(0, end - start));
    into.set(part, Math.max(0, start - position));
    letGo(value);
  }
  return next * CHUNK_BYTES >= end || into.length === 0;
}

/** Gives the memory of a chunk back at once: V8 would keep up to a hundred megabytes of them until it looks. A list gives copies. */
function letGo({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** An object that was opened. */
export class KvReader implements ObjectReader {
  /** Length in bytes. */
  readonly size: number;
  readonly #access: KvAccess;
  readonly #found: FoundObject;

  /** Reads the object that was found. */
  constructor(access: KvAccess, found: FoundObject) {
    this.#access = access;
    this.#found = found;
    this.size = found.manifest.size;
  }

  /**
   * Fills `into` from `position` on.
   *
   * @throws {ConflictError} If the object was replaced or removed.
   */
  async read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number> {
    const wanted = Math.min(into.length, Math.max(0, this.size - position));
    const { key, manifest } = this.#found;
    if (!await readBytes(this.#access, manifest, into.subarray(0, wanted), position)) {
      throw new ConflictError(
        `The object ${JSON.stringify(key)} in the KV was replaced or removed while it was read. Open it again.`,
      );
    }
    return wanted;
  }

  /** Has nothing to let go of. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
