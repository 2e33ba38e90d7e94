/**
 * How many chunks are worked on at a time.
 *
 * @module
 */

/** The most chunks at work. */
const MOST = 16;
/** The elements of all chunks at work, in bytes, unless one alone has more. */
const ROOM = 16 * 1024 * 1024;

/** How many chunks of a size in bytes are at work at a time. */
export function parallelFor(chunkBytes: number): number {
  return Math.max(1, Math.min(MOST, Math.floor(ROOM / Math.max(1, chunkBytes))));
}
