/**
 * What a KV object store knows of an object: one entry, small objects with their bytes.
 *
 * @module
 */
import { IntegrityError } from "../../../src/errors.ts";
import type { KvEntryMaybe } from "../../kv/kv_like.ts";
import type { ObjectInfo } from "../object_store.ts";
import type { Description } from "../put_options.ts";

/** The size of a chunk, in bytes: a value of the KV has at most 65,536 in all. */
export const CHUNK_BYTES = 60 * 1024;
/** Up to this many bytes an object lies in its manifest: with the largest metadata that is still one value. */
export const INLINE_BYTES = 48 * 1024;

/** What is known of an object. */
export interface Manifest extends Description {
  /** Which put made it; its chunks lie under that. */
  readonly version: string;
  /** The version that it replaced. */
  readonly replaced?: string;
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly sha256: string;
  /** The bytes of a small object; otherwise they lie in chunks. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** An object that was found. */
export interface FoundObject {
  /** Its key. */
  readonly key: string;
  /** What is known of it. */
  readonly manifest: Manifest;
  /** The state of its entry. */
  readonly versionstamp: string;
}

/**
 * The object that an entry stands for; `undefined` if there is no entry.
 *
 * @throws {IntegrityError} If it is none.
 */
export function foundObject(key: string, { value, versionstamp }: KvEntryMaybe<unknown>): FoundObject | undefined {
  if (versionstamp === null) return undefined;
  if (!isManifest(value)) {
    throw new IntegrityError(
      `The entry of the object ${
        JSON.stringify(key)
      } in the KV is damaged, or of another version of Fusewire: put it again.`,
    );
  }
  return { key, manifest: value, versionstamp };
}

/** How many chunks the bytes of an object lie in. */
export function chunkCount({ size, bytes }: Manifest): number {
  return bytes === undefined ? Math.ceil(size / CHUNK_BYTES) : 0;
}

/** What `head` tells of an object. */
export function infoOf({ key, manifest: { size, sha256, contentType, metadata } }: FoundObject): ObjectInfo {
  return {
    key,
    size,
    sha256,
    ...(contentType === undefined ? {} : { contentType }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** About how many bytes a manifest takes; never less than it does. */
export function manifestBytes({ bytes, contentType = "", metadata = {} }: Manifest): number {
  let texts = contentType.length;
  for (const [name, value] of Object.entries(metadata)) texts += name.length + 2 * value.length + 16;
  return 400 + texts + (bytes?.length ?? 0);
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== "object" || value === null) return false;
  const { version, size, sha256, bytes }: Partial<Record<keyof Manifest, unknown>> = value;
  return typeof version === "string" && typeof size === "number" && typeof sha256 === "string" &&
    (bytes === undefined || bytes instanceof Uint8Array && bytes.length === size);
}
