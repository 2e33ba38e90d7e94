/**
 * Writes one file at once or not at all: a temporary file beside it, sync, rename, sync of the folder.
 *
 * @module
 */
import { newSha256, sha256Hex } from "../digest.ts";
import { TEMPORARY_PREFIX } from "../keys.ts";
import { piecesOf, smallBody } from "./body.ts";
import type { ObjectBody, PutResult } from "./object_store.ts";
import type { Pace } from "./pace.ts";

/** Up to this many bytes are handed to the system in this thread: 5 µs, where the way to another thread takes 20. */
const AT_ONCE_BYTES = 64 * 1024;
/**
 * After how many bytes the disk is told to begin writing, so that it works while the rest is hashed: 256 MiB take 480 ms so, as without a
 * hash, and 700 if the disk begins when all is hashed.
 */
const FLUSH_BYTES = 8 * 1024 * 1024;

// Two processes, or two workers of one, never have the same.
const process = crypto.getRandomValues(new Uint8Array(8)).toHex();
let count = 0;

/** A new, empty temporary file. */
export interface TemporaryFile {
  /** Where it is. */
  readonly path: string;
  /** The file, open for writing. */
  readonly file: Deno.FsFile;
}

/** Makes a temporary file in a folder. */
export async function openTemporary(folder: string, pace: Pace): Promise<TemporaryFile> {
  const path = `${folder}/${TEMPORARY_PREFIX}${process}-${count++}`;
  const options = { write: true, createNew: true };
  return { path, file: await pace.call(() => Deno.openSync(path, options), () => Deno.open(path, options)) };
}

/**
 * Writes and syncs a temporary file, then has it put in its place. It is gone if anything fails.
 *
 * @param move Takes it away; it is written, synced and closed then.
 */
export async function writeAndMove(
  temporary: TemporaryFile,
  body: ObjectBody,
  move: (written: PutResult) => Promise<void>,
): Promise<PutResult> {
  const { file } = temporary;
  try {
    const small = smallBody(body);
    const result = await (small === undefined ? writePieces(temporary, body) : writeSmall(file, small));
    file.close();
    await move(result);
    return result;
  } catch (error) {
    try {
      file.close();
    } catch {
      // It was closed before it was moved.
    }
    await Deno.remove(temporary.path).catch(() => {});
    throw error;
  }
}

async function writeSmall(file: Deno.FsFile, bytes: Uint8Array): Promise<PutResult> {
  const writing = bytes.length > AT_ONCE_BYTES ? writeAll(file, bytes) : writeHere(file, bytes);
  const sha256 = sha256Hex(bytes);
  await writing;
  await file.syncData();
  return { size: bytes.length, sha256 };
}

async function writePieces({ file, path }: TemporaryFile, body: ObjectBody): Promise<PutResult> {
  const hash = newSha256();
  // Calls on one open file wait for one another, so what tells the disk to begin needs its own.
  using flusher = new Flusher(await Deno.open(path, { write: true }));
  let size = 0;
  try {
    for await (const piece of piecesOf(body)) {
      // The hash is computed here while another thread writes.
      const writing = writeAll(file, piece);
      hash.update(piece);
      await writing;
      size += piece.length;
      flusher.wrote(piece.length);
    }
  } finally {
    await flusher.finish();
  }
  await file.syncData();
  return { size, sha256: hash.digest("hex") };
}

/** Keeps the disk busy with what was written so far. */
class Flusher {
  readonly #file: Deno.FsFile;
  #unflushed = 0;
  #flushing: Promise<void> | undefined;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  wrote(length: number): void {
    this.#unflushed += length;
    if (this.#unflushed < FLUSH_BYTES || this.#flushing !== undefined) return;
    this.#unflushed = 0;
    this.#flushing = this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flushing;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  async #flush(): Promise<void> {
    // What can not be written is told once more by the last sync, or the next write.
    await this.#file.syncData().catch(() => {});
    this.#flushing = undefined;
  }
}

function writeHere(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(at === 0 ? bytes : bytes.subarray(at));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(at === 0 ? bytes : bytes.subarray(at));
}
