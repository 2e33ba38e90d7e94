/**
 * What every store of bytes offers, and nothing that only one of them can do.
 *
 * @module
 */

/** Which kind of store it is; also the kind that `storageFactory` takes and the key of its entry in `Protocols`. */
export type StoreKind = "file" | "memory" | "s3" | "gcs" | "kv";

/** Bytes to store: in one piece, in pieces one after another, or as a stream of unknown length. */
export type ObjectBody =
  | Uint8Array
  | readonly Uint8Array[]
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** A part of an object, in bytes. */
export interface ByteRange {
  /** First byte. @default {0} */
  readonly start?: number;
  /** First byte after the part; beyond the end of the object means its end. @default {the end} */
  readonly end?: number;
}

/** How to store an object. */
export interface PutOptions {
  /** Media type, such as `text/plain`: printable ASCII. It is gone when the object is replaced without one. */
  readonly contentType?: string;
  /**
   * User metadata, gone when the object is replaced without. Names are of lower-case letters, digits and `-`, up to 64; names and values
   * together take at most 1,500 UTF-8 bytes; values are without control characters. What begins with `fusewire-` is kept for the stores.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Whether an object that is there stays, and the put is a `ConflictError`.
   *
   * @default {false}
   */
  readonly onlyIfAbsent?: boolean;
  /**
   * Whether the caller's own names keep objects and folders apart, so that a store need not look whether one lies below the other: on S3 and
   * GCS that spares the requests which no server makes for us.
   *
   * @default {false}
   */
  readonly apart?: boolean;
  /**
   * Whether the object need not be durable before `sync` was called: until then a power cut, though no crash of the process, may bring the
   * previous object back. Of files, many put at once cost a third less so.
   *
   * @default {false}
   */
  readonly syncLater?: boolean;
}

/** What was stored. */
export interface PutResult {
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 of the bytes in hexadecimal. */
  readonly sha256: string;
}

/** What a store knows of an object without reading it. */
export interface ObjectInfo {
  /** Its key. */
  readonly key: string;
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal, where the store keeps it: files do not, nor S3 for a stream of more than one part. */
  readonly sha256?: string;
  /** Media type that it was stored with. */
  readonly contentType?: string;
  /** User metadata that it was stored with; absent if there was none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** How to list. */
export interface ListOptions {
  /**
   * Also reads the beginning of every object, up to this many bytes. A store does so with as many requests at once as suit it.
   *
   * @default {0}
   */
  readonly headBytes?: number;
}

/** One object of a list. */
export interface ListedObject {
  /** Its key. */
  readonly key: string;
  /** Length in bytes; always present with `headBytes`, else where the list tells it for nothing. */
  readonly size?: number;
  /** The first bytes; present with `headBytes`. The caller may keep them. */
  readonly head?: Uint8Array<ArrayBuffer>;
}

/**
 * An object open for reading. What it reads is one and the same version of the object: where a store does not keep the old one, as
 * S3, GCS and KV, reading on after the object was replaced or removed is a `ConflictError`.
 */
export interface ObjectReader extends AsyncDisposable {
  /** Length of the object in bytes. */
  readonly size: number;
  /**
   * Fills `into` with the bytes from `position` on.
   *
   * @returns How many bytes there were; fewer than asked for only at the end of the object.
   */
  read(into: Uint8Array<ArrayBuffer>, position: number): Promise<number>;
  /** Lets go of it. Closing twice is no error. */
  close(): Promise<void>;
}

/**
 * Bytes under keys. The rule for keys is `checkKey`, the same for every store; a key that breaks it is an `InvalidKeyError` with every
 * verb, before the store is touched.
 *
 * An object can not be a folder too: where there is an object `a/b`, putting `a` is an `InvalidKeyError`, and so is the reverse.
 *
 * A store that denies access throws `PermissionError`; one that can not be reached, or goes on failing, `UnavailableError`; one that is full,
 * or whose place can not be a store (no such bucket, a file in place of the folder), `ConfigError`.
 */
export interface ObjectStore {
  /** Which kind of store it is. */
  readonly kind: StoreKind;
  /** Where it is, for messages: "in the folder /data", "in memory". Without secrets. */
  readonly place: string;
  /**
   * The URI of an object, whether it is there or not: `file:///data/a/b`, `s3://bucket/prefix/a/b`, `gs://bucket/prefix/a/b`, `kv:prefix/a/b`,
   * `memory:a/b`. Those of files are percent-encoded, all others hold the key as it is. `keyOf` is the inverse.
   */
  uri(key: string): string;

  /**
   * Reads an object, or a part of it.
   *
   * @throws {NotFoundError} If there is none.
   */
  get(key: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Opens an object for reading at any position.
   *
   * @throws {NotFoundError} If there is none.
   */
  open(key: string): Promise<ObjectReader>;
  /**
   * Streams an object, or a part of it. It is a stream of bytes: a reader that brings its own buffer gets it filled without a copy.
   *
   * @throws {NotFoundError} If there is none.
   */
  stream(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /**
   * Stores an object at once or not at all, and durably (but for `syncLater`) once the promise is resolved. The previous object survives a failed put,
   * which leaves nothing behind. The bytes must not change until then.
   */
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<PutResult>;
  /** Makes durable what was put with `syncLater`. A store that knows no such thing has nothing to do. */
  sync(): Promise<void>;
  /** What is known of an object; `undefined` if there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /**
   * Copies an object with its content type and metadata within the store, at once or not at all.
   *
   * @throws {NotFoundError} If there is none under `from`.
   */
  copy(from: string, to: string): Promise<void>;
  /** Removes an object; silent if there is none. */
  delete(key: string): Promise<void>;
  /** Removes many objects. */
  deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void>;
  /** Removes every object whose key begins with `prefix`, a string: end it with `/` to mean a folder. */
  deletePrefix(prefix: string): Promise<void>;
  /** Lists the objects whose keys begin with `prefix`, a string, sorted by the UTF-8 bytes of their keys, however many. */
  list(prefix?: string, options?: ListOptions): AsyncIterable<ListedObject>;
  /** The same list, in pages as they come: a step for each object would cost more than a small file takes to read. */
  pages(prefix?: string, options?: ListOptions): AsyncIterable<readonly ListedObject[]>;
}
