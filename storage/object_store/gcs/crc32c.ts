/**
 * CRC-32C, with which Google Cloud Storage checks what it is sent.
 *
 * The platform has CRC-32 of the other polynomial only. Its MD5, which the service takes too, runs at 0.3 GB/s, and this at 1.2.
 *
 * @module
 */

/** The polynomial, its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;
/** How many bytes are taken at once; a table for each. */
const STRIDE = 16;

let tables: Int32Array | undefined;

/** The CRC-32C of bytes, as an unsigned number; `before` is that of the bytes before them. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const t = tables ??= makeTables();
  const end = bytes.length;
  let crc = ~before;
  let at = 0;
  while (at < end && (bytes.byteOffset + at) % 4 !== 0) {
    crc = (crc >>> 8) ^ t[(crc ^ bytes[at++]!) & 255]!;
  }
  const count = (end - at) >>> 2 & ~3;
  // Where there are none, their place may be one where no words can be.
  const words = new Int32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + at, count);
  // Whatever is outside of the loop, or in a function of its own, makes it slower.
  for (let w = 0; w < count; w += 4) {
    const a = crc ^ words[w]!;
    const b = words[w + 1]!;
    const c = words[w + 2]!;
    const d = words[w + 3]!;
    crc = t[3840 + (a & 255)]! ^ t[3584 + (a >>> 8 & 255)]! ^ t[3328 + (a >>> 16 & 255)]! ^ t[3072 + (a >>> 24)]! ^
      t[2816 + (b & 255)]! ^ t[2560 + (b >>> 8 & 255)]! ^ t[2304 + (b >>> 16 & 255)]! ^ t[2048 + (b >>> 24)]! ^
      t[1792 + (c & 255)]! ^ t[1536 + (c >>> 8 & 255)]! ^ t[1280 + (c >>> 16 & 255)]! ^ t[1024 + (c >>> 24)]! ^
      t[768 + (d & 255)]! ^ t[512 + (d >>> 8 & 255)]! ^ t[256 + (d >>> 16 & 255)]! ^ t[d >>> 24]!;
  }
  for (at += count * 4; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

/** A checksum as the service writes it: four bytes, the highest first, in base64. */
export function crc32cText(crc: number): string {
  return btoa(String.fromCharCode(crc >>> 24, crc >>> 16 & 255, crc >>> 8 & 255, crc & 255));
}

function makeTables(): Int32Array {
  const made = new Int32Array(256 * STRIDE);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[i] = crc;
  }
  for (let i = 256; i < made.length; i++) made[i] = (made[i - 256]! >>> 8) ^ made[made[i - 256]! & 255]!;
  return made;
}
