/**
 * Reads chunks of Zarr arrays, and of shards only what is needed.
 *
 * @module
 */
import { SerializationError } from "../../../src/errors.ts";
import { type ArrayOf, arrayOver, newArray } from "../array_of.ts";
import { type ChunkPlace, product } from "../chunk_grid.ts";
import { type Dtype, DTYPES } from "../dtype.ts";
import { bytesOf, copyBlock, cStrides } from "./block.ts";
import { type CodecChain, transposed, untransposed, type ZarrLayout } from "./chain.ts";
import {
  decodeChunk,
  type DecodeContext,
  decodeIndex,
  type Elements,
  filled,
  indexBytes,
  mostEncoded,
  partAt,
  type ShardCodec,
  type ShardParts,
} from "./decode.ts";
import { damagedArray } from "./errors.ts";
import type { ZarrFiles } from "./files.ts";
import { Recent } from "./recent.ts";

/** How much of the indices of shards is kept, in chunks that they list. */
const KEPT_PARTS = 1 << 18;

/** How to read an array. */
export interface ReaderOptions {
  /** What messages call the array. */
  readonly array: string;
  /** Whether a chunk that is not there holds the fill value, or is lost. */
  readonly missing: "fill" | "lost";
  /** The most bytes of elements that a chunk may have. */
  readonly maxChunkBytes: number;
}

/** A chunk or shard that is read by itself. */
interface Level {
  /** Its length in each dimension of the array. */
  readonly shape: readonly number[];
  /** The dimension of the array that each of its own is. */
  readonly axes: readonly number[];
  /** How it was written. */
  readonly chain: CodecChain;
}

/** Where bytes are. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads chunks of one array. */
export class ZarrReader<D extends Dtype> {
  /** Length in each dimension of the smallest chunk that is read by itself. */
  readonly chunks: readonly number[];
  readonly #files: ZarrFiles;
  readonly #layout: ZarrLayout<D>;
  readonly #options: ReaderOptions;
  readonly #context: DecodeContext;
  readonly #shards: readonly { readonly level: Level; readonly codec: ShardCodec }[];
  readonly #last: Level;
  readonly #indices = new Recent<ShardParts>(KEPT_PARTS);

  /** @throws {SerializationError} If its chunks are too large. */
  constructor(files: ZarrFiles, layout: ZarrLayout<D>, options: ReaderOptions) {
    const { shape, chain, dtype, fill } = layout;
    const shards: { level: Level; codec: ShardCodec }[] = [];
    let level: Level = { shape: chain.shape, axes: shape.map((_, axis) => axis), chain };
    // A shard that is compressed as a whole has to be read as a whole.
    while (level.chain.elements.kind === "shards" && level.chain.compressors.length === 0) {
      const codec = level.chain.elements;
      shards.push({ level, codec });
      const axes = transposed(level.axes, level.chain.order);
      level = { shape: untransposed(codec.chunkShape, axes), axes, chain: codec.chain };
    }
    this.#files = files;
    this.#layout = layout;
    this.#options = options;
    this.#context = { array: options.array, elementSize: DTYPES[dtype].arrayClass.BYTES_PER_ELEMENT, fill };
    this.#shards = shards;
    this.#last = level;
    this.chunks = level.shape;
    this.#checkSize();
  }

  /**
   * Reads elements that lie in one chunk.
   *
   * @throws {IntegrityError} If the chunk is damaged.
   */
  async chunk(place: ChunkPlace): Promise<ArrayOf<D>> {
    const found = await this.#read(place);
    if (found === undefined) {
      return arrayOver(this.#layout.dtype, filled(product(place.shape), this.#layout.fill).buffer);
    }
    const { axes, chain, shape } = this.#last;
    const { bytes, strides } = decodeChunk(chain, found.bytes, found.name, this.#context);
    const own = new Array<number>(axes.length);
    for (const [at, axis] of axes.entries()) own[axis] = strides[at] ?? 0;
    const offset = place.offset.map((at, axis) => at % (shape[axis] ?? 1));
    return this.#cut({ bytes, strides: own }, offset, place.shape);
  }

  #cut({ bytes, strides }: Elements, offset: readonly number[], shape: readonly number[]): ArrayOf<D> {
    const { dtype } = this.#layout;
    const wanted = cStrides(shape);
    const isAll = product(shape) * this.#context.elementSize === bytes.buffer.byteLength &&
      wanted.every((stride, axis) => stride === strides[axis] || shape[axis] === 1);
    let data: ArrayOf<D>;
    if (isAll && bytes.buffer instanceof ArrayBuffer) data = arrayOver(dtype, bytes.buffer);
    else {
      data = newArray(dtype, shape);
      const target = { bytes: bytesOf(data), strides: wanted, offset: shape.map(() => 0) };
      copyBlock({ bytes, strides, offset }, target, shape, this.#context.elementSize);
    }
    if (dtype === "bool") {
      const truths = bytesOf(data);
      for (let at = 0; at < truths.length; at++) if ((truths[at] ?? 0) > 1) truths[at] = 1;
    }
    return data;
  }

  /** The encoded bytes of the chunk that holds some elements; `undefined` if it was not written. */
  async #read({ offset }: ChunkPlace): Promise<{ readonly bytes: Uint8Array; readonly name: string } | undefined> {
    const { chain, nameOf } = this.#layout;
    const file = nameOf(offset.map((at, axis) => Math.floor(at / (chain.shape[axis] ?? 1))));
    const shown = `its ${this.#shards.length > 0 ? "shard" : "chunk"} ${JSON.stringify(file)}`;
    if (this.#shards.length === 0) {
      const most = mostEncoded(chain, this.#context.elementSize);
      const bytes = await this.#files.read(file, { start: 0, end: most + 1 });
      if (bytes === undefined) return this.#missing(shown);
      if (bytes.length > most) throw damagedArray(this.#options.array, `${shown} has more than ${most} bytes`);
      return { bytes, name: shown };
    }
    const size = await this.#files.size(file);
    if (size === undefined) return this.#missing(shown);
    let span: Span = { start: 0, end: size };
    let name = shown;
    let rest = offset.map((at, axis) => at % (chain.shape[axis] ?? 1));
    for (const { level, codec } of this.#shards) {
      const axes = transposed(level.axes, level.chain.order);
      const inner = axes.map((axis, at) => Math.floor((rest[axis] ?? 0) / (codec.chunkShape[at] ?? 1)));
      const parts = await this.#index(file, span, codec, name);
      const at = cStrides(codec.counts).reduce((sum, stride, axis) => sum + stride * (inner[axis] ?? 0), 0);
      const part = partAt(parts, at);
      name = `the chunk [${inner.join(", ")}] of ${name}`;
      if (part === undefined) return this.#missing(name);
      span = { start: span.start + part.start, end: span.start + part.end };
      const shape = untransposed(codec.chunkShape, axes);
      rest = rest.map((each, axis) => each % (shape[axis] ?? 1));
    }
    const most = mostEncoded(this.#last.chain, this.#context.elementSize);
    if (span.end - span.start > most) throw damagedArray(this.#options.array, `${name} has more than ${most} bytes`);
    return { bytes: await this.#exactly(file, span, name), name };
  }

  #index(file: string, shard: Span, codec: ShardCodec, name: string): Promise<ShardParts> {
    return this.#indices.get(`${shard.start} ${shard.end} ${file}`, product(codec.counts), async () => {
      const length = indexBytes(codec);
      const shardLength = shard.end - shard.start;
      if (shardLength < length) {
        throw damagedArray(this.#options.array, `${name} has ${shardLength} bytes, too few for its index`);
      }
      const start = codec.indexAt === "start" ? shard.start : shard.end - length;
      const bytes = await this.#exactly(file, { start, end: start + length }, `the index of ${name}`);
      return decodeIndex(codec, bytes, shardLength, name, this.#context);
    });
  }

  async #exactly(file: string, span: Span, name: string): Promise<Uint8Array> {
    const bytes = await this.#files.read(file, span);
    if (bytes?.length === span.end - span.start) return bytes;
    throw damagedArray(this.#options.array, `${name} ends too early`);
  }

  #missing(name: string): undefined {
    if (this.#options.missing === "lost") throw damagedArray(this.#options.array, `${name} is missing`);
    return undefined;
  }

  #checkSize(): void {
    const { shape, chain } = this.#last;
    const { array, maxChunkBytes } = this.#options;
    const length = product(shape) * this.#context.elementSize;
    if (length <= maxChunkBytes && mostEncoded(chain, this.#context.elementSize) <= 4 * maxChunkBytes + 65536) return;
    throw new SerializationError(
      `${array} has chunks of ${length} bytes, more than the ${maxChunkBytes} that are read at once; ` +
        "if that is right, give `maxChunkBytes`.",
    );
  }
}
