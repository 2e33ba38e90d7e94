import type { KvEntryMaybe, KvKey } from "../storage/kv/kv_like.ts";
import { encodeKey } from "./kv_key.ts";
import { checkReadKey, checkWatched } from "./kv_limits.ts";
import { entriesAt, type KvState } from "./kv_state.ts";

/** Who has to hear of changes. */
export interface Watcher {
  /** Hears which keys, encoded, a commit has touched. */
  changed(keys: ReadonlySet<string>): void;
  /** Hears that there will be no more. */
  closed(): void;
}

/**
 * Streams what is at some keys, now and whenever one of them changes; changes that come faster than they are read are one.
 * The stream is in `watchers` until it is cancelled.
 */
export function watchKeys<T extends readonly unknown[]>(
  keys: readonly [...{ [K in keyof T]: KvKey }],
  state: () => KvState,
  watchers: Set<Watcher>,
  raw: boolean,
): ReadableStream<{ [K in keyof T]: KvEntryMaybe<T[K]> }> {
  checkWatched(keys.length);
  const encoded = keys.map((key) => checkReadKey(encodeKey(key)));
  let [dirty, open] = [true, true];
  let wake = Promise.withResolvers<void>();
  let last: string | undefined;
  const watcher: Watcher = {
    changed(touched) {
      if (!encoded.some((key) => touched.has(key))) return;
      dirty = true;
      wake.resolve();
    },
    closed() {
      open = false;
      wake.resolve();
    },
  };
  watchers.add(watcher);
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        while (!dirty && open) {
          await wake.promise;
          wake = Promise.withResolvers();
        }
        if (!open || keys.length === 0) {
          watchers.delete(watcher);
          controller.close();
          return;
        }
        dirty = false;
        const now = state();
        const versions = encoded.map((key) => now.get(key)?.versionstamp ?? "").join();
        if (versions === last && !raw) continue;
        last = versions;
        controller.enqueue(entriesAt<T>(now, keys));
        return;
      }
    },
    cancel() {
      watchers.delete(watcher);
      watcher.closed();
    },
  });
}
