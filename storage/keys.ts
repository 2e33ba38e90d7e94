/**
 * The one rule for keys of stored objects, the same on every store, and their order.
 *
 * @module
 */
import { InvalidKeyError } from "../src/errors.ts";

/** The longest key, in UTF-8 bytes. */
export const MAX_KEY_BYTES = 768;
/** The longest segment of a key, in UTF-8 bytes: what every file system keeps. */
export const MAX_SEGMENT_BYTES = 255;
/** What the names of half-written files begin with; no segment of a key may begin so, in any case of letters. */
export const TEMPORARY_PREFIX = ".fusewire-tmp-";
/** The folder in which a store of files keeps content types and metadata; no segment of a key may begin so, in any case of letters. */
export const METADATA_FOLDER = ".fusewire-metadata";

/** What no segment of a key may begin with, and what it is kept for. */
const KEPT = [[TEMPORARY_PREFIX, "half-written files"], [METADATA_FOLDER, "content types and metadata"]] as const;

const utf8 = new TextEncoder();

/** Length of a text in UTF-8, in bytes. */
export function utf8Length(text: string): number {
  // Only a text of more than a third of the limit can be too long, and those are rare: no need to be quick here.
  return utf8.encode(text).length;
}

/**
 * Refuses a key that is not the same plain path on every store.
 *
 * A key is one or more segments separated by `/`: no absolute path, no empty, `.` or `..` segment, no backslash, no control
 * character, no U+FFFE or U+FFFF, at most 768 UTF-8 bytes and 255 a segment.
 *
 * @throws {InvalidKeyError} Names the key and the rule it breaks.
 */
export function checkKey(key: string): void {
  const problem = keyProblem(key);
  if (problem !== undefined) throw invalid("key", key, problem);
}

/** Whether {@linkcode checkKey} accepts the text. */
export function isKey(key: string): boolean {
  return keyProblem(key) === undefined;
}

/**
 * Refuses a prefix that no key can begin with. A prefix is any beginning of a key: it may end within a segment, and the empty
 * prefix stands for every key.
 *
 * @throws {InvalidKeyError} Names the prefix and the rule it breaks.
 */
export function checkPrefix(prefix: string): void {
  if (prefix === "") return;
  // What follows the last "/" may become anything, so only the rules for characters and lengths hold for it.
  const last = prefix.slice(prefix.lastIndexOf("/") + 1);
  const problem = /^\.{0,2}$/.test(last) ? keyProblem(`${prefix}x`) : keyProblem(prefix);
  if (problem !== undefined) throw invalid("prefix", prefix, problem);
}

/** Compares two keys by their UTF-8 bytes, the order of every list. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return weight(x) - weight(y);
  }
  return a.length - b.length;
}

/** A UTF-16 unit in the order of UTF-8: surrogates stand for the highest code points. */
function weight(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** A key that needs no closer look: short, plain, with no segment that begins with a dot. */
const PLAIN = /^[\w!%~()[\]=,@+-][\w!%~.()[\]=,@+-]*(?:\/[\w!%~()[\]=,@+-][\w!%~.()[\]=,@+-]*)*$/;

function keyProblem(key: string): string | undefined {
  if (key.length <= MAX_SEGMENT_BYTES && PLAIN.test(key)) return undefined;
  if (key === "") return "it is empty";
  if (!key.isWellFormed()) return "it has half of a surrogate pair, so it has no UTF-8 form";
  if (key.startsWith("/") || /^[a-z]:(?:\/|$)/i.test(key)) return "it is an absolute path";
  if (key.includes("\\")) return "it has a backslash";
  if (/\p{Cc}/u.test(key)) return "it has a control character";
  if (/[\ufffe\uffff]/.test(key)) return "it has a character that lists in XML, as those of S3, can not hold";
  if (utf8Length(key) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} UTF-8 bytes`;
  for (const segment of key.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has the segment "${segment}"`;
    if (utf8Length(segment) > MAX_SEGMENT_BYTES) return `it has a segment longer than ${MAX_SEGMENT_BYTES} UTF-8 bytes`;
    const lowered = segment.toLowerCase();
    for (const [beginning, purpose] of KEPT) {
      if (lowered.startsWith(beginning)) {
        return `it has a segment that begins with "${beginning}", which is kept for ${purpose}`;
      }
    }
  }
  return undefined;
}

/** The refusal of a key that lies below an object. */
export function belowObject(key: string): InvalidKeyError {
  return new InvalidKeyError(
    `The key ${shown(key)} is refused: it lies below an object, and an object can not be a folder too.`,
  );
}

/** The refusal of a key that has objects below it. */
export function aboveObjects(key: string): InvalidKeyError {
  return new InvalidKeyError(
    `The key ${shown(key)} is refused: there are objects below it, and an object can not be a folder too.`,
  );
}

function invalid(what: string, value: string, problem: string): InvalidKeyError {
  return new InvalidKeyError(`The ${what} ${shown(value)} is refused: ${problem}.`);
}

function shown(value: string): string {
  return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
}
