/** Lets one caller at a time do something about a key; others of the same process wait in order. */
export class KeyLocks {
  readonly #last = new Map<string, Promise<void>>();

  /** Calls `work` when nobody else is at work on the key. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const working = before === undefined ? work() : before.then(work);
    const ended = working.then(() => {}, () => {});
    this.#last.set(key, ended);
    try {
      return await working;
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    }
  }
}
