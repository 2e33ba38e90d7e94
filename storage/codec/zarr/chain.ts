/**
 * The codecs of an array: how the elements of a chunk become the bytes of a file.
 *
 * @module
 */

/** What makes bytes of other bytes. */
export type Compressor = "gzip" | "zstd" | "blosc" | "crc32c";

/** What makes bytes of elements. */
export type ElementCodec =
  | {
    /** One element after another. */
    readonly kind: "bytes";
    /** Whether the most significant byte of each comes first. */
    readonly bigEndian: boolean;
  }
  | {
    /** Smaller chunks one after another, and an index of where they are. */
    readonly kind: "shards";
    /** Length of a smaller chunk in each dimension, in the order that the elements have here. */
    readonly chunkShape: readonly number[];
    /** Number of smaller chunks in each dimension. */
    readonly counts: readonly number[];
    /** Codecs of a smaller chunk. */
    readonly chain: CodecChain;
    /** Where the index is. */
    readonly indexAt: "start" | "end";
    /** Whether the most significant byte of each number of the index comes first. */
    readonly indexBigEndian: boolean;
    /** How many checksums the index has at its end. */
    readonly indexChecksums: number;
  };

/** The codecs of a chunk, in the order in which it was written. */
export interface CodecChain {
  /** Length of the chunk in each dimension of the array. */
  readonly shape: readonly number[];
  /** The dimension of the chunk that each dimension of the transposed one was. */
  readonly order: readonly number[];
  /** What made bytes of the transposed chunk. */
  readonly elements: ElementCodec;
  /** What was done to these bytes. */
  readonly compressors: readonly Compressor[];
}

/** What `zarr.json` says of an array. */
export interface ZarrLayout<D> {
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: D;
  /** Name of the file of a chunk. */
  readonly nameOf: (index: readonly number[]) => string;
  /** The bytes of an element that no chunk holds. */
  readonly fill: Uint8Array;
  /** How the file of a chunk was written. */
  readonly chain: CodecChain;
}

/** A shape as it is after a transposition. */
export function transposed(shape: readonly number[], order: readonly number[]): number[] {
  return order.map((axis) => shape[axis] ?? 1);
}

/** A shape as it was before a transposition. */
export function untransposed(shape: readonly number[], order: readonly number[]): number[] {
  const before = new Array<number>(shape.length);
  for (const [at, axis] of order.entries()) before[axis] = shape[at] ?? 1;
  return before;
}
