/**
 * How artifacts lie in a store: the one place that makes keys of paths.
 *
 *     model/w.npy                                an artifact of one file, as it is
 *     model/fit/metadata.json                    an artifact of several files: what it is, and which version
 *     model/fit/version~<id>/…                   its files
 *     .artifacts/records/<ab>/<hash>-<id>.json   what the catalog knows of a save at the path with this hash
 *     .artifacts/moved/<path>/version~           an artifact of one file, while its path turns from a file into a folder or back
 *     .artifacts/probe-<id>                      what `validate` writes and removes
 *
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import { InvalidKeyError } from "../../src/errors.ts";
import { sha256Hex } from "../digest.ts";
import { checkPrefix, utf8Length } from "../keys.ts";
import type { ObjectStore } from "../object_store/object_store.ts";
import { keyOf } from "../object_store/uri.ts";

/** The folder that no path may begin with. */
const RESERVED = ".artifacts";
/** Name of the file that makes a folder an artifact. */
export const METADATA_FILE = "metadata.json";
/** What the folders of versions begin with; no segment of a path may begin so. */
const VERSION = "version~";
/** The longest path, in UTF-8 bytes: a key has 768, and those of the files of an artifact begin with its path. */
const MAX_PATH_BYTES = 700;
/** Length of the time in an id, in digits of base 36. */
const TIME_DIGITS = 9;
/** How long what belongs to no artifact is taken for a save that is still at work, in milliseconds: a day. */
const SAVE_MILLISECONDS = 86_400_000;

/** Where all records are. */
export const RECORDS = `${RESERVED}/records/`;

/** A new id of a save, which tells when it began. */
export function newSaveId(clock: Clock): string {
  const time = Math.max(0, Math.trunc(clock.now())).toString(36).padStart(TIME_DIGITS, "0");
  return `${time}-${sha256Hex(clock.newId()).slice(0, 12)}`;
}

/** Whether a save began so long ago that it can not be at work any more. */
export function isAbandoned(id: string, now: number): boolean {
  const began = parseInt(id.slice(0, TIME_DIGITS), 36);
  return !(now - began < SAVE_MILLISECONDS);
}

/**
 * The path that a path or a URI stands for.
 *
 * @throws {InvalidKeyError} If it is outside the store, no key, or of a form that the store keeps for itself.
 */
export function pathOf(objects: ObjectStore, pathOrUri: string): string {
  const path = keyOf(objects, pathOrUri);
  const problem = reservedProblem(path);
  if (problem !== undefined) throw refused(path, problem);
  return path;
}

/** The path to save at: like {@linkcode pathOf}, and not the file that makes its folder an artifact. */
export function newPathOf(objects: ObjectStore, pathOrUri: string): string {
  const path = pathOf(objects, pathOrUri);
  if (path === METADATA_FILE || path.endsWith(`/${METADATA_FILE}`)) throw isMetadata(path);
  return path;
}

/** The refusal of the file that makes its folder an artifact. */
export function isMetadata(path: string): InvalidKeyError {
  return refused(path, `a file named "${METADATA_FILE}" says that its folder is an artifact`);
}

/** The prefix that the beginning of a path or of a URI stands for. */
export function prefixOf(objects: ObjectStore, prefix: string): string {
  // What follows may become anything, so the beginning is looked at as a part of something longer.
  const key = prefix === "" ? "" : keyOf(objects, `${prefix}x`).slice(0, -1);
  checkPrefix(key);
  return key;
}

/** Key of the file that makes a folder an artifact. */
export function metadataKey(path: string): string {
  return `${path}/${METADATA_FILE}`;
}

/** What the keys of a version's files begin with. */
export function versionPrefix(path: string, id: string): string {
  return `${path}/${VERSION}${id}/`;
}

/** What the keys of the files of every version begin with. */
export function versionsPrefix(path: string): string {
  return `${path}/${VERSION}`;
}

/** Id of the version that a key below {@linkcode versionsPrefix} belongs to. */
export function versionOf(path: string, key: string): string {
  const rest = key.slice(versionsPrefix(path).length);
  return rest.slice(0, rest.indexOf("/"));
}

/** What the keys of all records of a path begin with. */
export function recordsPrefix(path: string): string {
  const hash = hashOf(path);
  return `${RECORDS}${hash.slice(0, 2)}/${hash.slice(2)}-`;
}

/** Key of one record. */
export function recordKey(path: string, id: string): string {
  return `${recordsPrefix(path)}${id}.json`;
}

/** What stands for a path in the keys of its records, and the id of the save. */
export function readRecordKey(key: string): { readonly hash: string; readonly id: string } {
  const name = key.slice(RECORDS.length).replace("/", "").replace(/\.json$/, "");
  const dash = name.indexOf("-");
  return { hash: name.slice(0, dash), id: name.slice(dash + 1) };
}

/** What stands for a path in the keys of its records. */
export function hashOf(path: string): string {
  return sha256Hex(path).slice(0, 32);
}

/** Where the file of a path is while the path turns from a file into a folder, or back. */
export function movedKey(path: string): string {
  return `${movedPrefix(path)}${VERSION}`;
}

/** What the keys of moved files at and below a path begin with. */
export function movedPrefix(path: string): string {
  return `${RESERVED}/moved/${path}/`;
}

/** What the keys of moved files begin with whose paths begin with `prefix`. */
export function movedWith(prefix: string): string {
  return `${RESERVED}/moved/${prefix}`;
}

/** Path of a moved file. */
export function pathOfMoved(key: string): string {
  return key.slice(movedWith("").length, -VERSION.length - 1);
}

/** Key of an object that only proves that one can be written. */
export function probeKey(id: string): string {
  return `${RESERVED}/probe-${id}`;
}

/** What an object of the store is. */
export interface Listed {
  /**
   * A file; one with the name of {@linkcode METADATA_FILE}, which may be what makes its folder an artifact; or nothing that a list shows.
   */
  readonly kind: "file" | "metadata" | "internal";
  /** The artifact whose version it is a file of, of what is internal. */
  readonly versionOf?: string;
}

/** Says what the object of a key is. */
export function classify(key: string): Listed {
  if (key.startsWith(`${RESERVED}/`)) return { kind: "internal" };
  const at = key.indexOf(`/${VERSION}`);
  if (at !== -1) return { kind: "internal", versionOf: key.slice(0, at) };
  return { kind: key.endsWith(`/${METADATA_FILE}`) ? "metadata" : "file" };
}

/** The folder of a file named {@linkcode METADATA_FILE}. */
export function folderOfMetadata(key: string): string {
  return key.slice(0, -METADATA_FILE.length - 1);
}

function reservedProblem(path: string): string | undefined {
  if (path.length > MAX_PATH_BYTES / 3 && utf8Length(path) > MAX_PATH_BYTES) {
    return `it is longer than ${MAX_PATH_BYTES} UTF-8 bytes, which leaves no room for the names of its files`;
  }
  const [first = "", ...rest] = path.split("/");
  if (first.toLowerCase() === RESERVED) return `the folder "${RESERVED}" is kept for the catalog`;
  if ([first, ...rest].some((segment) => segment.toLowerCase().startsWith(VERSION))) {
    return `names that begin with "${VERSION}" are kept for the versions of artifacts`;
  }
  return undefined;
}

function refused(path: string, problem: string): InvalidKeyError {
  return new InvalidKeyError(`The path ${JSON.stringify(path)} is refused: ${problem}; choose another path.`);
}
