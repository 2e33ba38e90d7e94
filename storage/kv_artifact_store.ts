import { ArtifactStore, type ArtifactStoreDict } from "./artifact_store.ts";
import { KvObjectStore } from "./object_store/kv/kv_object_store.ts";
import type { KvObjectStoreOptions } from "./object_store/kv/options.ts";

/** Options of {@linkcode KvArtifactStore}. */
export interface KvArtifactStoreOptions extends KvObjectStoreOptions {
  /**
   * What it is called in `toDict`.
   *
   * @default {"kv"}
   */
  readonly name?: string;
}

/**
 * Artifacts in Deno KV.
 *
 * @example
 * ```ts
 * import { KvArtifactStore } from "@fusewire/fusewire";
 *
 * using kv = await Deno.openKv(":memory:");
 * const artifacts = new KvArtifactStore({ kv });
 * console.log(await artifacts.save([1, 2, 3], "numbers.json")); // kv:fusewire/numbers.json
 * ```
 */
export class KvArtifactStore extends ArtifactStore {
  readonly #objects: KvObjectStore;

  /** Names a place without touching it. Throws `ConfigError` if it can not be one. */
  constructor({ name, ...options }: KvArtifactStoreOptions = {}) {
    const objects = new KvObjectStore(options);
    const { clock } = options;
    super(objects, { ...(name === undefined ? {} : { name }), ...(clock === undefined ? {} : { clock }) });
    this.#objects = objects;
  }

  /** The store as plain data. */
  override toDict(): ArtifactStoreDict {
    return { ...super.toDict(), prefix: this.#objects.prefix };
  }

  /** Closes the KV, if the store has opened it. */
  async close(): Promise<void> {
    await this.#objects.close();
  }

  /** The same as `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
