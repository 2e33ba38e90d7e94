/**
 * Looks for the objects of a store of files, and removes them.
 *
 * @module
 */
import { NotFoundError } from "../../src/errors.ts";
import { checkKey } from "../keys.ts";
import { fileError, isMissing } from "./file_errors.ts";
import type { FileMetadata, FoundFile } from "./file_metadata.ts";
import { type FileRoot, linked } from "./file_root.ts";
import { lookAt, stampOf } from "./file_versions.ts";

/** The objects of one store. */
export class FileObjects {
  readonly #root: FileRoot;
  readonly #metadata: FileMetadata;

  /** Looks below `root`. */
  constructor(root: FileRoot, metadata: FileMetadata) {
    this.#root = root;
    this.#metadata = metadata;
  }

  /** What is kept beside a file that was found, and the file as it was seen with it; `undefined` if it is gone. */
  async describe(key: string, file: FoundFile): ReturnType<FileMetadata["describe"]> {
    try {
      return await this.#metadata.describe(key, file, () => this.find(key));
    } catch (error) {
      throw this.error(error, key, "read what is kept beside");
    }
  }

  /**
   * The file of an object; checks the key.
   *
   * @throws {NotFoundError} If there is none.
   */
  existing(key: string): FoundFile {
    checkKey(key);
    const file = this.find(key);
    if (file === undefined) throw this.missing(key);
    return file;
  }

  /** The file of an object; `undefined` if there is none. The key has to be checked. */
  find(key: string): FoundFile | undefined {
    const place = this.#root.locate(key);
    if (place === undefined) return undefined;
    try {
      const info = lookAt(place.path);
      if (info?.isSymlink) throw linked(key, this.#root.path);
      return info?.isFile ? { path: place.path, stamp: stampOf(info) } : undefined;
    } catch (error) {
      throw this.error(error, key, "look at");
    }
  }

  /** Removes a file; gives its folder if there was one. The key has to be checked. */
  async remove(key: string): Promise<string | undefined> {
    const place = this.#root.locate(key);
    const { path = "" } = place ?? {};
    try {
      const found = place !== undefined && this.find(key) !== undefined;
      if (found && this.#metadata.has(key)) await this.#metadata.remove(key, () => removeFile(path));
      else if (found) await removeFile(path);
      // Somebody may have put it anew meanwhile, and another have removed it.
      if (this.#metadata.has(key)) await this.#metadata.settle(key, `${this.#root.path}/${key}`);
      return found ? place.folder : undefined;
    } catch (error) {
      throw this.error(error, key, "remove");
    }
  }

  /** That there is no such object. */
  missing(key: string): NotFoundError {
    return new NotFoundError(`There is no object ${JSON.stringify(key)} in the folder ${this.#root.path}.`);
  }

  /** The error to throw instead of the system's. */
  error(error: unknown, key: string, verb: string): unknown {
    if (isMissing(error)) return this.missing(key);
    return fileError(error, `${verb} the object ${JSON.stringify(key)}`, this.#root.path);
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
