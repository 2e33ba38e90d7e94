/**
 * How large the parts of an upload are, so that the 10,000 that S3 takes are enough.
 *
 * @module
 */
import type { ObjectBody } from "../object_store.ts";

/** The most parts that an upload can have. */
export const MAX_PARTS = 10_000;
/** After so many parts of one size, those of a stream of unknown length begin to grow. */
const EVEN_PARTS = 4_000;
/** After so many more they are twice as large. */
const DOUBLED_PARTS = 500;
/** The largest part that S3 takes, in bytes. */
export const MAX_PART_BYTES = 5 * 1024 ** 3;
const MIB = 1024 ** 2;

/** Length of a body in bytes; `undefined` for a stream. */
export function lengthOf(body: ObjectBody): number | undefined {
  if (body instanceof Uint8Array) return body.length;
  if (!Array.isArray(body)) return undefined;
  return body.reduce((sum: number, chunk: Uint8Array) => sum + chunk.length, 0);
}

/** Size of the part with a number, from 0, in bytes. All are of one size if the length is known: some servers ask for it. */
export function partSizes(partBytes: number, length: number | undefined): (index: number) => number {
  if (length !== undefined) {
    const size = Math.max(partBytes, Math.ceil(length / MAX_PARTS / MIB) * MIB);
    return () => size;
  }
  return (index) => {
    const doublings = index < EVEN_PARTS ? 0 : 1 + Math.floor((index - EVEN_PARTS) / DOUBLED_PARTS);
    return Math.min(MAX_PART_BYTES, partBytes * 2 ** doublings);
  };
}
