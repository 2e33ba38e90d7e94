import { ArtifactStore, type ArtifactStoreDict } from "./artifact_store.ts";
import type { S3ObjectStoreOptions } from "./object_store/s3/options.ts";
import { S3ObjectStore } from "./object_store/s3/s3_object_store.ts";

/** Options of {@linkcode S3ArtifactStore}. */
export interface S3ArtifactStoreOptions extends S3ObjectStoreOptions {
  /**
   * What it is called in `toDict`.
   *
   * @default {"s3"}
   */
  readonly name?: string;
}

/**
 * Artifacts in a bucket of S3, or of what speaks its protocol.
 *
 * @example Where artifacts go
 * ```ts
 * import { S3ArtifactStore } from "@fusewire/fusewire";
 *
 * const artifacts = new S3ArtifactStore({ bucket: "results", prefix: "team/7" });
 * console.log(artifacts.objects.uri("model/w.npy")); // s3://results/team/7/model/w.npy
 * ```
 */
export class S3ArtifactStore extends ArtifactStore {
  readonly #place: Pick<ArtifactStoreDict, "bucketName" | "prefix">;

  /** Names a place in a bucket without asking the server. Throws `ConfigError` if it can not be one. */
  constructor({ name, ...options }: S3ArtifactStoreOptions) {
    const { bucket, prefix = "fusewire", clock } = options;
    super(new S3ObjectStore(options), {
      ...(name === undefined ? {} : { name }),
      ...(clock === undefined ? {} : { clock }),
    });
    this.#place = { bucketName: bucket, prefix };
  }

  /** The store as plain data, without credentials. */
  override toDict(): ArtifactStoreDict {
    return { ...super.toDict(), ...this.#place };
  }
}
