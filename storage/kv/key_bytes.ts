/**
 * How much room the keys of a KV take.
 *
 * @module
 */
import type { KvKey } from "./kv_like.ts";

/** About how many bytes a key has; never less than it has. */
export function keyBytes(key: KvKey): number {
  let bytes = 0;
  for (const part of key) {
    if (typeof part === "string") bytes += textBytes(part) + 2;
    else if (part instanceof Uint8Array) bytes += 2 * part.length + 2;
    else bytes += 12;
  }
  return bytes;
}

/** How many bytes of UTF-8 a text has; U+0000 is escaped in a key and counts twice. */
function textBytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += code > 0x7ff ? 2 : 1;
    else if (code === 0) bytes++;
  }
  return bytes;
}
