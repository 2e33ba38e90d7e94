/**
 * Puts into a store of files: a temporary file beside the object, and the one moment in which it takes its place.
 *
 * @module
 */
import { ConflictError } from "../../src/errors.ts";
import { aboveObjects, belowObject } from "../keys.ts";
import { fileError, hasNoLinks } from "./file_errors.ts";
import type { FileMetadata } from "./file_metadata.ts";
import { type FilePlace, type FileRoot, linked } from "./file_root.ts";
import { lookAt, stampOf } from "./file_versions.ts";
import { openTemporary, type TemporaryFile, writeAndMove } from "./file_writer.ts";
import type { FolderSyncs } from "./folder_syncs.ts";
import type { ObjectBody, PutOptions, PutResult } from "./object_store.ts";
import type { Pace } from "./pace.ts";
import type { Description } from "./put_options.ts";

/** How often a put looks for its folder again because somebody removed it, empty, at that moment. */
const PUT_ATTEMPTS = 5;

/** Puts into one store. */
export class FilePuts {
  readonly #root: FileRoot;
  readonly #metadata: FileMetadata;
  readonly #syncs: FolderSyncs;
  readonly #pace: Pace;

  /** Puts below `root`. */
  constructor(root: FileRoot, metadata: FileMetadata, syncs: FolderSyncs, pace: Pace) {
    this.#root = root;
    this.#metadata = metadata;
    this.#syncs = syncs;
    this.#pace = pace;
  }

  /** Stores an object; the key and the options have to be checked. */
  async put(key: string, body: ObjectBody, description: Description, options: PutOptions): Promise<PutResult> {
    try {
      return await this.#put(key, body, description, options);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) throw this.#present(key, error);
      if (error instanceof Deno.errors.IsADirectory) throw aboveObjects(key);
      if (error instanceof Deno.errors.NotADirectory) {
        this.#root.lookAgain();
        throw belowObject(key);
      }
      throw fileError(error, `write the object ${JSON.stringify(key)}`, this.#root.path);
    }
  }

  async #put(key: string, body: ObjectBody, description: Description, options: PutOptions): Promise<PutResult> {
    const { onlyIfAbsent = false } = options;
    const { place, temporary } = await this.#openTemporary(key, onlyIfAbsent);
    const result = await writeAndMove(temporary, body, ({ sha256 }) => {
      return this.#place(key, place.path, temporary.path, { sha256, ...description }, onlyIfAbsent);
    });
    this.#syncs.named(place.folder);
    if (!options.syncLater) await this.#syncs.sync([place.folder]);
    return result;
  }

  async #place(
    key: string,
    path: string,
    temporary: string,
    described: Description & { readonly sha256: string },
    onlyIfAbsent: boolean,
  ): Promise<void> {
    const isDescribed = described.contentType !== undefined || described.metadata !== undefined;
    if (isDescribed || this.#metadata.has(key)) {
      const version = { ...stampOf(Deno.lstatSync(temporary)), ...described };
      const move = onlyIfAbsent
        ? () => linkOrMove(temporary, path, (work) => work())
        : () => this.#move(temporary, path);
      return await this.#metadata.replace(key, path, version, move);
    }
    if (onlyIfAbsent) await linkOrMove(temporary, path, (work) => this.#metadata.alone(key, work));
    else await this.#move(temporary, path);
    // Somebody else may just have begun to keep something beside the object that this one replaced.
    if (this.#metadata.has(key)) await this.#metadata.settle(key, path);
  }

  #move(temporary: string, path: string): Promise<void> {
    return this.#pace.call(() => Deno.renameSync(temporary, path), () => Deno.rename(temporary, path));
  }

  async #openTemporary(
    key: string,
    onlyIfAbsent: boolean,
  ): Promise<{ readonly place: FilePlace; readonly temporary: TemporaryFile }> {
    for (let attempt = 1;; attempt++) {
      try {
        const place = this.#root.provide(key);
        if (onlyIfAbsent || !place.isOurs) this.#look(place, key, onlyIfAbsent);
        return { place, temporary: await openTemporary(place.folder, this.#pace) };
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) || attempt === PUT_ATTEMPTS) throw error;
      }
    }
  }

  #present(key: string, cause: Error): Error {
    const found = lookAt(`${this.#root.path}/${key}`);
    if (found?.isDirectory) return aboveObjects(key);
    if (found?.isSymlink) return linked(key, this.#root.path);
    return new ConflictError(`There is an object ${JSON.stringify(key)} in the folder ${this.#root.path} already.`, {
      cause,
    });
  }

  #look(place: FilePlace, key: string, onlyIfAbsent: boolean): void {
    const found = lookAt(place.path);
    // A rename replaces a link and never follows it, so this only keeps the rule that a link is refused.
    if (found?.isSymlink) throw linked(key, this.#root.path);
    // So that nothing is written for nothing.
    if (onlyIfAbsent && found !== undefined) {
      throw new Deno.errors.AlreadyExists(`There is something at ${place.path}.`);
    }
  }
}

/** A rename replaces what is there; a second name does not. Where files have but one name, nobody else who asks may be at work. */
async function linkOrMove(
  temporary: string,
  path: string,
  alone: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  try {
    await Deno.link(temporary, path);
  } catch (error) {
    if (!hasNoLinks(error)) throw error;
    return await alone(async () => {
      if (lookAt(path) !== undefined) {
        throw new Deno.errors.AlreadyExists(`There is something at ${path}.`, { cause: error });
      }
      await Deno.rename(temporary, path);
    });
  }
  await Deno.remove(temporary);
}
