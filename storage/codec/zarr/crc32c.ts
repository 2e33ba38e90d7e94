/**
 * CRC-32C (Castagnoli), the checksum of Zarr; the platform has the other CRC-32 only.
 *
 * @module
 */

const POLYNOMIAL = 0x82f63b78;
/** How many bytes are taken at once. */
const WIDTH = 8;

let tables: Uint32Array | undefined;

/** One table of 256 for each byte of a step: what it does to the checksum from there to the end of the step. */
function makeTables(): Uint32Array {
  const made = new Uint32Array(WIDTH * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const before = made[at - 256] ?? 0;
    made[at] = (before >>> 8) ^ (made[before & 0xff] ?? 0);
  }
  return made;
}

/** The CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
  const t = tables ??= makeTables();
  let crc = 0xffffffff;
  let at = 0;
  // Every index below is within its array: the tables hold 8 × 256 entries.
  for (const end = bytes.length - WIDTH; at <= end; at += WIDTH) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc = t[0x700 + (low & 0xff)]! ^ t[0x600 + ((low >>> 8) & 0xff)]! ^ t[0x500 + ((low >>> 16) & 0xff)]! ^
      t[0x400 + (low >>> 24)]! ^ t[0x300 + bytes[at + 4]!]! ^ t[0x200 + bytes[at + 5]!]! ^
      t[0x100 + bytes[at + 6]!]! ^ t[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** Bytes with their checksum after them, as Zarr has it. */
export function withCrc32c(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(bytes.length + 4);
  sealed.set(bytes);
  new DataView(sealed.buffer).setUint32(bytes.length, crc32c(bytes), true);
  return sealed;
}
