import { ConfigError } from "../src/errors.ts";

/** A result that is encoded and waits to be written. Write it or discard it, once. */
export class PreparedResult {
  /** Length of the record in bytes: the memory that it holds until it is written. */
  readonly byteLength: number;
  readonly #write: () => Promise<void>;
  readonly #discard: () => Promise<void>;
  #done = false;

  /** Made by `TaskStorage.prepare`. */
  constructor(byteLength: number, write: () => Promise<void>, discard: () => Promise<void>) {
    this.byteLength = byteLength;
    this.#write = write;
    this.#discard = discard;
  }

  /**
   * Makes it the stored result, durably. If that fails the previous result is still there, and nothing of this one is.
   *
   * @throws {ConfigError} If it was written or discarded before, or the store is full or denies access.
   */
  async write(): Promise<void> {
    if (this.#done) throw new ConfigError("A prepared result can be written or discarded once; prepare it again.");
    this.#done = true;
    try {
      await this.#write();
    } catch (error) {
      // The cause is what counts, also if even the clean-up fails.
      await this.#discard().catch(() => {});
      throw error;
    }
  }

  /** Drops it, with the files that serializers wrote for it. No error if it was written or discarded before. */
  async discard(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#discard();
  }
}
