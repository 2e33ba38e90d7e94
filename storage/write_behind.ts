import { ConfigError } from "../src/errors.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import type { PreparedResult } from "./prepared_result.ts";

/** Options of {@linkcode WriteBehind}. */
export interface WriteBehindOptions {
  /**
   * How many results may wait or be under way before `enqueue` asks its caller to wait.
   *
   * @default {1024}
   */
  readonly maxCount?: number;
  /**
   * How many bytes of records may wait or be under way before `enqueue` asks its caller to wait.
   *
   * @default {67108864}
   */
  readonly maxBytes?: number;
  /**
   * How many results are written at once.
   *
   * @default {64}
   */
  readonly parallel?: number;
}

/**
 * Writes prepared results behind whoever makes them, with a bound on what waits.
 */
export class WriteBehind {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  readonly #parallel: number;
  /** In order of arrival; those before `#next` have been taken. */
  #waiting: PreparedResult[] = [];
  #next = 0;
  #writing = 0;
  #count = 0;
  #bytes = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Stores with something that is written and not yet durable. */
  #unsynced = new Set<Pick<ObjectStore, "sync">>();
  #room: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Throws `ConfigError` for a bound that is not a whole number from 1 on. */
  constructor({ maxCount = 1024, maxBytes = 64 * 1024 * 1024, parallel = 64 }: WriteBehindOptions = {}) {
    for (const [name, value] of Object.entries({ maxCount, maxBytes, parallel })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new ConfigError(`The bound ${name} of a write-behind queue is a whole number from 1 on, not ${value}.`);
      }
    }
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
    this.#parallel = parallel;
  }

  /**
   * Takes a result to write. What fails is told by `settle`.
   *
   * @returns Nothing while there is room for more, else a promise that resolves when there is.
   */
  enqueue(prepared: PreparedResult): void | Promise<void> {
    this.#waiting.push(prepared);
    this.#count++;
    this.#bytes += prepared.byteLength;
    this.#start();
    if (this.#hasRoom()) return;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /**
   * Waits until everything that was taken is durable, or has failed. One sync serves all.
   *
   * @throws The first error since the last call.
   */
  async settle(): Promise<void> {
    if (this.#count > 0) {
      this.#idle ??= Promise.withResolvers<void>();
      await this.#idle.promise;
    }
    const stores = [...this.#unsynced];
    this.#unsynced.clear();
    for (const store of stores) {
      try {
        await store.sync();
      } catch (error) {
        this.#failure ??= { error };
      }
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  #start(): void {
    let prepared = this.#waiting[this.#next];
    while (prepared !== undefined && this.#writing < this.#parallel) {
      this.#next++;
      this.#writing++;
      this.#write(prepared);
      prepared = this.#waiting[this.#next];
    }
    // What was taken is let go of in large steps: shifting each one off would copy the queue every time.
    if (this.#next === this.#waiting.length || this.#next > this.#maxCount) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
  }

  async #write(prepared: PreparedResult): Promise<void> {
    try {
      await prepared.write({ syncLater: true });
      this.#unsynced.add(prepared.objects);
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#writing--;
    this.#count--;
    this.#bytes -= prepared.byteLength;
    this.#start();
    if (this.#room !== undefined && this.#hasRoom()) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (this.#count === 0) {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  }

  #hasRoom(): boolean {
    return this.#count < this.#maxCount && this.#bytes < this.#maxBytes;
  }
}
