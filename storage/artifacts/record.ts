/**
 * Records: what the catalog keeps of each save, as readable JSON.
 *
 * @module
 */
import { IntegrityError, NotFoundError } from "../../src/errors.ts";
import { newSha256 } from "../digest.ts";
import { compareKeys } from "../keys.ts";
import { decode, encode } from "../codec/structured.ts";
import { concatChunks } from "../codec/structured.ts";
import type { ArtifactOrigin, Facts } from "./entry.ts";
import { isExactJson } from "./json_value.ts";

/** What every record says of itself. */
const FORMAT = "fusewire artifact 1";

/** One file of an artifact. */
export interface ArtifactFile {
  /** Its name in the folder of the version. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** A parent as it is stored: a path, so that a store may move. */
export interface StoredParent {
  /** Its path. */
  readonly path: string;
  /** Its SHA-256 when the artifact was saved. */
  readonly sha256: string;
}

/** What is stored of one save. */
export interface ArtifactRecord extends ArtifactOrigin {
  /** Id of the save; of a folder also that of the version. */
  readonly id: string;
  /** Whether it is one file at the path, or a folder. */
  readonly form: "file" | "folder";
  /** Where it was saved. */
  readonly path: string;
  /** Whether `materialize` made it. */
  readonly materialized: boolean;
  /** What it is. */
  readonly type: string;
  /** Name of its materializer. */
  readonly serializer: string;
  /** Format of its files. */
  readonly format: string;
  /** What its materializer says of it. */
  readonly statistics: Facts;
  /** Bytes of all its files, and their SHA-256. Absent of a stream until it has ended. */
  readonly content?: { readonly size: number; readonly sha256: string };
  /** When it was saved, in milliseconds since 1970. */
  readonly createdAt: number;
  /** What it was made of. */
  readonly parents: readonly StoredParent[];
  /** What was saved with it. */
  readonly metadata: Facts | null;
}

/** What makes a folder an artifact: the record with its files. */
export interface FolderRecord extends ArtifactRecord {
  /** Always a folder. */
  readonly form: "folder";
  /** Its files, in the order of their names. */
  readonly files: readonly ArtifactFile[];
}

/** Writes a record, the most interesting first. */
export function formatRecord(record: ArtifactRecord, files?: readonly ArtifactFile[]): Uint8Array<ArrayBuffer> {
  const { type, serializer, format, statistics, content, createdAt, metadata, ...rest } = record;
  const isExact = metadata === null || isExactJson(metadata);
  const data = {
    type,
    serializer,
    format,
    statistics,
    metadata: isExact ? metadata : null,
    // What JSON can not hold, such as NaN, a Date or a Map, is kept in the codec's encoding.
    ...(isExact ? {} : { encodedMetadata: concatChunks(encode(metadata)).toBase64() }),
    ...content,
    createdAt: new Date(createdAt).toISOString(),
    ...rest,
    ...(files === undefined ? {} : { files }),
    version: FORMAT,
  };
  return new TextEncoder().encode(`${JSON.stringify(data, null, 2)}\n`);
}

/** Reads a record; `undefined` if it is none. */
export function parseRecord(bytes: Uint8Array): ArtifactRecord | FolderRecord | undefined {
  const data = parseJson(bytes);
  if (!isRecord(data) || data["version"] !== FORMAT) return undefined;
  const { id, form, path, materialized, type, serializer, format, statistics, size, sha256, parents } = data;
  const createdAt = Date.parse(String(data["createdAt"]));
  const encoded = data["encodedMetadata"];
  const metadata = typeof encoded === "string" ? decodeMetadata(encoded) : data["metadata"];
  if (
    typeof id !== "string" || (form !== "file" && form !== "folder") || typeof path !== "string" ||
    typeof materialized !== "boolean" || typeof type !== "string" || typeof serializer !== "string" ||
    typeof format !== "string" || !isRecord(statistics) || !isListOf(parents, isParent) || Number.isNaN(createdAt) ||
    !(metadata === null || isRecord(metadata))
  ) return undefined;
  const record: ArtifactRecord = {
    id,
    form,
    path,
    materialized,
    type,
    serializer,
    format,
    statistics,
    ...(typeof size === "number" && typeof sha256 === "string" ? { content: { size, sha256 } } : {}),
    createdAt,
    parents,
    metadata,
    ...originOf(data),
  };
  const { files } = data;
  return form === "folder" && isListOf(files, isFile) ? { ...record, form, files } : record;
}

/** Whether a record has the files of a folder. */
export function isFolderRecord(record: ArtifactRecord | FolderRecord | undefined): record is FolderRecord {
  return record !== undefined && record.form === "folder" && "files" in record;
}

/** What of an origin was given. */
export function originOf(from: Readonly<Record<string, unknown>>): ArtifactOrigin {
  const { project, run, step, name } = from;
  return {
    ...(typeof project === "string" ? { project } : {}),
    ...(typeof run === "string" ? { run } : {}),
    ...(typeof step === "string" ? { step } : {}),
    ...(typeof name === "string" ? { name } : {}),
  };
}

/** Files in the order of their names, with the size and SHA-256 of all of them. */
export function summaryOf(files: readonly ArtifactFile[]): {
  readonly files: readonly ArtifactFile[];
  readonly content: { readonly size: number; readonly sha256: string };
} {
  const sorted = files.toSorted((a, b) => compareKeys(a.name, b.name));
  const hash = newSha256();
  let size = 0;
  for (const file of sorted) {
    hash.update(`${file.sha256} ${file.size} ${file.name}\n`);
    size += file.size;
  }
  return { files: sorted, content: { size, sha256: hash.digest("hex") } };
}

/** The error for an artifact that is not there. */
export function missingArtifact(path: string, place: string): NotFoundError {
  return new NotFoundError(`There is no artifact ${JSON.stringify(path)} ${place}.`);
}

/** The error for a damaged artifact; `problem` is the end of a sentence. */
export function damagedArtifact(path: string, problem: string, cause?: unknown): IntegrityError {
  return new IntegrityError(
    `The artifact ${JSON.stringify(path)} is damaged: ${problem}. Save it again, or remove it.`,
    cause === undefined ? {} : { cause },
  );
}

function decodeMetadata(encoded: string): unknown {
  try {
    return decode(Uint8Array.fromBase64(encoded));
  } catch {
    return undefined;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf<T>(value: unknown, isOne: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne);
}

function isParent(value: unknown): value is StoredParent {
  return isRecord(value) && typeof value["path"] === "string" && typeof value["sha256"] === "string";
}

function isFile(value: unknown): value is ArtifactFile {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["size"] === "number" &&
    typeof value["sha256"] === "string";
}
