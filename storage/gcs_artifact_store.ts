import { ArtifactStore, type ArtifactStoreDict } from "./artifact_store.ts";
import { GcsObjectStore } from "./object_store/gcs/gcs_object_store.ts";
import type { GcsObjectStoreOptions } from "./object_store/gcs/options.ts";

/** Options of {@linkcode GCSArtifactStore}. */
export interface GCSArtifactStoreOptions extends GcsObjectStoreOptions {
  /**
   * What it is called in `toDict`.
   *
   * @default {"gcs"}
   */
  readonly name?: string;
}

/**
 * Artifacts in a bucket of Google Cloud Storage.
 *
 * @example Where artifacts go
 * ```ts
 * import { GCSArtifactStore } from "@fusewire/fusewire";
 *
 * const artifacts = new GCSArtifactStore({ bucket: "results", endpoint: "http://127.0.0.1:4443", projectId: "p-1" });
 * console.log(artifacts.objects.uri("model/w.npy")); // gs://results/fusewire/model/w.npy
 * console.log(artifacts.toDict().projectId); // p-1
 * ```
 */
export class GCSArtifactStore extends ArtifactStore {
  readonly #place: Pick<ArtifactStoreDict, "bucketName" | "projectId" | "prefix">;

  /** Names a place in a bucket without asking the service. Throws `ConfigError` if it can not be one. */
  constructor({ name, ...options }: GCSArtifactStoreOptions) {
    const objects = new GcsObjectStore(options);
    const { clock } = options;
    super(objects, { ...(name === undefined ? {} : { name }), ...(clock === undefined ? {} : { clock }) });
    const { bucket, prefix, projectId } = objects;
    this.#place = { bucketName: bucket, prefix, ...(projectId === undefined ? {} : { projectId }) };
  }

  /** The store as plain data, without credentials. */
  override toDict(): ArtifactStoreDict {
    return { ...super.toDict(), ...this.#place };
  }
}
