/**
 * Writes Zarr arrays, a few chunks at a time.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { ProtocolEntry } from "../../protocols.ts";
import type { ChunkedArray } from "../chunked_array.ts";
import { ChunkGrid, indicesIn, product } from "../chunk_grid.ts";
import { type Dtype, DTYPES } from "../dtype.ts";
import { bytesOf, copyBlock, cStrides } from "./block.ts";
import { compressZstd, ZSTD_LEVEL } from "./compressors.ts";
import { withCrc32c } from "./crc32c.ts";
import { MISSING } from "./decode.ts";
import { inParallel } from "../../in_parallel.ts";
import { parallelFor } from "./parallel.ts";

/** The most files of chunks that an array gets. From there on several chunks share one, a shard. */
const MOST_FILES = 1024;
/** Chunks of a shard are handed on together until they have so many bytes. */
const PIECE_BYTES = 256 * 1024;
/** What fits into one buffer everywhere. */
const MOST_CHUNK_BYTES = 0x7fff_ffff;

/** How an array is kept in files. */
export interface StoredLayout {
  /** The chunks as they are stored: no longer than the array in any dimension. */
  readonly grid: ChunkGrid;
  /** The chunks or shards that have a file each. */
  readonly files: ChunkGrid;
  /** How many chunks a shard has in each dimension; `undefined` if every chunk has its own file. */
  readonly shard: readonly number[] | undefined;
}

/** How an array of some shape is kept. */
export function storedLayout(shape: readonly number[], chunks: readonly number[]): StoredLayout {
  const grid = new ChunkGrid(shape, chunks.map((length, axis) => Math.max(1, Math.min(length, shape[axis] ?? 1))));
  const shard = grid.counts.map(() => 1);
  let counts = grid.counts;
  while (product(counts) > MOST_FILES) {
    const longest = counts.indexOf(Math.max(...counts));
    shard[longest] = (shard[longest] ?? 1) * 2;
    counts = grid.counts.map((count, axis) => Math.ceil(count / (shard[axis] ?? 1)));
  }
  const files = new ChunkGrid(shape, grid.chunks.map((length, axis) => length * (shard[axis] ?? 1)));
  return { grid, files, shard: counts === grid.counts ? undefined : shard };
}

/** Name of the file of a chunk or shard. */
export function fileName(index: readonly number[]): string {
  return ["c", ...index].join("/");
}

/**
 * Writes an array.
 *
 * @param folder What the names of its files begin with, ending in "/".
 * @returns Length in bytes of each shard, in the order of the grid; nothing if there are none.
 */
export async function writeZarr<D extends Dtype>(
  array: ChunkedArray<D>,
  entry: ProtocolEntry,
  folder: string,
): Promise<number[]> {
  const { grid, files, shard } = storedLayout(array.shape, array.chunks);
  const chunkBytes = product(grid.chunks) * DTYPES[array.dtype].arrayClass.BYTES_PER_ELEMENT;
  if (chunkBytes > MOST_CHUNK_BYTES) {
    throw new ConfigError(
      `A chunk of shape [${grid.chunks.join(", ")}] of ${array.dtype} has ${chunkBytes} bytes; ` +
        `take chunks of at most ${MOST_CHUNK_BYTES}, better of one to eight million.`,
    );
  }
  const sizes: number[] = [];
  const strides = cStrides(files.counts);
  await inParallel(files.indices(), parallelFor(chunkBytes), async (index) => {
    const name = folder + fileName(index);
    if (shard === undefined) return await entry.write(name, await encodedChunk(array, grid, index));
    const writer = new ShardWriter(array, grid, shard, index);
    await entry.write(name, writer.pieces());
    sizes[index.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 0), 0)] = writer.length;
  });
  // The last, so that whoever finds it finds all chunks.
  await entry.write(`${folder}zarr.json`, new TextEncoder().encode(metadataText(array, files, grid, shard)));
  return sizes;
}

/** The encoded bytes of a chunk; one that is cut off at the end of the array is filled up. */
async function encodedChunk<D extends Dtype>(
  array: ChunkedArray<D>,
  grid: ChunkGrid,
  index: readonly number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { data, shape } = await array.chunk(...index);
  if (data.length === product(grid.chunks)) return compressZstd(bytesOf(data));
  const elementSize = data.BYTES_PER_ELEMENT;
  const whole = new Uint8Array(product(grid.chunks) * elementSize);
  const offset = shape.map(() => 0);
  copyBlock(
    { bytes: bytesOf(data), strides: cStrides(shape), offset },
    { bytes: whole, strides: cStrides(grid.chunks), offset },
    shape,
    elementSize,
  );
  return compressZstd(whole);
}

/** Writes chunks one after another, and an index of where they are. */
class ShardWriter<D extends Dtype> {
  /** How many bytes were written. */
  length = 0;
  readonly #array: ChunkedArray<D>;
  readonly #grid: ChunkGrid;
  readonly #counts: readonly number[];
  readonly #first: readonly number[];

  constructor(array: ChunkedArray<D>, grid: ChunkGrid, counts: readonly number[], index: readonly number[]) {
    this.#array = array;
    this.#grid = grid;
    this.#counts = counts;
    this.#first = index.map((at, axis) => at * (counts[axis] ?? 1));
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    const index = new BigUint64Array(2 * product(this.#counts)).fill(MISSING);
    const zeros = this.#counts.map(() => 0);
    let at = 0;
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    for (const inner of indicesIn(zeros, this.#counts)) {
      const chunk = inner.map((each, axis) => each + (this.#first[axis] ?? 0));
      if (chunk.every((each, axis) => each < (this.#grid.counts[axis] ?? 0))) {
        const bytes = await encodedChunk(this.#array, this.#grid, chunk);
        index.set([BigInt(this.length), BigInt(bytes.length)], at);
        this.length += bytes.length;
        held.push(bytes);
        heldBytes += bytes.length;
      }
      at += 2;
      if (heldBytes < PIECE_BYTES) continue;
      yield joined(held, heldBytes);
      held = [];
      heldBytes = 0;
    }
    const sealed = withCrc32c(bytesOf(index));
    this.length += sealed.length;
    yield joined([...held, sealed], heldBytes + sealed.length);
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function metadataText(
  { shape, dtype }: ChunkedArray,
  files: ChunkGrid,
  grid: ChunkGrid,
  shard: readonly number[] | undefined,
): string {
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const codecs = [bytes, { name: "zstd", configuration: { level: ZSTD_LEVEL, checksum: true } }];
  const configuration = {
    chunk_shape: grid.chunks,
    codecs,
    index_codecs: [bytes, { name: "crc32c" }],
    index_location: "end",
  };
  return JSON.stringify(
    {
      zarr_format: 3,
      node_type: "array",
      shape,
      data_type: dtype,
      chunk_grid: { name: "regular", configuration: { chunk_shape: files.chunks } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: dtype === "bool" ? false : 0,
      codecs: shard === undefined ? codecs : [{ name: "sharding_indexed", configuration }],
      attributes: {},
      storage_transformers: [],
    },
    undefined,
    2,
  );
}
