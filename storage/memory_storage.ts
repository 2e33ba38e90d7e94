import { MemoryObjectStore } from "./object_store/memory.ts";
import { TaskStorage } from "./task_storage.ts";

/**
 * Results of tasks in memory, encoded like everywhere else: what is read is a copy.
 *
 * @example Results for a test
 * ```ts
 * import { MemoryStorage } from "@fusewire/fusewire";
 *
 * const storage = new MemoryStorage();
 * await storage.save("etl", "rows", [1, 2, 3]);
 * await storage.readTask("etl", "rows"); // [1, 2, 3]
 * ```
 */
export class MemoryStorage extends TaskStorage {
  /** Begins empty. */
  constructor() {
    super(new MemoryObjectStore());
  }
}
