/**
 * What a serializer gets to keep its files with: one entry by the kind of the store it runs on.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";

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

/** Files by name, in a place that belongs to one workflow of one store. */
export interface ProtocolEntry {
  /** Streams a file. Throws `NotFoundError` if there is none. */
  open(name: string): Promise<ReadableStream<Uint8Array>>;
  /** Reads a whole file. Throws `NotFoundError` if there is none. */
  read(name: string): Promise<Uint8Array>;
  /** Writes a file at once or not at all; a stream is not held in memory. */
  write(name: string, body: Uint8Array | ReadableStream<Uint8Array>): Promise<void>;
  /** Removes a file; silent if there is none. */
  remove(name: string): Promise<void>;
}

/** The entries of one store; exactly one is present. */
export interface Protocols {
  /** Present on a store of local files. */
  readonly [FILE_PROTOCOL]?: ProtocolEntry | undefined;
  /** Present on a store in memory. */
  readonly [MEMORY_PROTOCOL]?: ProtocolEntry | undefined;
  /** Present on an S3 bucket. */
  readonly [S3_PROTOCOL]?: ProtocolEntry | undefined;
  /** Present on a Google Cloud Storage bucket. */
  readonly [GCS_PROTOCOL]?: ProtocolEntry | undefined;
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
