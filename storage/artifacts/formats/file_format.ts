/**
 * How a value is kept in one file.
 *
 * @module
 */
import type { ObjectBody } from "../../object_store/object_store.ts";
import type { Materialized, MaterializedBefore } from "../materializer.ts";

/** A value as one file. */
export interface EncodedFile extends Required<Materialized> {
  /** What is in the file: chunks, or a stream that is too large for them. */
  readonly body: readonly Uint8Array[] | Exclude<ObjectBody, Uint8Array | readonly Uint8Array[]>;
  /** What its name ends in where nobody chose one, with the dot. */
  readonly extension: string;
  /** Media type of the file. */
  readonly contentType: string;
}

/** A stored file. What is read is compared with its SHA-256. */
export interface StoredFile {
  /** What errors call it. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** All of its bytes. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** Streams it. */
  stream(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
}

/** Keeps values of one kind in one file. */
export interface FileFormat<T = unknown> {
  /** Writes a value. `path` is where it is saved; it is empty where nobody chose a name for the file. */
  encode(value: T, path: string): EncodedFile | Promise<EncodedFile>;
  /** Reads a value. */
  decode(file: StoredFile, before: MaterializedBefore): Promise<unknown>;
}

/** What a statistic was, if it is a text. */
export function textOf({ statistics }: MaterializedBefore, name: string): string | undefined {
  const value = statistics[name];
  return typeof value === "string" ? value : undefined;
}

/** The ending of a file's name, with the dot; empty if it has none that is plain. */
export function extensionOf(name: string): string {
  return /[^/](\.[a-z0-9]{1,16})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}
