/**
 * The body of a put as pieces of a bounded size.
 *
 * @module
 */
import type { ObjectBody } from "./object_store.ts";

/**
 * The largest piece, in bytes: large enough that the cost of a call does not matter, small enough that the next piece is hashed while this
 * one is written.
 */
export const PIECE_BYTES = 4 * 1024 * 1024;

/** The body in pieces of at most {@linkcode PIECE_BYTES}, without a copy; empty ones are left out. */
export async function* piecesOf(body: ObjectBody): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Uint8Array) {
    yield* split(body);
  } else if (isList(body)) {
    for (const chunk of body) yield* split(chunk);
  } else {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError(`A stream of bytes gave ${describe(chunk)}.`);
      yield* split(chunk);
    }
  }
}

/** The body as one piece if it is there at once and not larger than a piece, else `undefined`. */
export function smallBody(body: ObjectBody): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body.length <= PIECE_BYTES ? body : undefined;
  if (!isList(body)) return undefined;
  let size = 0;
  for (const chunk of body) size += chunk.length;
  return size <= PIECE_BYTES ? joined(body, size) : undefined;
}

/** The chunks one after another in one array of `size` bytes. */
export function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function isList(body: ObjectBody): body is readonly Uint8Array[] {
  return Array.isArray(body);
}

function* split(chunk: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
