/** For how many calls a slow file system is left to other threads before this thread tries again. */
const PAUSE = 1000;
/** How much one call counts in the average. */
const WEIGHT = 0.1;

/**
 * Decides whether calls that change a folder are made in this thread or by others.
 *
 * The system lets one caller at a time change a folder, and the others spin: 64 writers through other threads take 300 µs a file and all of
 * two cores; with this thread alone making and renaming the files, and only the syncs elsewhere, they take 150. But such a call holds up
 * everything else in this thread, so that a slow file system, as over a network, is better left to others.
 */
export class Pace {
  readonly #slowMs: number;
  #average = 0;
  #pause = 0;

  /** @param slowMs Above how many ms on average calls are left to other threads. */
  constructor(slowMs: number) {
    this.#slowMs = slowMs;
  }

  /** Makes a call in this thread if that is quick, else by `elsewhere`. */
  async call<T>(here: () => T, elsewhere: () => Promise<T>): Promise<T> {
    if (this.#pause > 0) {
      this.#pause--;
      return await elsewhere();
    }
    const began = performance.now();
    const result = here();
    this.#average += WEIGHT * (performance.now() - began - this.#average);
    if (this.#average > this.#slowMs) {
      this.#average = 0;
      this.#pause = PAUSE;
    }
    return result;
  }
}
