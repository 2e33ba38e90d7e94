import { KvObjectStore } from "./object_store/kv/kv_object_store.ts";
import type { KvObjectStoreOptions } from "./object_store/kv/options.ts";
import { TaskStorage } from "./task_storage.ts";

/**
 * Results of tasks in Deno KV: for Deno Deploy, where there is no disk, and wherever several machines share a KV server.
 *
 * @example Keep results in the KV of an app
 * ```ts
 * import { KvStorage } from "@fusewire/fusewire";
 *
 * await using storage = new KvStorage({ kv: ":memory:", prefix: "results" });
 * await storage.save("etl", "total", 42);
 * await storage.readTask("etl", "total"); // 42
 * ```
 */
export class KvStorage extends TaskStorage {
  readonly #objects: KvObjectStore;

  /** Names a place without touching it. Throws `ConfigError` if it can not be one. */
  constructor(options: KvObjectStoreOptions = {}) {
    const objects = new KvObjectStore(options);
    super(objects);
    this.#objects = objects;
  }

  /** Closes the KV, if the storage has opened it. */
  async close(): Promise<void> {
    await this.#objects.close();
  }

  /** The same as `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
