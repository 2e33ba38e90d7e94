/**
 * What the steps of a run share.
 *
 * @module
 */

/**
 * What the steps of a run share in one process, such as connections and clients. It is never stored and never goes to another
 * process or thread: results go along the edges of the graph.
 */
export interface RunShared {
  /**
   * What is kept under a key; made with the first call, once, also if several ask at the same time. If `make` fails, the next call makes
   * it anew. It is released when the run leaves the process: by `release`, else by its `Symbol.asyncDispose` or `Symbol.dispose`.
   *
   * @param key Any value; the same key stands for the same type wherever it is used.
   * @param make Makes it.
   * @param release Releases it. Default: its own method for that, if it has one.
   * @throws {CancelledError} If the run has left the process.
   */
  getOrCreate<T>(
    key: unknown,
    make: () => T | Promise<T>,
    release?: (value: T) => unknown,
  ): Promise<T>;
}
