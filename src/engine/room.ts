/**
 * Room for steps at work: a bounded number in one worker, and those who wait for it in the order in which they came.
 *
 * @module
 */

/** Counts the steps at work in one worker. */
export class Room {
  readonly #waiting = new Map<object, () => void>();
  #free: number;

  /** `onFree` hears when there is room that nobody waits for. */
  constructor(size: number, readonly onFree: () => void) {
    this.#free = size;
  }

  /** For how many steps there is room. */
  get free(): number {
    return this.#free;
  }

  /** Takes room for one step, if there is any. */
  take(): boolean {
    if (this.#free <= 0) return false;
    this.#free--;
    return true;
  }

  /** Gives room back; the one that waited longest hears of it, and the next if that one does not want it any more. */
  put(): void {
    this.#free++;
    while (this.#free > 0) {
      const [first] = this.#waiting;
      if (first === undefined) return this.onFree();
      this.#waiting.delete(first[0]);
      first[1]();
    }
  }

  /** Has `who` called once when there is room. */
  want(who: object, call: () => void): void {
    if (!this.#waiting.has(who)) this.#waiting.set(who, call);
  }

  /** Waits until there is room, and takes it. */
  async wait(): Promise<void> {
    if (this.take()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.want(promise, () => {
      this.take();
      resolve();
    });
    await promise;
  }

  /** Nobody calls `who` any more. */
  forget(who: object): void {
    this.#waiting.delete(who);
  }
}
