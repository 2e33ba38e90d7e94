/**
 * The body of an answer, into a buffer that is there.
 *
 * @module
 */
import { AgainError } from "./transport.ts";

/** Up to which size a body is taken as a whole, in bytes: that is quicker than piece by piece, and takes memory twice. */
const WHOLE_BYTES = 1024 * 1024;
/**
 * How much is read at once, in bytes, always into the same memory: a gigabyte that comes in new arrays of 64 KiB leaves a hundred megabytes
 * of garbage behind.
 */
const SCRATCH_BYTES = 256 * 1024;

/** Scratch memory that nobody uses; reading takes one, and brings it back. */
const idle: Uint8Array<ArrayBuffer>[] = [];
const MOST_IDLE = 16;

/**
 * Fills a buffer with all of a body.
 *
 * @throws {AgainError} If the body is not exactly as long: a connection that ends too early looks like this at times.
 */
export async function bodyInto(response: Response, into: Uint8Array<ArrayBuffer>): Promise<void> {
  if (into.length <= WHOLE_BYTES && hasLength(response, into.length)) {
    const bytes = await response.bytes();
    if (bytes.length !== into.length) throw wrongLength(bytes.length, into.length);
    return into.set(bytes);
  }
  if (response.body === null) {
    if (into.length > 0) throw wrongLength(0, into.length);
    return;
  }
  const reader = byteReader(response.body);
  if (reader === undefined) return await piecesInto(response.body, into);
  let scratch = idle.pop() ?? new Uint8Array(SCRATCH_BYTES);
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read(scratch);
      if (value !== undefined) scratch = new Uint8Array(value.buffer);
      if (done) break;
      if (at + value.length > into.length) throw tooLong(into.length);
      into.set(value, at);
      at += value.length;
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  }
  if (scratch.length === SCRATCH_BYTES && idle.length < MOST_IDLE) idle.push(scratch);
  if (at < into.length) throw wrongLength(at, into.length);
}

/** A reader that brings its own memory; `undefined` if the body is no stream of bytes, such as one that a test makes. */
function byteReader(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

async function piecesInto(body: ReadableStream<Uint8Array<ArrayBuffer>>, into: Uint8Array<ArrayBuffer>): Promise<void> {
  let at = 0;
  for await (const piece of body) {
    if (at + piece.length > into.length) throw tooLong(into.length);
    into.set(piece, at);
    at += piece.length;
  }
  if (at < into.length) throw wrongLength(at, into.length);
}

/** Whether an answer announces a body of this length, so that no longer one comes. */
function hasLength({ headers }: Response, length: number): boolean {
  return headers.get("content-length") === String(length) && !headers.has("content-encoding");
}

function tooLong(expected: number): AgainError {
  return new AgainError(`the answer has more than the ${expected} bytes of the range`);
}

function wrongLength(length: number, expected: number): AgainError {
  return new AgainError(`the answer ended after ${length} of ${expected} bytes`);
}
