import { ConfigError } from "../src/errors.ts";
import type { ObjectStore } from "./object_store/object_store.ts";

/** How to write a prepared result. */
export interface WriteOptions {
  /**
   * Whether it need not be durable before `sync` of the object store was called; see `PutOptions`.
   *
   * @default {false}
   */
  readonly syncLater?: boolean;
}

/** A result that is encoded and waits to be written. Write it or discard it, once. */
export class PreparedResult {
  /** Length of the record in bytes: the memory that it holds until it is written. */
  readonly byteLength: number;
  /** Where it will be. */
  readonly objects: Pick<ObjectStore, "sync">;
  readonly #write: (options: WriteOptions) => Promise<void>;
  readonly #discard: () => Promise<void>;
  #done = false;

  /** Made by `TaskStorage.prepare`. */
  constructor(
    byteLength: number,
    objects: Pick<ObjectStore, "sync">,
    write: (options: WriteOptions) => Promise<void>,
    discard: () => Promise<void>,
  ) {
    this.byteLength = byteLength;
    this.objects = objects;
    this.#write = write;
    this.#discard = discard;
  }

  /**
   * Makes it the stored result, durably but for `syncLater`. If that fails the previous result is still there, and nothing of this one is.
   *
   * @throws {ConfigError} If it was written or discarded before, or the store is full or denies access.
   */
  async write(options: WriteOptions = {}): Promise<void> {
    if (this.#done) throw new ConfigError("A prepared result can be written or discarded once; prepare it again.");
    this.#done = true;
    try {
      await this.#write(options);
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
