/**
 * Writes one file at once or not at all: a temporary file beside it, sync, rename, sync of the folder.
 *
 * @module
 */
import { newSha256, sha256Hex } from "../digest.ts";
import { TEMPORARY_PREFIX } from "../keys.ts";
import { piecesOf, smallBody } from "./body.ts";
import type { ObjectBody, PutResult } from "./object_store.ts";

/** Up to this many bytes are handed to the system in this thread: 5 µs, where the way to another thread takes 20. */
const AT_ONCE_BYTES = 64 * 1024;
/** After how many bytes the disk is told to begin writing, so that it works while the rest is hashed. */
const FLUSH_BYTES = 32 * 1024 * 1024;

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
export async function openTemporary(folder: string): Promise<TemporaryFile> {
  const path = `${folder}/${TEMPORARY_PREFIX}${process}-${count++}`;
  return { path, file: await Deno.open(path, { write: true, createNew: true }) };
}

/**
 * Writes and syncs a temporary file, then renames it. It is gone if anything fails.
 *
 * @param path Where it goes.
 * @param check What else has to hold before the rename; it runs beside the writing.
 */
export async function writeAndRename(
  temporary: TemporaryFile,
  path: string,
  body: ObjectBody,
  check?: () => Promise<void>,
): Promise<PutResult> {
  const { file } = temporary;
  try {
    const small = smallBody(body);
    const writing = small === undefined ? writePieces(temporary, body) : writeSmall(file, small);
    // The file is not closed before both are done with it.
    if (check !== undefined) await Promise.allSettled([writing, check()]).then(([, checked]) => throwIf(checked));
    const result = await writing;
    file.close();
    await Deno.rename(temporary.path, path);
    return result;
  } catch (error) {
    try {
      file.close();
    } catch {
      // It was closed before the rename.
    }
    await Deno.remove(temporary.path).catch(() => {});
    throw error;
  }
}

function throwIf(outcome: PromiseSettledResult<void>): void {
  if (outcome.status === "rejected") throw outcome.reason;
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
  using flusher = await Deno.open(path, { write: true });
  let flushing: Promise<void> | undefined;
  let size = 0;
  let unflushed = 0;
  try {
    for await (const piece of piecesOf(body)) {
      // The hash is computed here while another thread writes.
      const writing = writeAll(file, piece);
      hash.update(piece);
      await writing;
      size += piece.length;
      unflushed += piece.length;
      if (unflushed >= FLUSH_BYTES) {
        await flushing;
        unflushed = 0;
        flushing = flusher.syncData();
      }
    }
  } finally {
    await flushing;
  }
  await file.syncData();
  return { size, sha256: hash.digest("hex") };
}

function writeHere(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(at === 0 ? bytes : bytes.subarray(at));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(at === 0 ? bytes : bytes.subarray(at));
}
