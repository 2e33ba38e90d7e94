/**
 * What a store needs to keep results of steps for other runs. A store may do without: then every step of every run is made.
 *
 * @module
 */
import type { IntegrityError } from "../../src/errors.ts";
import type { CachedResult } from "./records.ts";

/** Where results are kept for the steps of other runs. They come with the commit that writes them to their own run. */
export interface ResultCache {
  /**
   * The results that are kept under keys, in their order: `undefined` where there is none, and the error in the place of one of which parts
   * are missing or altered.
   */
  readCached(keys: readonly string[]): Promise<readonly (CachedResult | IntegrityError | undefined)[]>;
  /**
   * What is kept in a range of keys, `to` left out, in the order of the keys and at most `limit`; of a result that is too large to be read by
   * the way only the key. For a store that reads many neighbours faster than as many keys by themselves.
   */
  listCached?(
    from: string,
    to: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly result?: CachedResult }[]>;
  /** Keys of results that were kept before a time and not since, at least one if there are any, and not many more than `limit`. */
  cachedBefore(time: number, limit: number): Promise<readonly string[]>;
  /** Drops results, unless they were kept again at this time or later. Silent about keys that are not there. */
  dropCached(keys: readonly string[], time: number): Promise<void>;
}
