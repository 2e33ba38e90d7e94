import { ArtifactStore, type ArtifactStoreOptions } from "./artifact_store.ts";
import { MemoryObjectStore } from "./object_store/memory.ts";

/**
 * Artifacts in memory, for tests.
 *
 * @example
 * ```ts
 * import { MemoryArtifactStore } from "@fusewire/fusewire";
 *
 * const artifacts = new MemoryArtifactStore();
 * await artifacts.save("It rains.", "report.txt");
 * console.log(await artifacts.load("report.txt")); // It rains.
 * ```
 */
export class MemoryArtifactStore extends ArtifactStore {
  /** Begins empty. */
  constructor(options: ArtifactStoreOptions = {}) {
    super(new MemoryObjectStore(), options);
  }
}
