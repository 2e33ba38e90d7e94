/**
 * Work on many things, so many at once.
 *
 * @module
 */

/**
 * Calls `work` for each item, at most `width` at once, and takes the next item only when there is room: what is waiting is not in memory.
 * After the first failure it takes no more, waits for those under way, and throws it.
 */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const item of items) {
      const working = work(item)
        .catch((error) => {
          failure ??= { error };
        })
        .finally(() => underWay.delete(working));
      underWay.add(working);
      if (underWay.size >= width) await Promise.race(underWay);
      if (failure !== undefined) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failure !== undefined) throw failure.error;
}
