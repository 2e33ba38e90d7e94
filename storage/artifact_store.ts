/**
 * Artifacts: values and files under paths, with metadata, a catalog and lineage, over any object store.
 *
 * @module
 */
import { type Clock, systemClock } from "../src/clock.ts";
import type {
  ArtifactEntry,
  ArtifactQuery,
  Facts,
  LineageOptions,
  LineageStep,
  MaterializeOptions,
  SaveOptions,
} from "./artifacts/entry.ts";
import type { ArtifactStoreDict, ArtifactStoreOptions } from "./artifacts/options.ts";
import type { Prepared } from "./artifacts/prepare.ts";
import { KeyLocks } from "./key_locks.ts";
import type { ObjectStore } from "./object_store/object_store.ts";

export type { ArtifactStoreDict, ArtifactStoreOptions } from "./artifacts/options.ts";

type Engine = typeof import("./artifacts/engine.ts");

/**
 * Artifacts over any object store. A value that can be one file is that file, at its path: an `NdArray` a `.npy`, plain data JSON, a text
 * that text. What needs several files is a folder with a `metadata.json`.
 *
 * Wherever a path is asked for, a URI of this store will do, and of a store of files an absolute path. What is outside the store, or can be no
 * key, is an `InvalidKeyError`. An artifact is replaced at once, with its metadata, or not at all.
 *
 * @example Keep, find and load
 * ```ts
 * import { ArtifactStore, MemoryObjectStore, NdArray } from "@fusewire/fusewire";
 *
 * const artifacts = new ArtifactStore(new MemoryObjectStore());
 * const table = await artifacts.save({ rows: 3 }, "raw/table.json", { source: "census" });
 * await artifacts.save(new NdArray(Float64Array.of(1, 2), [2]), "model/w.npy", {}, { parents: [table] });
 * console.log(await artifacts.listArtifacts("model/")); // ["model/w.npy"]
 * console.log(await artifacts.load(table)); // { rows: 3 }
 * console.log((await artifacts.lineage("model/w.npy")).map((step) => step.path)); // ["raw/table.json"]
 * ```
 */
export class ArtifactStore {
  /** Where the bytes are. */
  readonly objects: ObjectStore;
  /** What it is called in `toDict`. */
  readonly name: string;
  readonly #clock: Clock;
  readonly #locks = new KeyLocks();
  #engine: Promise<Engine> | undefined;

  /** Takes the object store to keep artifacts in. */
  constructor(objects: ObjectStore, options: ArtifactStoreOptions = {}) {
    this.objects = objects;
    this.name = options.name ?? objects.kind;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Stores a value or a file in place of the artifact before, with its metadata. A `Uint8Array` is stored as the bytes that it is, unless the
   * path ends in `.npy`; every other typed array as `.npy`.
   *
   * @param metadata Anything that the default encoding keeps; without it, the artifact has none.
   * @returns The URI.
   * @throws {SerializationError} If it can not be kept, with the path within the value; then nothing has changed.
   * @throws {NotFoundError} If a parent is not there; then nothing has changed.
   */
  async save(artifact: unknown, path: string, metadata?: Facts, options: SaveOptions = {}): Promise<string> {
    const { newPathOf, prepareForPath } = await this.#load();
    const key = newPathOf(this.objects, path);
    await this.#save(key, () => prepareForPath(artifact, key), false, metadata, options);
    return this.objects.uri(key);
  }

  /**
   * Stores a stream of bytes as one file, which is not held in memory. `load` gives a stream, too.
   *
   * @returns The URI.
   */
  async saveStream(
    stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
    path: string,
    metadata?: Facts,
    options: SaveOptions = {},
  ): Promise<string> {
    const { newPathOf, prepareStream } = await this.#load();
    const key = newPathOf(this.objects, path);
    await this.#save(key, () => prepareStream(stream), false, metadata, options);
    return this.objects.uri(key);
  }

  /**
   * Stores what a step of a run made, in a folder with a `metadata.json`, at the path project / UTC day of the run's start / run / "data" /
   * step / name. Names are encoded in the path as those of tasks are, reversibly, so that no two meet; each has 1 to 255 UTF-8 bytes.
   * Made again on the same day, it is replaced.
   *
   * @param projectName `"default"` if it is left out.
   * @returns The path.
   */
  async materialize(
    obj: unknown,
    name: string,
    runId: string,
    stepName: string,
    projectName = "default",
    options: MaterializeOptions = {},
  ): Promise<string> {
    const { materializedPath, pathOf, prepareForFolder } = await this.#load();
    const { startedAt = this.#clock.now(), metadata, parents = [] } = options;
    const place = { project: projectName, run: runId, step: stepName, name };
    const path = pathOf(this.objects, materializedPath({ ...place, startedAt: Number(startedAt) }));
    await this.#save(path, () => prepareForFolder(obj), true, metadata, { ...place, parents });
    return path;
  }

  /**
   * Reads an artifact back, and compares it with its SHA-256. What somebody else put into the store is read by what it is: an array, JSON,
   * a text, a picture, else bytes.
   *
   * @throws {NotFoundError} If there is none.
   * @throws {IntegrityError} If it is not what was saved.
   * @throws {SerializationError} If the materializer that keeps it is not registered.
   */
  async load(pathOrUri: string): Promise<unknown> {
    const { loadArtifact, pathOf } = await this.#load();
    return await loadArtifact(this.objects, pathOf(this.objects, pathOrUri));
  }

  /**
   * Streams the file of an artifact, and compares it with its SHA-256, which fails with the last bytes.
   *
   * @throws {NotFoundError} If there is none.
   * @throws {SerializationError} If it has several files.
   */
  async loadStream(pathOrUri: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { streamArtifact, pathOf } = await this.#load();
    return await streamArtifact(this.objects, pathOf(this.objects, pathOrUri));
  }

  /** Whether there is an artifact at a path, or below it. */
  async exists(pathOrUri: string): Promise<boolean> {
    const { hasAnyBelow, locate, pathOf } = await this.#load();
    const path = pathOf(this.objects, pathOrUri);
    return await locate(this.objects, path) !== undefined || await hasAnyBelow(this.objects, path);
  }

  /** Removes the artifact at a path, and all below it; silent if there are none. */
  async delete(pathOrUri: string): Promise<void> {
    const { pathOf, removeAll } = await this.#load();
    const path = pathOf(this.objects, pathOrUri);
    await this.#locks.run(path, () => removeAll(this.objects, path));
  }

  /** Paths of all artifacts that begin with a text, sorted by their UTF-8 bytes. */
  async listArtifacts(prefix = ""): Promise<string[]> {
    const { listPaths, prefixOf } = await this.#load();
    return await listPaths(this.objects, prefixOf(this.objects, prefix));
  }

  /**
   * What was saved with an artifact; `null` if nothing was, or there is none. Of one that `materialize` made also its type, serializer,
   * format, files and statistics.
   */
  async getMetadata(pathOrUri: string): Promise<Facts | null> {
    const { metadataAt, pathOf } = await this.#load();
    return await metadataAt(this.objects, pathOf(this.objects, pathOrUri));
  }

  /** Bytes of all files of an artifact, or of all artifacts below a path; 0 if there are none. */
  async size(pathOrUri: string): Promise<number> {
    const { sizeAt, pathOf } = await this.#load();
    return await sizeAt(this.objects, pathOf(this.objects, pathOrUri));
  }

  /** What the catalog has of an artifact; `null` if there is none, or somebody else put it there. */
  async describe(pathOrUri: string): Promise<ArtifactEntry | null> {
    const { entryAt, pathOf } = await this.#load();
    return await entryAt(this.objects, pathOf(this.objects, pathOrUri)) ?? null;
  }

  /** What the catalog has of all artifacts that agree with a query, in the order of their paths. */
  async find(query: ArtifactQuery = {}): Promise<ArtifactEntry[]> {
    const { findEntries } = await this.#load();
    return await findEntries(this.objects, query);
  }

  /**
   * What an artifact was made of, or what was made of it, as far as that was said when they were saved: the nearest first, each once.
   *
   * @throws {NotFoundError} If there is no such artifact.
   */
  async lineage(pathOrUri: string, options: LineageOptions = {}): Promise<LineageStep[]> {
    const { lineageOf, pathOf } = await this.#load();
    return await lineageOf(this.objects, pathOf(this.objects, pathOrUri), options);
  }

  /**
   * Proves that the store can be used: writes, reads, lists and removes a small object.
   *
   * @returns Always `true`.
   * @throws {ConfigError} If there is no such bucket or folder.
   * @throws {PermissionError} If the store denies one of these.
   */
  async validate(): Promise<true> {
    const { probe } = await this.#load();
    await probe(this.objects, this.#clock);
    return true;
  }

  /** The store as plain data, without secrets. */
  toDict(): ArtifactStoreDict {
    return { name: this.name, type: this.objects.kind };
  }

  #load(): Promise<Engine> {
    return this.#engine ??= import("./artifacts/engine.ts");
  }

  async #save(
    path: string,
    prepare: () => Prepared | Promise<Prepared>,
    materialized: boolean,
    metadata: Facts | undefined,
    { parents: parentPaths = [], ...origin }: SaveOptions,
  ): Promise<void> {
    const { givenOrigin, namedFailure, parentsAt, pathOf, saveArtifact } = await this.#load();
    let prepared: Prepared;
    try {
      prepared = await prepare();
    } catch (error) {
      throw namedFailure(path, error);
    }
    const parents = await parentsAt(this.objects, parentPaths.map((parent) => pathOf(this.objects, parent)));
    const request = {
      path,
      prepared,
      materialized,
      metadata: metadata ?? null,
      origin: givenOrigin(origin),
      parents,
    };
    await this.#locks.run(path, () => saveArtifact(this.objects, this.#clock, request));
  }
}
