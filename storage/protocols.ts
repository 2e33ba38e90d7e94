/**
 * What a serializer gets to keep its files with: one entry by the kind of the store it runs on.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";
import { type BucketClient, type BucketObjectStore, isInBucket } from "./object_store/bucket.ts";
import type { ByteRange, ObjectBody, ObjectStore } from "./object_store/object_store.ts";

/** Key of the entry that {@linkcode Protocols} has on a store of local files. */
export const FILE_PROTOCOL = "file";
/** Key of the entry that {@linkcode Protocols} has on a store in memory. */
export const MEMORY_PROTOCOL = "memory";
/** Key of the entry that {@linkcode Protocols} has on an S3 bucket. */
export const S3_PROTOCOL = "s3";
/** Key of the entry that {@linkcode Protocols} has on a Google Cloud Storage bucket. */
export const GCS_PROTOCOL = "gcs";
/** Key of the entry that {@linkcode Protocols} has on Deno KV. */
export const KV_PROTOCOL = "kv";

/**
 * Files by name, in a folder of one store.
 *
 * A serializer gets the folder of the one value that it pickles, unpickles or removes: the names that it chooses there meet no others, also
 * when the same task is saved again. `TaskStorage.protocols` gives the folder of all files of a workflow.
 *
 * A name follows the rule of keys (`a/b` is fine, `../a` and `/a` are an `InvalidKeyError`).
 */
export interface ProtocolEntry {
  /**
   * Streams a file, or a part of it. It is a stream of bytes: a reader that brings its own buffer gets it filled without a copy. Throws
   * `NotFoundError` if there is no such file, `IntegrityError` if it is not what was written.
   */
  open(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Reads a file, or a part of it. Throws like `open`. */
  read(name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes a file at once or not at all; a stream is not held in memory. */
  write(name: string, body: ObjectBody): Promise<void>;
  /** Removes a file; silent if there is none. */
  remove(name: string): Promise<void>;
}

/** Files by name, in a folder of one bucket, and the bucket itself for what these verbs do not offer. */
export interface BucketProtocolEntry extends ProtocolEntry {
  /** Sends requests of one's own to the bucket, signed like those of the store: `client.fetch(folder + name)`. */
  readonly client: BucketClient;
  /** What the names of the files begin with in the bucket, ending in `/`: the store's prefix and the folder. */
  readonly folder: string;
}

/** The entries of one store; exactly one is present. */
export interface Protocols {
  /** Present on a store of local files. */
  readonly [FILE_PROTOCOL]?: ProtocolEntry | undefined;
  /** Present on a store in memory. */
  readonly [MEMORY_PROTOCOL]?: ProtocolEntry | undefined;
  /** Present on an S3 bucket. */
  readonly [S3_PROTOCOL]?: BucketProtocolEntry | undefined;
  /** Present on a Google Cloud Storage bucket. */
  readonly [GCS_PROTOCOL]?: BucketProtocolEntry | undefined;
  /** Present on Deno KV. */
  readonly [KV_PROTOCOL]?: ProtocolEntry | undefined;
}

/** The one entry that is present. Throws `ConfigError` if there is none. */
export function entryOf(protocols: Protocols): ProtocolEntry {
  const entry = protocols[FILE_PROTOCOL] ?? protocols[MEMORY_PROTOCOL] ?? protocols[S3_PROTOCOL] ??
    protocols[GCS_PROTOCOL] ?? protocols[KV_PROTOCOL];
  if (entry === undefined) {
    throw new ConfigError("The protocols given to a serializer have no entry; pass `storage.protocols(workflow)`.");
  }
  return entry;
}

/**
 * The protocols of a store with this entry.
 *
 * @param folder What the keys of its files begin with, ending in "/".
 */
export function protocolsWith(objects: ObjectStore, folder: string, entry: ProtocolEntry): Protocols {
  return { [objects.kind]: isInBucket(objects) ? new BucketEntry(objects, folder, entry) : entry };
}

/** Files in a folder of an object store, as they are. */
export class FolderEntry implements ProtocolEntry {
  readonly #objects: ObjectStore;
  readonly #folder: string;

  /** @param folder What their keys begin with, ending in "/". */
  constructor(objects: ObjectStore, folder: string) {
    this.#objects = objects;
    this.#folder = folder;
  }

  /** Streams a file, or a part of it. */
  open(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#objects.stream(this.#folder + name, range);
  }

  /** Reads a file, or a part of it. */
  read(name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    return this.#objects.get(this.#folder + name, range);
  }

  /** Writes a file at once or not at all. */
  async write(name: string, body: ObjectBody): Promise<void> {
    await this.#objects.put(this.#folder + name, body);
  }

  /** Removes a file; silent if there is none. */
  async remove(name: string): Promise<void> {
    await this.#objects.delete(this.#folder + name);
  }
}

/** The entry of a folder in a bucket: the verbs of another one, and the bucket itself. */
class BucketEntry implements BucketProtocolEntry {
  readonly client: BucketClient;
  readonly folder: string;
  readonly #entry: ProtocolEntry;

  constructor(objects: BucketObjectStore, folder: string, entry: ProtocolEntry) {
    this.client = objects.client;
    this.folder = objects.nameOf(folder);
    this.#entry = entry;
  }

  open(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#entry.open(name, range);
  }

  read(name: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    return this.#entry.read(name, range);
  }

  write(name: string, body: ObjectBody): Promise<void> {
    return this.#entry.write(name, body);
  }

  remove(name: string): Promise<void> {
    return this.#entry.remove(name);
  }
}
