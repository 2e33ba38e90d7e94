import { ConfigError } from "../../src/errors.ts";
import { checkKey, checkPrefix } from "../keys.ts";
import { fileError } from "./file_errors.ts";
import { fileUrl } from "./file_path.ts";
import { listFiles } from "./file_listing.ts";
import { FileMetadata } from "./file_metadata.ts";
import { FileObjects } from "./file_objects.ts";
import { FilePuts } from "./file_puts.ts";
import { FileReader, readHere } from "./file_reader.ts";
import { FileRoot } from "./file_root.ts";
import { isSameVersion } from "./file_versions.ts";
import { FolderSyncs } from "./folder_syncs.ts";
import { streamOf } from "./object_stream.ts";
import type {
  ByteRange,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  PutOptions,
  PutResult,
} from "./object_store.ts";
import { Pace } from "./pace.ts";
import { checkPutOptions } from "./put_options.ts";
import { withinSize } from "./range.ts";

/** Files up to this size are read at once, in this thread: 8 µs instead of 40. */
const SMALL_BYTES = 64 * 1024;
/** How often a copy begins again because the object was replaced at that moment. */
const COPY_ATTEMPTS = 100;
/** How many files are removed at once. */
const REMOVERS = 16;

/** Options of {@linkcode FileObjectStore}. */
export interface FileObjectStoreOptions {
  /** The folder, relative to the current one or absolute. It is made by the first write. */
  readonly path: string;
  /**
   * Above how many µs for one file a list with `headBytes` leaves the reading to other threads. A put does so with making and renaming its
   * file above ten times as many.
   *
   * @default {100}
   */
  readonly slowMicroseconds?: number;
}

/**
 * An object store in a folder of local files: the object `a/b` is the file `a/b`.
 *
 * Symbolic links below the folder are never followed. A write goes to a temporary file in the same folder, is synced and renamed, and the
 * folder is synced. What a crash leaves of it is never listed, and is removed by a list of its folder an hour later. Content types and
 * metadata are kept in the folder `.fusewire-metadata`, which is only there if something has any.
 *
 * @example
 * ```ts
 * import { FileObjectStore } from "@fusewire/fusewire";
 * import { expect } from "@std/expect";
 *
 * const store = new FileObjectStore({ path: await Deno.makeTempDir() });
 * await store.put("reports/may.txt", new TextEncoder().encode("all is well"), { contentType: "text/plain" });
 * expect(new TextDecoder().decode(await store.get("reports/may.txt", { start: 7 }))).toBe("well");
 * expect(await store.head("reports/may.txt")).toEqual({ key: "reports/may.txt", size: 11, contentType: "text/plain" });
 * ```
 */
export class FileObjectStore implements ObjectStore {
  /** Always `"file"`. */
  readonly kind = "file" as const;
  /** The folder, for messages. */
  readonly place: string;
  /** The folder. */
  readonly path: string;
  readonly #root: FileRoot;
  readonly #rootUrl: string;
  readonly #slowMicroseconds: number;
  readonly #syncs = new FolderSyncs();
  readonly #objects: FileObjects;
  readonly #puts: FilePuts;

  /** Names a folder without touching it. */
  constructor({ path, slowMicroseconds = 100 }: FileObjectStoreOptions) {
    if (typeof path !== "string") throw new ConfigError("A store of files needs `path`, the folder to keep them in.");
    this.#root = new FileRoot(path, (parent) => this.#syncs.made(parent));
    this.path = this.#root.path;
    this.#rootUrl = fileUrl(this.path).replace(/\/?$/, "/");
    this.place = `in the folder ${this.path}`;
    this.#slowMicroseconds = slowMicroseconds;
    const metadata = new FileMetadata(this.#root, this.#syncs);
    this.#objects = new FileObjects(this.#root, metadata);
    this.#puts = new FilePuts(this.#root, metadata, this.#syncs, new Pace(slowMicroseconds * 10 / 1000));
  }

  /** The URL of the file. */
  uri(key: string): string {
    checkKey(key);
    return `${this.#rootUrl}${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /** Reads an object, or a part of it. */
  async get(key: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { path, stamp } = this.#objects.existing(key);
    const likely = withinSize(range, stamp.size);
    try {
      // Another process may replace the file at any moment, so what counts is the size of the one that was opened.
      if (likely.end - likely.start <= SMALL_BYTES) {
        const small = readHere(path, range, SMALL_BYTES);
        if (small !== undefined) return small;
      }
      await using reader = await FileReader.open(path);
      const { start, end } = withinSize(range, reader.size);
      const bytes = new Uint8Array(end - start);
      const count = await reader.read(bytes, start);
      return count === bytes.length ? bytes : bytes.slice(0, count);
    } catch (error) {
      throw this.#objects.error(error, key, "read");
    }
  }

  /** Opens an object for reading at any position. */
  async open(key: string): Promise<ObjectReader> {
    return await this.#open(key);
  }

  /** Streams an object, or a part of it. */
  async stream(key: string, range: ByteRange = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const reader = await this.open(key);
    try {
      const { start, end } = withinSize(range, reader.size);
      return streamOf(reader, start, end);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** Stores an object at once or not at all, durably. */
  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    const description = checkPutOptions(key, options);
    return await this.#puts.put(key, body, description, options);
  }

  /** Makes durable what was put with `syncLater`. */
  async sync(): Promise<void> {
    try {
      await this.#syncs.sync();
    } catch (error) {
      throw fileError(error, "make its objects durable", this.path);
    }
  }

  /** Size, content type and metadata of an object; `undefined` if there is none. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const file = this.#objects.find(key);
    if (file === undefined) return undefined;
    const described = await this.#objects.describe(key, file);
    return described && { key, size: described.file.stamp.size, ...described.description };
  }

  /** Copies an object. */
  async copy(from: string, to: string): Promise<void> {
    checkKey(to);
    for (let attempt = 1;; attempt++) {
      await using reader = await this.#open(from);
      if (from === to) return;
      const described = await this.#objects.describe(from, reader);
      if (described === undefined) throw this.#objects.missing(from);
      // It was replaced meanwhile, so its bytes may not be those that belong to what is kept beside it now.
      if (!isSameVersion(described.file.stamp, reader.stamp) && attempt < COPY_ATTEMPTS) continue;
      await this.put(to, streamOf(reader, 0, reader.size), described.description);
      return;
    }
  }

  /** Removes an object, and the folders that become empty; silent if there is none. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    const folder = await this.#objects.remove(key);
    if (folder !== undefined) this.#root.removeEmpty(folder);
  }

  /** Removes many objects, and the folders that become empty. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    const folders = new Set<string>();
    let batch: string[] = [];
    const removeBatch = async (): Promise<void> => {
      for (const folder of await Promise.all(batch.map((key) => this.#objects.remove(key)))) {
        if (folder !== undefined) folders.add(folder);
      }
      batch = [];
    };
    for await (const key of keys) {
      checkKey(key);
      if (batch.push(key) === REMOVERS) await removeBatch();
    }
    await removeBatch();
    // The deepest first: removing one may make the one above it empty.
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) this.#root.removeEmpty(folder);
  }

  /** Removes every object whose key begins with `prefix`, and the folders that become empty. */
  async deletePrefix(prefix: string): Promise<void> {
    const keys: string[] = [];
    for await (const { key } of this.list(prefix)) keys.push(key);
    await this.deleteMany(keys);
  }

  /** Lists the objects whose keys begin with `prefix`. */
  async *list(prefix = "", options: ListOptions = {}): AsyncGenerator<ListedObject, void> {
    for await (const page of this.pages(prefix, options)) yield* page;
  }

  /** The same list, in pages. */
  async *pages(prefix = "", { headBytes = 0 }: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void> {
    checkPrefix(prefix);
    try {
      yield* listFiles(this.#root, prefix, { headBytes, slowMicroseconds: this.#slowMicroseconds });
    } catch (error) {
      throw fileError(error, `list the objects that begin with ${JSON.stringify(prefix)}`, this.path);
    }
  }

  async #open(key: string): Promise<FileReader> {
    const { path } = this.#objects.existing(key);
    try {
      return await FileReader.open(path);
    } catch (error) {
      throw this.#objects.error(error, key, "open");
    }
  }
}
