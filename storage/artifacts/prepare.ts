/**
 * How a value is going to be kept.
 *
 * @module
 */
import { newSha256 } from "../digest.ts";
import type { ObjectBody } from "../object_store/object_store.ts";
import { builtIn, builtInNameOf, type FileFormatName, isPlainBytes } from "./built_in.ts";
import { type EncodedFile, extensionOf } from "./formats/file_format.ts";
import { formatNamed } from "./formats/formats.ts";
import { needsFolder } from "./formats/value.ts";
import { hasRegistered, type Materializer, registeredFor } from "./materializer.ts";

/** As one file. */
export interface PreparedFile {
  /** One file. */
  readonly form: "file";
  /** Name of its materializer. */
  readonly name: FileFormatName;
  /** What it is as a file. */
  readonly file: EncodedFile;
}

/** As a folder, which a materializer fills. */
export interface PreparedFolder {
  /** Several files. */
  readonly form: "folder";
  /** Who writes them. */
  readonly materializer: Materializer;
  /** What to write. */
  readonly value: unknown;
}

/** How a value is kept. */
export type Prepared = PreparedFile | PreparedFolder;

/** The first bytes of a `.npy` file. */
const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Says how a value is kept at a path: as one file, if it can be.
 *
 * @throws {SerializationError} If it can not be kept; the message has the path within the value.
 */
export async function prepareForPath(value: unknown, path: string): Promise<Prepared> {
  const registered = registeredFor(value);
  if (registered !== undefined) return { form: "folder", materializer: registered, value };
  const name = nameForPath(value, path);
  if (name === "chunked-array") return { form: "folder", materializer: builtIn(name), value };
  if (isPlainWithParts(name, value) || (name === "value" && needsFolder(value))) {
    return { form: "folder", materializer: builtIn("value"), value };
  }
  return { form: "file", name, file: await formatNamed(name).encode(value, path) };
}

/** Says how a value is kept in a folder of its own. */
export function prepareForFolder(value: unknown): Prepared {
  const name = builtInNameOf(value);
  const kept = isPlainWithParts(name, value) ? "value" : name;
  return { form: "folder", materializer: registeredFor(value) ?? builtIn(kept), value };
}

/** Says how a stream of bytes is kept. */
export async function prepareStream(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Prepared> {
  return { form: "file", name: "stream", file: await formatNamed("stream").encode(stream, "") };
}

/** Whether plain data has a part that a registered materializer keeps: that may be plain itself. */
function isPlainWithParts(name: string, value: unknown): boolean {
  return name === "json" && hasRegistered() && needsFolder(value);
}

/** Bytes that are saved under a name are the file of that name; only one of NumPy has to be one. */
function nameForPath(value: unknown, path: string): ReturnType<typeof builtInNameOf> {
  if (!isPlainBytes(value)) return builtInNameOf(value);
  const isArray = extensionOf(path) === ".npy" && !NPY_MAGIC.every((byte, i) => value[i] === byte);
  return isArray ? "array" : "bytes";
}

/** Up to this size a stream is read to its end before anything is written, in bytes. */
const SMALL_STREAM = 4 * 1024 * 1024;

/** What is to be written, with its size and SHA-256 if they are known before. */
export async function prepareFile({ file }: PreparedFile): Promise<{
  readonly file: EncodedFile;
  readonly body: ObjectBody;
  readonly content?: { readonly size: number; readonly sha256: string };
}> {
  const { body } = file;
  if (isChunks(body)) return { file, body, content: contentOf(body) };
  const chunks: Uint8Array[] = [];
  let size = 0;
  const iterator = body[Symbol.asyncIterator]();
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    if (!(next.value instanceof Uint8Array)) throw new TypeError("A stream that is saved has to give Uint8Array.");
    // A producer may use the same buffer again.
    chunks.push(next.value.slice());
    size += next.value.length;
    if (size > SMALL_STREAM) return { file, body: joinedStream(chunks, iterator) };
  }
  return { file, body: chunks, content: contentOf(chunks) };
}

async function* joinedStream(
  chunks: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncGenerator<Uint8Array, void> {
  let isDone = false;
  try {
    yield* chunks;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
    isDone = true;
  } finally {
    if (!isDone) await rest.return?.();
  }
}

function isChunks(body: EncodedFile["body"]): body is readonly Uint8Array[] {
  return Array.isArray(body);
}

function contentOf(chunks: readonly Uint8Array[]): { readonly size: number; readonly sha256: string } {
  const hash = newSha256();
  let size = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}
