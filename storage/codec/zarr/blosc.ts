/**
 * Blosc version 1: blocks of shuffled bytes, each compressed by one of several formats.
 *
 * ```text
 *  0  version, version of the format, flags, bytes of an element
 *  4  bytes of the content, u32; of a block, u32; of all this, u32
 * 16  where each block is, u32 each; then the blocks: streams after their lengths, i32 each
 * ```
 *
 * @module
 */
import { inflateSync, zstdDecompressSync } from "node:zlib";
import { decodeBloscLz, decodeLz4 } from "./lz.ts";
import { unshuffleBits, unshuffleBytes } from "./shuffle.ts";

const HEADER_BYTES = 16;
const NEWEST_VERSION = 2;
/** Blocks whose elements are larger, or that have fewer of them, are never split into streams. */
const MOST_STREAMS = 16;
const FEWEST_SPLIT = 128;

const SHUFFLED = 0x1;
const STORED = 0x2;
const BIT_SHUFFLED = 0x4;
const UNSPLIT = 0x10;

type Decode = (input: Uint8Array, output: Uint8Array) => boolean;

/**
 * Decodes what Blosc encoded.
 *
 * @param most The most bytes that it may decode to.
 * @throws {Error} Says what is wrong with it.
 */
export function decodeBlosc(input: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  if (input.length < HEADER_BYTES) throw new Error("it ends in its header");
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const flags = view.getUint8(2);
  const elementSize = view.getUint8(3);
  const length = view.getUint32(4, true);
  const blockLength = view.getUint32(8, true);
  const encodedLength = view.getUint32(12, true);
  const version = view.getUint8(0);
  if (version < 1 || version > NEWEST_VERSION) throw new Error(`its version is ${version}`);
  if (encodedLength !== input.length) {
    throw new Error(`its header says ${encodedLength} bytes, and it has ${input.length}`);
  }
  if (length > most) {
    throw new Error(`its header says that it decodes to ${length} bytes, and at most ${most} are expected`);
  }
  if (length === 0) return new Uint8Array();
  if ((flags & STORED) !== 0) {
    if (input.length !== HEADER_BYTES + length) throw new Error("it does not hold what its header says");
    return new Uint8Array(input.subarray(HEADER_BYTES));
  }
  const blocks = Math.ceil(length / blockLength);
  if (elementSize === 0 || blockLength === 0 || HEADER_BYTES + 4 * blocks > input.length) {
    throw new Error("its header does not fit its length");
  }
  const decode = decoderOf(flags >>> 5);
  const output = new Uint8Array(length);
  for (let block = 0; block < blocks; block++) {
    const target = output.subarray(block * blockLength, Math.min(length, (block + 1) * blockLength));
    const isWhole = target.length === blockLength;
    const split = (flags & UNSPLIT) === 0 && isWhole && elementSize <= MOST_STREAMS &&
      blockLength / elementSize >= FEWEST_SPLIT;
    const at = view.getUint32(HEADER_BYTES + 4 * block, true);
    const isShuffled = ((flags & SHUFFLED) !== 0 && elementSize > 1) ||
      ((flags & BIT_SHUFFLED) !== 0 && blockLength >= elementSize);
    const decoded = isShuffled ? new Uint8Array(target.length) : target;
    if (!decodeStreams(view, at, decoded, split ? elementSize : 1, decode)) {
      throw new Error(`its block ${block} is damaged`);
    }
    if (!isShuffled) continue;
    if ((flags & SHUFFLED) !== 0) unshuffleBytes(decoded, target, elementSize);
    else unshuffleBits(decoded, target, elementSize);
  }
  return output;
}

function decodeStreams(view: DataView, at: number, output: Uint8Array, streams: number, decode: Decode): boolean {
  const length = Math.floor(output.length / streams);
  for (let stream = 0; stream < streams; stream++) {
    if (at + 4 > view.byteLength) return false;
    const encodedLength = view.getInt32(at, true);
    at += 4;
    if (encodedLength < 0 || at + encodedLength > view.byteLength) return false;
    const input = new Uint8Array(view.buffer, view.byteOffset + at, encodedLength);
    const target = output.subarray(stream * length, (stream + 1) * length);
    at += encodedLength;
    if (encodedLength === length) target.set(input);
    else if (!decode(input, target)) return false;
  }
  return true;
}

function decoderOf(format: number): Decode {
  switch (format) {
    case 0:
      return decodeBloscLz;
    case 1:
      return decodeLz4;
    case 3:
      return whole(inflateSync);
    case 4:
      return whole(zstdDecompressSync);
    default:
      throw new Error(
        `it was compressed by ${
          format === 2 ? "Snappy" : `format ${format}`
        }; known are BloscLZ, LZ4, zlib and Zstandard`,
      );
  }
}

function whole(decompress: (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array): Decode {
  return (input, output) => {
    const decoded = decompress(input, { maxOutputLength: output.length });
    if (decoded.length !== output.length) return false;
    output.set(decoded);
    return true;
  };
}
