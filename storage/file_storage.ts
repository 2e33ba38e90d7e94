import { FileObjectStore } from "./object_store/file.ts";
import { TaskStorage } from "./task_storage.ts";

/** Options of {@linkcode FileStorage}. */
export interface FileStorageOptions {
  /** The folder, relative to the current one or absolute. It is made by the first write. */
  readonly path: string;
}

/**
 * Results of tasks in a folder of local files.
 *
 * @example Keep results between runs
 * ```ts
 * import { FileStorage } from "@fusewire/fusewire";
 *
 * const storage = new FileStorage({ path: await Deno.makeTempDir() });
 * await storage.save("etl", "total", 42);
 * await storage.readTask("etl", "total"); // 42
 * ```
 */
export class FileStorage extends TaskStorage {
  /** Names a folder without touching it. Throws `ConfigError` if it can not be one. */
  constructor(options: FileStorageOptions) {
    super(new FileObjectStore({ path: options.path }));
  }
}
