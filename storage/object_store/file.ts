import { ConfigError, ConflictError, NotFoundError } from "../../src/errors.ts";
import { aboveObjects, belowObject, checkKey, checkPrefix } from "../keys.ts";
import { DirectorySync } from "./directory_sync.ts";
import { fileError, isMissing } from "./file_errors.ts";
import { fileUrl } from "./file_path.ts";
import { listFiles } from "./file_listing.ts";
import { FileReader } from "./file_reader.ts";
import { type FilePlace, FileRoot, linked } from "./file_root.ts";
import { openTemporary, type TemporaryFile, writeAndRename } from "./file_writer.ts";
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
/** How often a put looks for its folder again because somebody removed it, empty, at that moment. */
const PUT_ATTEMPTS = 5;
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
 * folder is synced. What a crash leaves of it is never listed, and is removed by a list of its folder an hour later.
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
  readonly #pace: Pace;
  readonly #syncs = new DirectorySync();
  /** Folders that hold a file with a name that may not be durable. */
  readonly #unsynced = new Set<string>();
  /** Syncs of the folders that hold a new folder. */
  readonly #newFolders = new Set<Promise<void>>();

  /** Names a folder without touching it. */
  constructor({ path, slowMicroseconds = 100 }: FileObjectStoreOptions) {
    if (typeof path !== "string") throw new ConfigError("A store of files needs `path`, the folder to keep them in.");
    this.#root = new FileRoot(path, (parent) => this.#beginSync(parent));
    this.path = this.#root.path;
    this.#rootUrl = fileUrl(this.path).replace(/\/?$/, "/");
    this.place = `in the folder ${this.path}`;
    this.#slowMicroseconds = slowMicroseconds;
    this.#pace = new Pace(slowMicroseconds * 10 / 1000);
  }

  /** The URL of the file. */
  uri(key: string): string {
    checkKey(key);
    return `${this.#rootUrl}${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /** Reads an object, or a part of it. */
  async get(key: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { path, size } = this.#existing(key);
    const likely = withinSize(range, size);
    try {
      // Another process may replace the file at any moment, so what counts is the size of the one that was opened.
      if (likely.end - likely.start <= SMALL_BYTES) {
        const small = readHere(path, range);
        if (small !== undefined) return small;
      }
      await using reader = await FileReader.open(path);
      const { start, end } = withinSize(range, reader.size);
      const bytes = new Uint8Array(end - start);
      const count = await reader.read(bytes, start);
      return count === bytes.length ? bytes : bytes.slice(0, count);
    } catch (error) {
      throw this.#error(error, key, "read");
    }
  }

  /** Opens an object for reading at any position. */
  async open(key: string): Promise<ObjectReader> {
    const { path } = this.#existing(key);
    try {
      return await FileReader.open(path);
    } catch (error) {
      throw this.#error(error, key, "open");
    }
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

  /** Stores an object at once or not at all, durably. Content type and metadata are not kept. */
  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    checkPutOptions(key, options);
    const { syncLater = false, onlyIfAbsent = false } = options;
    try {
      const { place, temporary } = await this.#openTemporary(key);
      const result = await writeAndRename(temporary, place.path, body, this.#pace, onlyIfAbsent);
      this.#unsynced.add(place.folder);
      if (!syncLater) await this.#sync([place.folder]);
      return result;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) throw this.#present(key, error);
      if (error instanceof Deno.errors.IsADirectory) throw aboveObjects(key);
      if (error instanceof Deno.errors.NotADirectory) {
        this.#root.lookAgain();
        throw belowObject(key);
      }
      throw fileError(error, `write the object ${JSON.stringify(key)}`, this.path);
    }
  }

  /** Makes durable what was put with `syncLater`. */
  async sync(): Promise<void> {
    try {
      await this.#sync([...this.#unsynced]);
    } catch (error) {
      throw fileError(error, "make its objects durable", this.path);
    }
  }

  /** Size of an object; `undefined` if there is none. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const file = this.#find(key);
    return file === undefined ? undefined : { key, size: file.size };
  }

  /** Copies an object. */
  async copy(from: string, to: string): Promise<void> {
    checkKey(to);
    await this.put(to, await this.stream(from));
  }

  /** Removes an object, and the folders that become empty; silent if there is none. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    const folder = await this.#remove(key);
    if (folder !== undefined) this.#root.removeEmpty(folder);
  }

  /** Removes many objects, and the folders that become empty. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    const folders = new Set<string>();
    let batch: string[] = [];
    const removeBatch = async (): Promise<void> => {
      for (const folder of await Promise.all(batch.map((key) => this.#remove(key)))) {
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

  async #openTemporary(key: string): Promise<{ readonly place: FilePlace; readonly temporary: TemporaryFile }> {
    for (let attempt = 1;; attempt++) {
      try {
        const place = this.#root.provide(key);
        if (!place.isOurs) this.#refuseLink(place, key);
        return { place, temporary: await openTemporary(place.folder, this.#pace) };
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || attempt === PUT_ATTEMPTS) throw error;
      }
    }
  }

  #existing(key: string): { readonly path: string; readonly size: number } {
    checkKey(key);
    const file = this.#find(key);
    if (file === undefined) throw this.#missing(key);
    return file;
  }

  #find(key: string): { readonly path: string; readonly size: number } | undefined {
    const place = this.#root.locate(key);
    if (place === undefined) return undefined;
    try {
      const info = Deno.lstatSync(place.path);
      if (info.isSymlink) throw linked(key, this.path);
      return info.isFile ? { path: place.path, size: info.size } : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#error(error, key, "look at");
    }
  }

  /** Removes a file; gives its folder if there was one. */
  async #remove(key: string): Promise<string | undefined> {
    const place = this.#root.locate(key);
    if (place === undefined || this.#find(key) === undefined) return undefined;
    try {
      await Deno.remove(place.path);
    } catch (error) {
      if (!isMissing(error)) throw this.#error(error, key, "remove");
    }
    return place.folder;
  }

  /** A rename replaces a link and never follows it, so this only keeps the rule that a link is refused. */
  #refuseLink(place: FilePlace, key: string): void {
    let isSymlink: boolean;
    try {
      isSymlink = Deno.lstatSync(place.path).isSymlink;
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    if (isSymlink) throw linked(key, this.path);
  }

  async #sync(folders: readonly string[]): Promise<void> {
    // A file that gets its name while the sync runs marks the folder again.
    for (const folder of folders) this.#unsynced.delete(folder);
    try {
      await Promise.all([...folders.map((folder) => this.#syncs.sync(folder)), ...this.#newFolders]);
    } catch (error) {
      for (const folder of folders) this.#unsynced.add(folder);
      throw error;
    }
  }

  #beginSync(folder: string): void {
    const syncing = this.#syncs.sync(folder).finally(() => this.#newFolders.delete(syncing));
    // Whoever puts waits for it; a put that fails before that leaves it to nobody.
    syncing.catch(() => {});
    this.#newFolders.add(syncing);
  }

  #present(key: string, cause: Error): Error {
    if (Deno.lstatSync(`${this.path}/${key}`).isDirectory) return aboveObjects(key);
    return new ConflictError(`There is an object ${JSON.stringify(key)} in the folder ${this.path} already.`, {
      cause,
    });
  }

  #missing(key: string): NotFoundError {
    return new NotFoundError(`There is no object ${JSON.stringify(key)} in the folder ${this.path}.`);
  }

  #error(error: unknown, key: string, verb: string): unknown {
    if (isMissing(error)) return this.#missing(key);
    return fileError(error, `${verb} the object ${JSON.stringify(key)}`, this.path);
  }
}

/** Reads in this thread; `undefined` if there is too much. */
function readHere(path: string, range: ByteRange): Uint8Array<ArrayBuffer> | undefined {
  using file = Deno.openSync(path);
  const { start, end } = withinSize(range, file.statSync().size);
  if (end - start > SMALL_BYTES) return undefined;
  if (start > 0) file.seekSync(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(end - start);
  let at = 0;
  while (at < bytes.length) {
    const count = file.readSync(at === 0 ? bytes : bytes.subarray(at));
    if (count === null) return bytes.slice(0, at);
    at += count;
  }
  return bytes;
}
