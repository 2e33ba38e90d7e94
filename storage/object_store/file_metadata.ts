/**
 * Content types and metadata of files, each in a file of its own in a folder that no key leads to.
 *
 * Such a file names the version of the object that it belongs to, and the version before. It is written before the object gets its new
 * version, so that after a crash at any moment the object has one of them with what belongs to it. An object that nothing is kept beside
 * has none, and a store of such objects not even the folder: looking for it is all that they cost.
 *
 * @module
 */
import { ConfigError, IntegrityError } from "../../src/errors.ts";
import { sha256Hex } from "../digest.ts";
import { KeyLocks } from "../key_locks.ts";
import { METADATA_FOLDER } from "../keys.ts";
import { isMissing } from "./file_errors.ts";
import { hashOfFile } from "./file_reader.ts";
import { type FileRoot, linked } from "./file_root.ts";
import {
  decodeVersions,
  encodeVersions,
  type FileStamp,
  type FileVersion,
  isSameVersion,
  lookAt,
  stampOf,
  versionOf,
} from "./file_versions.ts";
import type { FolderSyncs } from "./folder_syncs.ts";
import type { Description } from "./put_options.ts";

/** How often a reader looks again at an object that others replace meanwhile. */
const LOOKS = 100;

// What every import of a `node:` module costs is paid by whoever first looks for the folder.
let fileSystem: typeof import("node:fs") | undefined;

/** Whether there is something at a path: 2 µs, where an exception for a missing file takes 12. */
function exists(path: string): boolean {
  // deno-lint-ignore no-process-global
  fileSystem ??= process.getBuiltinModule("node:fs");
  return fileSystem.existsSync(path);
}

/** A file that is an object. */
export interface FoundFile {
  /** Where it is. */
  readonly path: string;
  /** Which version of it was seen. */
  readonly stamp: FileStamp;
}

/** Where what is kept beside one object is. */
interface Place {
  readonly folder: string;
  readonly path: string;
}

/** What a store of files keeps beside its objects. */
export class FileMetadata {
  readonly #root: FileRoot;
  readonly #syncs: FolderSyncs;
  /** The system would let each caller wait in a thread of its own, of which there are few. */
  readonly #locks = new KeyLocks();

  /** Keeps it below `root`. */
  constructor(root: FileRoot, syncs: FolderSyncs) {
    this.#root = root;
    this.#syncs = syncs;
  }

  /** Whether anything is, or was, kept beside an object, or beside one that was at its place before. */
  has(key: string): boolean {
    return this.#isUsed() && this.#find(key) !== undefined;
  }

  /**
   * What is kept beside an object.
   *
   * @param look Looks at the file; `undefined` if it is gone.
   * @returns The file as it was seen with it; `undefined` if it is gone.
   */
  async describe(
    key: string,
    file: FoundFile,
    look: () => FoundFile | undefined,
  ): Promise<{ readonly file: FoundFile; readonly description: Description } | undefined> {
    for (let looks = 1; this.#isUsed(); looks++) {
      const versions = this.#read(key);
      const version = await versionOf(versions, file.stamp, () => hashOfFile(file.path)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (version !== undefined) return { file, description: descriptionOf(version) };
      // What was read may belong to a version that came since.
      const now = look();
      if (now === undefined) return undefined;
      if (isSameVersion(now.stamp, file.stamp) || looks === LOOKS) break;
      file = now;
    }
    return { file, description: {} };
  }

  /**
   * Gives an object its next version, with what is kept beside it.
   *
   * @param path Of the object.
   * @param move Puts the file in its place.
   */
  replace(key: string, path: string, next: FileVersion, move: () => Promise<void>): Promise<void> {
    return this.#locked(key, async ({ folder, path: beside }) => {
      const before = await this.#versionAt(key, path);
      const versions = before === undefined ? [next] : [next, before];
      await writeDurably(`${folder}/next`, beside, encodeVersions(key, versions));
      await this.#syncs.sync([folder]);
      try {
        await move();
      } catch (error) {
        await this.#settle(key, path, beside);
        throw error;
      }
      if (isPlain(next)) removeIfThere(beside);
    });
  }

  /** Removes an object with what is kept beside it. */
  remove(key: string, remove: () => Promise<void>): Promise<void> {
    return this.#locked(key, async ({ path }) => {
      await remove();
      removeIfThere(path);
    });
  }

  /** Sets right what is kept beside an object that was replaced or removed by somebody who found nothing there. */
  settle(key: string, path: string): Promise<void> {
    return this.#locked(key, (place) => this.#settle(key, path, place.path));
  }

  /** Does something about an object while nobody replaces, with metadata, an object whose key has the same hash in its first byte. */
  alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#locked(key, work);
  }

  async #settle(key: string, path: string, beside: string): Promise<void> {
    const version = await this.#versionAt(key, path, true);
    if (version === undefined || isPlain(version)) removeIfThere(beside);
  }

  /** The version that is at a path, and what is kept beside it; `undefined` if nothing is there. */
  async #versionAt(key: string, path: string, exact = false): Promise<FileVersion | undefined> {
    try {
      const info = lookAt(path);
      if (info?.isFile !== true) return undefined;
      const stamp = stampOf(info);
      return await versionOf(this.#read(key, true), stamp, () => hashOfFile(path), exact) ?? stamp;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #isUsed(): boolean {
    return exists(`${this.#root.path}/${METADATA_FOLDER}`);
  }

  #find(key: string): Place | undefined {
    const name = sha256Hex(key);
    const folder = this.#root.locateFolder([METADATA_FOLDER, name.slice(0, 2)]);
    if (folder === undefined) return undefined;
    const path = `${folder}/${name}`;
    return exists(path) ? { folder, path } : undefined;
  }

  #read(key: string, mayBeDamaged = false): readonly FileVersion[] {
    const place = this.#find(key);
    if (place === undefined) return [];
    try {
      if (Deno.lstatSync(place.path).isSymlink) throw linked(key, this.#root.path);
      return decodeVersions(key, Deno.readFileSync(place.path));
    } catch (error) {
      if (isMissing(error) || mayBeDamaged && error instanceof IntegrityError) return [];
      throw error;
    }
  }

  /** Nobody else, in this process or another, is at work on the object meanwhile, if something is kept beside it. */
  #locked<T>(key: string, work: (place: Place) => Promise<T>): Promise<T> {
    const name = sha256Hex(key);
    const shard = name.slice(0, 2);
    return this.#locks.run(shard, async () => {
      const { folder } = this.#root.provide(`${METADATA_FOLDER}/${shard}/${name}`);
      using file = await this.#openLock(`${folder}/lock`, key);
      await lock(file, this.#root.path);
      return await work({ folder, path: `${folder}/${name}` });
    });
  }

  async #openLock(path: string, key: string): Promise<Deno.FsFile> {
    if (exists(path) && Deno.lstatSync(path).isSymlink) throw linked(key, this.#root.path);
    return await Deno.open(path, { write: true, create: true });
  }
}

async function lock(file: Deno.FsFile, root: string): Promise<void> {
  try {
    await file.lock(true);
  } catch (error) {
    throw new ConfigError(
      `The file system of the folder ${root} locks no files, so that no content types or metadata can be kept there. ` +
        "Put without them, or choose another folder.",
      { cause: error },
    );
  }
}

/** Only who holds the lock writes the temporary file, so that it can always be the same one. */
async function writeDurably(temporary: string, path: string, bytes: Uint8Array): Promise<void> {
  // What a crash left, or a link: neither is written to.
  removeIfThere(temporary);
  {
    using file = Deno.openSync(temporary, { write: true, createNew: true });
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    await file.syncData();
  }
  Deno.renameSync(temporary, path);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function isPlain({ contentType, metadata }: Description): boolean {
  return contentType === undefined && metadata === undefined;
}

function descriptionOf({ contentType, metadata }: Description): Description {
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
