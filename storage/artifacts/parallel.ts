import { inParallel } from "../in_parallel.ts";

/** What `work` gives for each item, in order, at most `limit` at once; after the first error it begins no more, and throws it. */
export async function mapParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  await inParallel(items.entries(), limit, async ([i, item]) => {
    results[i] = await work(item);
  });
  return results;
}
