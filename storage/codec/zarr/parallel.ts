/**
 * Work on many chunks, a few at a time.
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

/** Works on all items, a few at a time; after the first error begins no more, waits for those begun, and throws it. */
export async function forEachParallel<T>(
  items: Iterable<T>,
  parallel: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done && failure === undefined; next = queue.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  if (failure !== undefined) throw failure.error;
}
