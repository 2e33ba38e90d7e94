import { ConfigError } from "../src/errors.ts";
import { ArtifactStore, type ArtifactStoreDict, type ArtifactStoreOptions } from "./artifact_store.ts";
import { FileObjectStore } from "./object_store/file.ts";
import { fileError } from "./object_store/file_errors.ts";

/** Options of {@linkcode LocalArtifactStore}. */
export interface LocalArtifactStoreOptions extends ArtifactStoreOptions {
  /**
   * The folder, relative to the current one or absolute.
   *
   * @default {".fusewire/artifacts"}
   */
  readonly path?: string;
}

/**
 * Artifacts in a folder of local files.
 *
 * @example
 * ```ts
 * import { LocalArtifactStore } from "@fusewire/fusewire";
 *
 * const artifacts = new LocalArtifactStore({ path: await Deno.makeTempDir() });
 * const uri = await artifacts.save([1, 2, 3], "numbers.json");
 * console.log(await artifacts.load(uri)); // [1, 2, 3]
 * ```
 */
export class LocalArtifactStore extends ArtifactStore {
  /** The folder. */
  readonly path: string;

  /** Makes the folder at once. Throws `ConfigError` if that is not possible. */
  constructor(options: LocalArtifactStoreOptions = {}) {
    const objects = new FileObjectStore({ path: options.path ?? ".fusewire/artifacts" });
    super(objects, options);
    this.path = objects.path;
    try {
      Deno.mkdirSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists) && !(error instanceof Deno.errors.NotADirectory)) {
        throw fileError(error, "make its folder", this.path);
      }
      throw new ConfigError(
        `The path ${this.path} can not be the folder of a store: it is a file, or lies below one.`,
        {
          cause: error,
        },
      );
    }
  }

  /** The store as plain data. */
  override toDict(): ArtifactStoreDict {
    return { ...super.toDict(), path: this.path };
  }
}
