/**
 * What a store of files keeps beside a file, and to which of its versions that belongs.
 *
 * @module
 */
import { IntegrityError } from "../../src/errors.ts";
import { isMissing } from "./file_errors.ts";
import type { Description } from "./put_options.ts";

/** One version of a file, and what is kept beside it. */
export interface FileVersion extends Description {
  /** Length in bytes. */
  readonly size: number;
  /** When it was written, in milliseconds since 1970 as the file system tells it. */
  readonly modified: number;
  /** SHA-256 in hexadecimal; absent of a version that nothing is kept beside. */
  readonly sha256?: string;
}

/** What tells one version of a file from another without reading it. */
export type FileStamp = Pick<FileVersion, "size" | "modified">;

/** What is at a path, a link as a link; `undefined` if nothing is. */
export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The stamp of a file. */
export function stampOf({ size, mtime }: Deno.FileInfo): FileStamp {
  return { size, modified: mtime?.getTime() ?? 0 };
}

/** Whether two stamps are of one version, as far as they can tell. */
export function isSameVersion(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.modified === b.modified;
}

/**
 * The version that a file is, of at most two; `undefined` if it is none of them.
 *
 * Size and time decide, or the content where they do not: a folder may have been copied without its times, and two versions of one size
 * may be written in one millisecond.
 *
 * @param hash Reads the file.
 * @param exact Whether the content decides in any case.
 */
export async function versionOf(
  versions: readonly FileVersion[],
  { size, modified }: FileStamp,
  hash: () => Promise<string>,
  exact = false,
): Promise<FileVersion | undefined> {
  const ofSize = versions.filter((version) => version.size === size);
  const ofTime = ofSize.filter((version) => version.modified === modified);
  const [only] = ofTime;
  if (ofTime.length === 1 && !exact) return only;
  const known = ofSize.filter(({ sha256 }) => sha256 !== undefined);
  if (known.length === 0) return only;
  const sha256 = await hash();
  return known.find((version) => version.sha256 === sha256) ?? ofTime.find((version) => version.sha256 === undefined);
}

/** Versions of the file of a key as they are stored; the newest first. */
export function encodeVersions(key: string, versions: readonly FileVersion[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ key, versions }));
}

/**
 * The versions that were stored.
 *
 * @throws {IntegrityError} If they are damaged.
 */
export function decodeVersions(key: string, bytes: Uint8Array): readonly FileVersion[] {
  try {
    const stored: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isObject(stored) && stored["key"] === key) {
      const versions = stored["versions"];
      if (Array.isArray(versions) && versions.every(isVersion)) return versions;
    }
  } catch {
    // Not even JSON.
  }
  throw new IntegrityError(
    `What is stored beside the object ${
      JSON.stringify(key)
    } is damaged: its content type and metadata can not be read. ` +
      "Put it again.",
  );
}

function isVersion(value: unknown): value is FileVersion {
  return isObject(value) && typeof value["size"] === "number" && typeof value["modified"] === "number" &&
    isText(value["sha256"]) && isText(value["contentType"]) &&
    (value["metadata"] === undefined || isObject(value["metadata"]) && Object.values(value["metadata"]).every(isText));
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
