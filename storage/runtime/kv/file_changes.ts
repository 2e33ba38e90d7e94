/**
 * Hears at once that a KV file is written to, by any process of this machine: the operating system tells of its write-ahead file (see
 * `file_stamp.ts`). To ask fifty times a second would cost more than a hundredth of a core.
 *
 * @module
 */

/**
 * Tells once when it begins to listen, and once more at the first change after that; then it is over, because what changes once is likely
 * to change again and again for a while, and to hear of each time would cost more than to ask now and then. A change may be told shortly
 * before it can be read.
 *
 * @throws {Deno.errors.NotCapable} If the process may not read the file's folder.
 */
export async function* nextFileChange(path: string, signal: AbortSignal): AsyncGenerator<void> {
  if (signal.aborted) return;
  const watcher = Deno.watchFs(`${path}-wal`);
  const stop = (): void => {
    signal.removeEventListener("abort", stop);
    watcher.close();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield;
    for await (const { kind } of watcher) {
      if (kind === "access") continue;
      yield;
      return;
    }
  } finally {
    if (!signal.aborted) stop();
  }
}
