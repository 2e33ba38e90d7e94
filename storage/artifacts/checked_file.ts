/**
 * Reading objects and comparing them with their SHA-256.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { newSha256, sha256Hex } from "../digest.ts";
import type { ObjectReader, ObjectStore } from "../object_store/object_store.ts";
import { streamOf } from "../object_store/object_stream.ts";
import { damagedArtifact } from "./record.ts";

/** What a file has to be. */
export interface Expected {
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** Reads an object and compares it. `what` is how errors go on after naming the artifact: "it", "its file …". */
export async function readChecked(
  objects: ObjectStore,
  key: string,
  expected: Expected | undefined,
  path: string,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await objects.get(key);
  if (expected !== undefined) {
    checkSize(bytes.length, expected, path, what);
    if (sha256Hex(bytes) !== expected.sha256) throw altered(path, what);
  }
  return bytes;
}

/** Streams an object and compares it with the last byte. */
export async function streamChecked(
  objects: ObjectStore,
  key: string,
  expected: Expected | undefined,
  path: string,
  what: string,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const reader = await objects.open(key);
  if (expected === undefined) return streamOf(reader, 0, reader.size);
  try {
    checkSize(reader.size, expected, path, what);
    const checked = new CheckedReader(reader, expected.sha256, () => altered(path, what));
    return streamOf(checked, 0, reader.size);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** Length and SHA-256 of an object, which is streamed through. */
export async function measured(objects: ObjectStore, key: string): Promise<Expected> {
  const hash = newSha256();
  let size = 0;
  for await (const chunk of await objects.stream(key)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}

function checkSize(size: number, expected: Expected, path: string, what: string): void {
  if (size !== expected.size) throw damagedArtifact(path, `${what} has ${size} bytes instead of ${expected.size}`);
}

function altered(path: string, what: string): Error {
  return damagedArtifact(path, `${what} does not agree with its SHA-256`);
}

/** Reads an object from its beginning to its end, and compares it there. */
class CheckedReader implements ObjectReader {
  readonly size: number;
  readonly #reader: ObjectReader;
  readonly #expected: string;
  readonly #altered: () => Error;
  readonly #hash: Hash = newSha256();
  #checked = 0;
  #isDone = false;

  constructor(reader: ObjectReader, expected: string, altered: () => Error) {
    this.size = reader.size;
    this.#reader = reader;
    this.#expected = expected;
    this.#altered = altered;
  }

  async read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number> {
    const count = await this.#reader.read(into, position);
    if (position === this.#checked && !this.#isDone) {
      this.#hash.update(into.subarray(0, count));
      this.#checked += count;
      if (this.#checked >= this.size || count < into.length) this.#finish();
    }
    return count;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finish(): void {
    this.#isDone = true;
    if (this.#checked !== this.size || this.#hash.digest("hex") !== this.#expected) throw this.#altered();
  }
}
