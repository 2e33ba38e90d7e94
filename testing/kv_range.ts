/**
 * Which keys a list goes over, and where it stands, as `Deno.Kv` has it.
 *
 * @module
 */
import type { KvKey, KvListSelector } from "../storage/kv/kv_like.ts";
import { binaryString, copyKey, encodeKey } from "./kv_key.ts";

/** Encoded keys from `start` on and before `end`. */
export interface KeyRange {
  /** The first key, or less. */
  readonly start: string;
  /** More than the last key. */
  readonly end: string;
}

/**
 * A copy of a selector, that its owner can change no more.
 *
 * @throws {TypeError} The parts do not go together.
 */
export function copySelector(selector: KvListSelector): KvListSelector {
  const [prefix, start, end] = partsOf(selector).map((key) => key === undefined ? undefined : copyKey(key));
  if (prefix !== undefined) {
    if (start !== undefined && end !== undefined) {
      throw new TypeError("Selector can not specify both 'start' and 'end' key when specifying 'prefix'");
    }
    return start !== undefined ? { prefix, start } : end !== undefined ? { prefix, end } : { prefix };
  }
  if (start !== undefined && end !== undefined) return { start, end };
  throw new TypeError("Selector must specify either 'prefix' or both 'start' and 'end' key");
}

/** The prefix, the start and the end. */
function partsOf(selector: KvListSelector): (KvKey | undefined)[] {
  return [
    "prefix" in selector ? selector.prefix : undefined,
    "start" in selector ? selector.start : undefined,
    "end" in selector ? selector.end : undefined,
  ];
}

/**
 * The keys that a selector selects, beginning at `cursor`.
 *
 * @throws {TypeError} A bound is not below the prefix, the bounds are in the wrong order, or the cursor is of another list.
 */
export function rangeOf(selector: KvListSelector, cursor: string | undefined, reverse: boolean): KeyRange {
  const { common, start, end, lowest, highest } = boundsOf(selector);
  if (cursor === undefined) return { start, end };
  const at = common + decodeCursor(cursor);
  const range = reverse ? { start, end: at } : { start: `${at}\0`, end };
  if ((lowest !== undefined && range.start < lowest) || (highest !== undefined && range.end > highest)) {
    throw new TypeError("cursor out of bounds");
  }
  return range;
}

/** Where a list stands that has come to `key`. */
export function cursorAt(selector: KvListSelector, key: KvKey): string {
  const { common } = boundsOf(selector);
  return btoa(encodeKey(key).slice(common.length)).replaceAll("+", "-").replaceAll("/", "_");
}

interface Bounds extends KeyRange {
  /** What all keys of the range begin with. */
  readonly common: string;
  /** The lower bound that the selector gives, if it gives one. */
  readonly lowest: string | undefined;
  /** The upper bound that the selector gives, if it gives one. */
  readonly highest: string | undefined;
}

function boundsOf(selector: KvListSelector): Bounds {
  const [common, lowest, highest] = partsOf(selector).map((key) => key === undefined ? undefined : encodeKey(key));
  if (common !== undefined) {
    const inside = (bound: string): boolean => bound.startsWith(common) && bound.length > common.length;
    if (lowest !== undefined && !inside(lowest)) {
      throw new TypeError("Start key is not in the keyspace defined by prefix");
    }
    if (highest !== undefined && !inside(highest)) {
      throw new TypeError("End key is not in the keyspace defined by prefix");
    }
    return { common, start: lowest ?? `${common}\0`, end: highest ?? `${common}\xff`, lowest, highest };
  }
  if (lowest === undefined || highest === undefined) throw new TypeError("Invalid range");
  if (lowest > highest) throw new TypeError("Start key is greater than end key");
  let shared = 0;
  while (shared < lowest.length && lowest[shared] === highest[shared]) shared++;
  return { common: lowest.slice(0, shared), start: lowest, end: highest, lowest, highest };
}

function decodeCursor(cursor: string): string {
  try {
    return binaryString(Uint8Array.fromBase64(cursor, { alphabet: "base64url", lastChunkHandling: "strict" }));
  } catch (error) {
    throw new TypeError("invalid cursor", { cause: error });
  }
}
