/**
 * Finding what is stored at a path, in either form.
 *
 * @module
 */
import { NotFoundError } from "../../src/errors.ts";
import type { ObjectInfo, ObjectStore } from "../object_store/object_store.ts";
import { measured } from "./checked_file.ts";
import { metadataKey, movedKey, recordKey, recordsPrefix } from "./layout.ts";
import {
  type ArtifactRecord,
  damagedArtifact,
  type FolderRecord,
  isFolderRecord,
  missingArtifact,
  parseRecord,
} from "./record.ts";

/** Name of the user metadata that ties an object to its record. */
const POINTER = "artifact";

/** What is stored at a path. */
export type Location =
  | {
    /** One file. */
    readonly form: "file";
    /** Its path. */
    readonly path: string;
    /** Where it is: at the path, or moved away while the path changes its form. */
    readonly key: string;
    /** What the store knows of it. */
    readonly info: ObjectInfo;
  }
  | {
    /** Several files. */
    readonly form: "folder";
    /** Its path. */
    readonly path: string;
    /** What is in the folder. */
    readonly record: FolderRecord;
  };

/** Metadata that ties an object to its record. */
export function pointerTo(id: string): Readonly<Record<string, string>> {
  return { [POINTER]: id };
}

/** Id of the save that an object is of; `undefined` if it is of none, or the store lost its metadata. */
export function pointerOf(info: ObjectInfo | undefined): string | undefined {
  return info?.metadata?.[POINTER];
}

/** What is stored at a path; `undefined` if nothing is. */
export async function locate(objects: ObjectStore, path: string): Promise<Location | undefined> {
  // While a path changes its form the value moves from one place to the next, so that one look at each may miss it.
  return await lookOnce(objects, path) ?? await lookOnce(objects, path);
}

/** What is stored at a path. Throws `NotFoundError` if nothing is. */
export async function locateExisting(objects: ObjectStore, path: string): Promise<Location> {
  const location = await locate(objects, path);
  if (location === undefined) throw missingArtifact(path, objects.place);
  return location;
}

/** Tells one save from the next at the same path. */
export function identityOf(location: Location | undefined): string {
  if (location === undefined) return "";
  if (location.form === "folder") return location.record.id;
  const { info } = location;
  return pointerOf(info) ?? `${info.size} ${info.sha256}`;
}

/** The record of what is stored at a path; `undefined` if somebody else put it there, or its record is lost. */
export async function recordOf(objects: ObjectStore, location: Location): Promise<ArtifactRecord | undefined> {
  if (location.form === "folder") return location.record;
  const id = pointerOf(location.info);
  if (id !== undefined) return await readRecord(objects, location.path, recordKey(location.path, id));
  return await matchingRecord(objects, location.path, location.key, location.info);
}

/** Reads the folder record of a path; `undefined` if there is none, or it is of somebody else. */
export async function readFolder(objects: ObjectStore, path: string): Promise<FolderRecord | undefined> {
  const bytes = await orNothing(() => objects.get(metadataKey(path)));
  const record = bytes === undefined ? undefined : parseRecord(bytes);
  return isFolderRecord(record) ? record : undefined;
}

/** A record that was read; the size and SHA-256 of its content are known. */
export async function contentOf(
  objects: ObjectStore,
  location: Location,
  record: ArtifactRecord | undefined,
): Promise<{ readonly size: number; readonly sha256: string }> {
  if (record?.content !== undefined) return record.content;
  if (location.form === "folder") throw damagedArtifact(location.path, "its metadata.json has no SHA-256");
  const { info, key } = location;
  return info.sha256 === undefined ? await measured(objects, key) : { size: info.size, sha256: info.sha256 };
}

/** What a call gives; `undefined` if what it asks for is not there. */
export async function orNothing<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function lookOnce(objects: ObjectStore, path: string): Promise<Location | undefined> {
  const info = await objects.head(path);
  if (info !== undefined) return { form: "file", path, key: path, info };
  const record = await readFolder(objects, path);
  if (record !== undefined) return { form: "folder", path, record };
  const key = movedKey(path);
  const moved = await objects.head(key);
  return moved === undefined ? undefined : { form: "file", path, key, info: moved };
}

async function readRecord(objects: ObjectStore, path: string, key: string): Promise<ArtifactRecord | undefined> {
  const bytes = await orNothing(() => objects.get(key));
  if (bytes === undefined) return undefined;
  const record = parseRecord(bytes);
  if (record === undefined) throw damagedArtifact(path, "its record in the catalog can not be read");
  return record;
}

/**
 * The latest record that says just what the object is. The tie between them is lost where objects were copied by something that does not
 * keep metadata.
 */
async function matchingRecord(
  objects: ObjectStore,
  path: string,
  key: string,
  info: ObjectInfo,
): Promise<ArtifactRecord | undefined> {
  const keys = (await Array.fromAsync(objects.list(recordsPrefix(path)))).map((listed) => listed.key).reverse();
  let sha256 = info.sha256;
  for (const each of keys) {
    const record = await readRecord(objects, path, each);
    if (record?.content?.size !== info.size) continue;
    sha256 ??= (await measured(objects, key)).sha256;
    if (record.content.sha256 === sha256) return record;
  }
  return undefined;
}
