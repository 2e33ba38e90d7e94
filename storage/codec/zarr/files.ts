/**
 * The files of a Zarr array, wherever they are.
 *
 * @module
 */
import { NotFoundError } from "../../../src/errors.ts";
import type { ByteRange, ObjectStore } from "../../object_store/object_store.ts";
import type { ProtocolEntry } from "../../protocols.ts";

/** The files of one array, by their names in its folder. */
export interface ZarrFiles {
  /** Reads a part of a file, or what there is of it; `undefined` if there is no such file. */
  read(name: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Length of a file in bytes; `undefined` if there is no such file. */
  size(name: string): Promise<number | undefined>;
}

/** Files of an array in a store of objects. */
export class ObjectFiles implements ZarrFiles {
  readonly #objects: ObjectStore;
  readonly #folder: string;

  /** @param folder What their keys begin with: nothing, or a path that ends in "/". */
  constructor(objects: ObjectStore, folder: string) {
    this.#objects = objects;
    this.#folder = folder;
  }

  read(name: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return orNothing(() => this.#objects.get(this.#folder + name, range));
  }

  async size(name: string): Promise<number | undefined> {
    return (await this.#objects.head(this.#folder + name))?.size;
  }
}

/** Files of an array that a serializer wrote. */
export class EntryFiles implements ZarrFiles {
  readonly #entry: ProtocolEntry;
  readonly #folder: string;
  readonly #sizes: ReadonlyMap<string, number>;

  /**
   * @param folder What their names begin with, ending in "/".
   * @param sizes Length in bytes of those files that are read in parts from their ends.
   */
  constructor(entry: ProtocolEntry, folder: string, sizes: ReadonlyMap<string, number>) {
    this.#entry = entry;
    this.#folder = folder;
    this.#sizes = sizes;
  }

  read(name: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return orNothing(() => this.#entry.read(this.#folder + name, range));
  }

  size(name: string): Promise<number | undefined> {
    return Promise.resolve(this.#sizes.get(name));
  }
}

async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
