/**
 * The elements of a chunk by the bytes of its file.
 *
 * @module
 */
import { indicesIn, product } from "../chunk_grid.ts";
import { swapBytes } from "../npy_order.ts";
import { copyBlock, cStrides } from "./block.ts";
import { type CodecChain, type ElementCodec, transposed } from "./chain.ts";
import { decompress } from "./compressors.ts";
import { damagedArray, reasonOf } from "./errors.ts";

/** Elements of one chunk, in little-endian bytes. */
export interface Elements {
  /** All of them. */
  readonly bytes: Uint8Array;
  /** For each dimension of the chunk, how many elements lie from one index to the next. */
  readonly strides: readonly number[];
}

/** What decoding needs to know of an array. */
export interface DecodeContext {
  /** What messages call the array. */
  readonly array: string;
  /** Bytes of one element. */
  readonly elementSize: number;
  /** The bytes of an element that no chunk holds. */
  readonly fill: Uint8Array;
}

/** Codecs that make shards. */
export type ShardCodec = Extract<ElementCodec, { kind: "shards" }>;

/** Where each chunk of a shard is: its start and end in bytes from the shard's beginning; -1 for one that was not written. */
export type ShardParts = Float64Array;

/** The part of a shard that holds a chunk; `undefined` if it was not written. */
export function partAt(parts: ShardParts, at: number): { readonly start: number; readonly end: number } | undefined {
  const [start = -1, end = -1] = parts.subarray(2 * at, 2 * at + 2);
  return start < 0 ? undefined : { start, end };
}

/** The most bytes that a chunk is encoded to; compression makes what it can not make smaller a little larger. */
export function mostEncoded(chain: CodecChain, elementSize: number): number {
  return limitsOf(chain, elementSize).at(-1) ?? 0;
}

/** The most bytes before the first compressor, and after each. */
function limitsOf({ shape, elements, compressors }: CodecChain, elementSize: number): number[] {
  const limits = [
    elements.kind === "bytes"
      ? product(shape) * elementSize
      : product(elements.counts) * mostEncoded(elements.chain, elementSize) + indexBytes(elements),
  ];
  for (const [at] of compressors.entries()) {
    const before = limits[at] ?? 0;
    limits.push(before + Math.ceil(before / 8) + 4096);
  }
  return limits;
}

/** Length of the index of a shard in bytes. */
export function indexBytes({ counts, indexChecksums }: ShardCodec): number {
  return 16 * product(counts) + 4 * indexChecksums;
}

/**
 * Decodes a chunk.
 *
 * @param chunk What messages call the chunk.
 * @throws {IntegrityError} If the bytes are damaged.
 */
export function decodeChunk(chain: CodecChain, encoded: Uint8Array, chunk: string, context: DecodeContext): Elements {
  const { array, elementSize } = context;
  const limits = limitsOf(chain, elementSize);
  let bytes = encoded;
  for (let at = chain.compressors.length - 1; at >= 0; at--) {
    const compressor = chain.compressors[at];
    if (compressor === undefined) continue;
    try {
      bytes = decompress(compressor, bytes, limits[at] ?? 0);
    } catch (cause) {
      throw damagedArray(array, `${chunk} can not be decoded by ${compressor} (${reasonOf(cause)})`, cause);
    }
  }
  const stored = transposed(chain.shape, chain.order);
  const strides = new Array<number>(stored.length);
  for (const [at, stride] of cStrides(stored).entries()) strides[chain.order[at] ?? 0] = stride;
  if (chain.elements.kind === "shards") {
    return { bytes: decodeShard(chain.elements, stored, bytes, chunk, context), strides };
  }
  const length = product(stored) * elementSize;
  if (bytes.length !== length) {
    throw damagedArray(array, `${chunk} has ${bytes.length} bytes of elements instead of ${length}`);
  }
  if (!chain.elements.bigEndian || elementSize === 1) return { bytes, strides };
  const buffer = new Uint8Array(bytes).buffer;
  swapBytes(buffer, elementSize);
  return { bytes: new Uint8Array(buffer), strides };
}

/** Where the chunks of a shard are, by the bytes of its index. */
export function decodeIndex(
  codec: ShardCodec,
  encoded: Uint8Array,
  shardLength: number,
  shard: string,
  { array }: DecodeContext,
): ShardParts {
  let bytes = encoded;
  try {
    for (let at = 0; at < codec.indexChecksums; at++) bytes = decompress("crc32c", bytes, bytes.length);
  } catch (cause) {
    throw damagedArray(array, `the index of ${shard} is not what was written (${reasonOf(cause)})`, cause);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = new Float64Array(2 * product(codec.counts)).fill(-1);
  for (let at = 0; at < parts.length; at += 2) {
    const start = view.getBigUint64(8 * at, !codec.indexBigEndian);
    const length = view.getBigUint64(8 * at + 8, !codec.indexBigEndian);
    if (start === MISSING && length === MISSING) continue;
    if (start + length > BigInt(shardLength)) {
      throw damagedArray(
        array,
        `the index of ${shard} says that a chunk is at ${start} with ${length} bytes, and there are ${shardLength}`,
      );
    }
    parts.set([Number(start), Number(start + length)], at);
  }
  return parts;
}

/** What stands in an index, twice, for a chunk that was not written. */
export const MISSING = 2n ** 64n - 1n;

/** Decodes a shard that is there as a whole. */
function decodeShard(
  codec: ShardCodec,
  shape: readonly number[],
  shard: Uint8Array,
  name: string,
  context: DecodeContext,
): Uint8Array {
  const { array, elementSize, fill } = context;
  const length = indexBytes(codec);
  if (shard.length < length) throw damagedArray(array, `${name} has ${shard.length} bytes, too few for its index`);
  const index = codec.indexAt === "start" ? shard.subarray(0, length) : shard.subarray(shard.length - length);
  const parts = decodeIndex(codec, index, shard.length, name, context);
  const bytes = filled(product(shape), fill);
  const strides = cStrides(shape);
  let at = 0;
  for (const inner of indicesIn(codec.counts.map(() => 0), codec.counts)) {
    const part = partAt(parts, at++);
    if (part === undefined) continue;
    const encoded = shard.subarray(part.start, part.end);
    const elements = decodeChunk(codec.chain, encoded, `the chunk [${inner.join(", ")}] of ${name}`, context);
    copyBlock(
      { ...elements, offset: inner.map(() => 0) },
      { bytes, strides, offset: inner.map((each, axis) => each * (codec.chunkShape[axis] ?? 0)) },
      codec.chunkShape,
      elementSize,
    );
  }
  return bytes;
}

/** The bytes of so many elements with the fill value. */
export function filled(length: number, fill: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length * fill.length);
  if (length === 0 || fill.every((byte) => byte === 0)) return bytes;
  bytes.set(fill);
  for (let done = fill.length; done < bytes.length; done *= 2) bytes.copyWithin(done, 0, done);
  return bytes;
}
