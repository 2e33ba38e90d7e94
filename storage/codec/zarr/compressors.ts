/**
 * What is done to the bytes of a chunk, and undone.
 *
 * @module
 */
import { constants, gunzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { decodeBlosc } from "./blosc.ts";
import type { Compressor } from "./chain.ts";
import { crc32c } from "./crc32c.ts";

/** How hard Zstandard tries. Numbers get hardly smaller with more. */
export const ZSTD_LEVEL = 1;

/**
 * Undoes what one compressor did.
 *
 * @param most The most bytes that may come out; no more is allocated.
 * @throws {Error} Says what is wrong with the bytes.
 */
export function decompress(compressor: Compressor, bytes: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  switch (compressor) {
    case "gzip":
      return plain(gunzipSync(bytes, { maxOutputLength: limit(most) }));
    case "zstd":
      return plain(zstdDecompressSync(bytes, { maxOutputLength: limit(most) }));
    case "blosc":
      return decodeBlosc(bytes, most);
    case "crc32c":
      return unsealed(bytes);
  }
}

/** Bytes compressed by Zstandard, with its checksum of what they were. */
export function compressZstd(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = constants;
  const compressed = plain(zstdCompressSync(plain(bytes), {
    // Room for all of it, whatever it is: else it is collected in pieces, which takes twice the memory and the time.
    chunkSize: bytes.length + (bytes.length >>> 7) + 1024,
    params: { [ZSTD_c_compressionLevel]: ZSTD_LEVEL, [ZSTD_c_checksumFlag]: 1 },
  }));
  return 2 * compressed.length < compressed.buffer.byteLength ? compressed.slice() : compressed;
}

/** The platform wants a limit from 1 to what fits into one buffer. */
function limit(most: number): number {
  return Math.min(0x7fff_ffff, Math.max(1, most));
}

/** Bytes without the checksum at their end, which has to agree with them. */
function unsealed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const end = bytes.length - 4;
  if (end < 0) throw new Error("it is too short for a checksum");
  const content = bytes.subarray(0, end);
  const expected = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(end, true);
  if (crc32c(content) !== expected) throw new Error("it does not agree with its checksum");
  return plain(content);
}

/** The same bytes as a plain array: `slice` of a `Buffer` is no copy. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}
