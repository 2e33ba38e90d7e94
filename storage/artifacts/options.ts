/**
 * What an artifact store is told, and what it says of itself.
 *
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import type { StoreKind } from "../object_store/object_store.ts";

/** Options of `ArtifactStore`. */
export interface ArtifactStoreOptions {
  /**
   * What it is called in `toDict`.
   *
   * @default {the kind of the object store}
   */
  readonly name?: string;
  /**
   * Where time and ids come from.
   *
   * @default {systemClock}
   */
  readonly clock?: Clock;
}

/** An artifact store as plain data, without secrets. */
export interface ArtifactStoreDict {
  /** What it is called. */
  readonly name: string;
  /** Which kind of object store it stands on. */
  readonly type: StoreKind;
  /** The bucket, of S3 and Google Cloud Storage. */
  readonly bucketName?: string;
  /** The project of the bucket, of Google Cloud Storage. */
  readonly projectId?: string;
  /** The folder, of local files. */
  readonly path?: string;
  /** What all keys begin with. */
  readonly prefix?: string;
}
