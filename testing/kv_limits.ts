/**
 * The limits of `Deno.Kv`, and the errors that it answers with, word by word.
 *
 * @module
 */
import type { KvKey } from "../storage/kv/kv_like.ts";
import { encodeKey } from "./kv_key.ts";

const KEY_TO_READ = 2049;
const KEY_TO_WRITE = 2048;
const VALUE = 65_536;
const READS = 10;
const ENTRIES = 1000;
const MUTATIONS = 1000;
const ALL_BYTES = 819_200;
const ALL_KEY_BYTES = 81_920;

/** A key to read, encoded. It is read as a range that ends one byte further. */
export function readKey(key: KvKey): string {
  const encoded = encodeKey(key);
  checkReadKey(`${encoded}\0`);
  return encoded;
}

/** Refuses an encoded key that is too long to read, or to begin or end a list with. */
export function checkReadKey(encoded: string): string {
  if (encoded.length > KEY_TO_READ) throw new TypeError(`Key too large for read (max ${KEY_TO_READ} bytes)`);
  return encoded;
}

/** Refuses to read too many keys at once. */
export function checkReads(count: number): void {
  if (count > READS) throw new TypeError(`Too many ranges (max ${READS})`);
}

/** Refuses too large a batch of a list. */
export function checkBatch(size: number): void {
  if (size > ENTRIES) throw new TypeError(`Too many entries (max ${ENTRIES})`);
}

/** Refuses to watch too many keys. */
export function checkWatched(count: number): void {
  if (count > READS) throw new TypeError(`Too many keys (max ${READS})`);
}

/** Refuses too many conditions or mutations in one commit. */
export function checkCounts(checks: number, maxChecks: number, mutations: number): void {
  if (checks > maxChecks) throw new TypeError(`Too many checks (max ${maxChecks})`);
  if (mutations > MUTATIONS) throw new TypeError(`Too many mutations (max ${MUTATIONS})`);
}

/**
 * Refuses a commit with a key or a value that is too long, or with too many bytes in all. `checked` are encoded keys, and so are
 * those of `written`, each with the bytes of its value, `undefined` if it is removed.
 */
export function checkSizes(
  checked: readonly string[],
  written: readonly { readonly key: string; readonly bytes: number | undefined }[],
): void {
  let [all, keys] = [0, 0];
  for (const key of checked) all += checkWriteKey(key);
  for (const { key } of written) all += checkWriteKey(key);
  for (const { key, bytes } of written) {
    if (bytes === undefined) continue;
    if (bytes > VALUE) throw new TypeError(`Value too large (max ${VALUE} bytes)`);
    all += key.length + bytes;
    keys += key.length;
  }
  if (all > ALL_BYTES) throw new TypeError(`Total mutation size too large (max ${ALL_BYTES} bytes)`);
  if (keys > ALL_KEY_BYTES) throw new TypeError(`Total key size too large (max ${ALL_KEY_BYTES} bytes)`);
}

function checkWriteKey(encoded: string): number {
  if (encoded === "") throw new TypeError("key cannot be empty");
  if (encoded.length > KEY_TO_WRITE) throw new TypeError(`Key too large for write (max ${KEY_TO_WRITE} bytes)`);
  return encoded.length;
}
