import type { S3ObjectStoreOptions } from "./object_store/s3/options.ts";
import { S3ObjectStore } from "./object_store/s3/s3_object_store.ts";
import { TaskStorage } from "./task_storage.ts";

/**
 * Results of tasks in a bucket on S3, or on a server that speaks its protocol.
 *
 * @example Share results between machines
 * ```ts ignore
 * import { S3Storage } from "@fusewire/fusewire";
 *
 * const storage = new S3Storage({ bucket: "results", region: "eu-west-1" });
 * await storage.save("etl", "total", 42);
 * await storage.readTask("etl", "total"); // 42
 * ```
 */
export class S3Storage extends TaskStorage {
  /** Names a bucket without touching it. Throws `ConfigError` if it can not be one. */
  constructor(options: S3ObjectStoreOptions) {
    super(new S3ObjectStore(options));
  }
}
