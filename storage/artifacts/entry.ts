/**
 * What is known of an artifact.
 *
 * @module
 */

/** Plain data by name. */
export type Facts = Readonly<Record<string, unknown>>;

/** An artifact that another was made of. */
export interface ArtifactParent {
  /** Its URI. */
  readonly uri: string;
  /** Its path in the store. */
  readonly path: string;
  /** Its SHA-256 when the other was saved. */
  readonly sha256: string;
}

/** Where in a run an artifact was made, as far as it was said. */
export interface ArtifactOrigin {
  /** Name of the project. */
  readonly project?: string;
  /** Id of the run. */
  readonly run?: string;
  /** Name of the step. */
  readonly step?: string;
  /** Name of the artifact in its step. */
  readonly name?: string;
}

/** What the catalog has of an artifact. */
export interface ArtifactEntry extends ArtifactOrigin {
  /** Its path in the store. */
  readonly path: string;
  /** Its URI. */
  readonly uri: string;
  /** What it is, mostly the name of its class: `"NdArray"`, `"string"`, `"Map"`. */
  readonly type: string;
  /** Name of the materializer that reads it. */
  readonly materializer: string;
  /** Format of its files: `"npy"`, `"json"`, `"text"`. */
  readonly format: string;
  /** Bytes of all its files. */
  readonly size: number;
  /** SHA-256 of its file in hexadecimal; of several files, that of their list with the SHA-256 of each. */
  readonly sha256: string;
  /** When it was saved: UTC in ISO 8601. */
  readonly createdAt: string;
  /** What it was made of. */
  readonly parents: readonly ArtifactParent[];
  /** What was saved with it; `null` if nothing was. */
  readonly metadata: Facts | null;
  /** What its materializer says of it: shape, least and largest element, width and height. */
  readonly statistics: Facts;
}

/** Options of `ArtifactStore.save`. */
export interface SaveOptions extends ArtifactOrigin {
  /**
   * Paths or URIs of artifacts in the same store that this one was made of. Each is noted with the SHA-256 that it has now.
   *
   * @default {[]}
   */
  readonly parents?: readonly string[];
}

/** Options of `ArtifactStore.materialize`. */
export interface MaterializeOptions {
  /**
   * When the run began, as a date or in milliseconds since 1970: its day in UTC is a part of the path.
   *
   * @default {now}
   */
  readonly startedAt?: Date | number;
  /** What to save with it. */
  readonly metadata?: Facts;
  /**
   * Paths or URIs of artifacts in the same store that this one was made of.
   *
   * @default {[]}
   */
  readonly parents?: readonly string[];
}

/** Which artifacts to find: those that agree with all that is given. */
export interface ArtifactQuery extends ArtifactOrigin {
  /** What it is. */
  readonly type?: string;
  /** Its SHA-256. */
  readonly sha256?: string;
  /** Path or URI of an artifact that it was made of. */
  readonly parent?: string;
  /** What its path begins with. */
  readonly prefix?: string;
}

/** Options of `ArtifactStore.lineage`. */
export interface LineageOptions {
  /**
   * Whether to go to what the artifact was made of, or to what was made of it.
   *
   * @default {"ancestors"}
   */
  readonly direction?: "ancestors" | "descendants";
  /**
   * How many steps to go.
   *
   * @default {Infinity}
   */
  readonly depth?: number;
}

/** One artifact that another was made of, or that was made of another. */
export interface LineageStep {
  /** Its URI. */
  readonly uri: string;
  /** Its path in the store. */
  readonly path: string;
  /** How many steps it is away, from 1. */
  readonly depth: number;
  /** URI of the artifact one step nearer, from which it was reached. */
  readonly from: string;
  /**
   * What became of the one of the two that the other was made of: it is still what it was then, was replaced since, or is gone. The
   * ancestors of one that was replaced are not known any more.
   */
  readonly state: "unchanged" | "replaced" | "missing";
  /** What the catalog has of it now; `null` if there is none. */
  readonly entry: ArtifactEntry | null;
}
