/**
 * The files of one version of an artifact: what is written is noted with its SHA-256, what is read is compared with it.
 *
 * @module
 */
import { InvalidKeyError, NotFoundError } from "../../src/errors.ts";
import { compareKeys } from "../keys.ts";
import type { ByteRange, ObjectBody, ObjectStore } from "../object_store/object_store.ts";
import { readChecked, streamChecked } from "./checked_file.ts";
import { versionPrefix } from "./layout.ts";
import type { ArtifactFolder } from "./materializer.ts";
import { type ArtifactFile, damagedArtifact } from "./record.ts";

/** The folder of one version. */
export class FolderFiles implements ArtifactFolder {
  readonly #objects: ObjectStore;
  readonly #path: string;
  readonly #prefix: string;
  readonly #files: Map<string, ArtifactFile>;
  /** Names that are taken, or are being written. */
  readonly #names = new Set<string>();
  readonly #folders = new Set<string>();
  /** Resolves when the first file is there, so that the place is known to be free for all others. */
  #first: Promise<unknown> | undefined;

  /** @param files What was written before. */
  constructor(objects: ObjectStore, path: string, version: string, files: readonly ArtifactFile[] = []) {
    this.#objects = objects;
    this.#path = path;
    this.#prefix = versionPrefix(path, version);
    this.#files = new Map(files.map((file) => [file.name, file]));
  }

  /** What was written. */
  get files(): readonly ArtifactFile[] {
    return [...this.#files.values()];
  }

  /** Streams a file, or a part of it; the whole of it is compared with its SHA-256, which fails with the last bytes. */
  async open(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const file = this.#existing(name);
    return await this.#found(
      name,
      () =>
        this.#isWhole(file, range)
          ? streamChecked(this.#objects, this.#prefix + name, file, this.#path, shown(name))
          : this.#objects.stream(this.#prefix + name, range),
    );
  }

  /** Reads a file, or a part of it; the whole of it is compared with its SHA-256. */
  async read(name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.#existing(name);
    return await this.#found(
      name,
      () =>
        this.#isWhole(file, range)
          ? readChecked(this.#objects, this.#prefix + name, file, this.#path, shown(name))
          : this.#objects.get(this.#prefix + name, range),
    );
  }

  /** Writes a file at once or not at all. */
  async write(name: string, body: ObjectBody): Promise<void> {
    this.#take(name);
    const isFirst = this.#first === undefined;
    if (!isFirst) await this.#first;
    // Only the first has to look whether its folder lies below an object. All are made durable at once, before they are committed.
    const writing = this.#objects.put(this.#prefix + name, body, { apart: !isFirst, syncLater: true });
    if (isFirst) {
      this.#first = writing.catch(() => this.#first = undefined);
    }
    const { size, sha256 } = await writing;
    this.#files.set(name, { name, size, sha256 });
  }

  /** Removes a file; silent if there is none. */
  async remove(name: string): Promise<void> {
    await this.#objects.delete(this.#prefix + name);
    this.#files.delete(name);
    this.#names.delete(name);
  }

  /** Names of its files. */
  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#files.keys()].sort(compareKeys));
  }

  /** Length of a file in bytes. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async size(name: string): Promise<number> {
    return this.#existing(name).size;
  }

  /** Keeps the place of an artifact that has no files. */
  async keepPlace(): Promise<void> {
    if (this.#files.size === 0) await this.#objects.put(`${this.#prefix}empty`, new Uint8Array());
  }

  #existing(name: string): ArtifactFile {
    const file = this.#files.get(name);
    if (file !== undefined) return file;
    throw new NotFoundError(`The artifact ${JSON.stringify(this.#path)} has no file ${JSON.stringify(name)}.`);
  }

  async #found<T>(name: string, get: () => Promise<T>): Promise<T> {
    try {
      return await get();
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      throw damagedArtifact(this.#path, `${shown(name)} is missing`, error);
    }
  }

  #isWhole(file: ArtifactFile, { start = 0, end = Infinity }: ByteRange = {}): boolean {
    return start === 0 && end >= file.size;
  }

  /** A file can not be a folder too, on no store. */
  #take(name: string): void {
    const folders: string[] = [];
    for (let at = name.indexOf("/"); at !== -1; at = name.indexOf("/", at + 1)) folders.push(name.slice(0, at));
    if (this.#folders.has(name) || folders.some((folder) => this.#names.has(folder))) {
      throw new InvalidKeyError(
        `The file ${JSON.stringify(name)} of the artifact ${JSON.stringify(this.#path)} is refused: ` +
          "it can not be a folder too, nor lie below another file.",
      );
    }
    this.#names.add(name);
    for (const folder of folders) this.#folders.add(folder);
  }
}

function shown(name: string): string {
  return `its file ${JSON.stringify(name)}`;
}
