import { GcsObjectStore } from "./object_store/gcs/gcs_object_store.ts";
import type { GcsObjectStoreOptions } from "./object_store/gcs/options.ts";
import { TaskStorage } from "./task_storage.ts";

/**
 * Results of tasks in a bucket of Google Cloud Storage.
 *
 * @example Share results between machines
 * ```ts ignore
 * import { GcsStorage } from "@fusewire/fusewire";
 *
 * const storage = new GcsStorage({ bucket: "my-results" });
 * await storage.save("etl", "total", 42);
 * await storage.readTask("etl", "total"); // 42
 * ```
 */
export class GcsStorage extends TaskStorage {
  /** Names a place in a bucket without touching it. Throws `ConfigError` if it can not be one, or credentials are missing. */
  constructor(options: GcsObjectStoreOptions) {
    super(new GcsObjectStore(options));
  }
}
