/**
 * Arrays of any size, in chunks that are made when they are needed.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { arrayClassName, type ArrayOf, isArrayOf, newArray } from "./array_of.ts";
import type { Dtype, TypedArray } from "./dtype.ts";
import { type AxisRange, boxOf, ChunkGrid, type ChunkPlace, overlapOf } from "./chunk_grid.ts";
import { NdArray } from "./ndarray.ts";
import { bytesOf, copyBlock, cStrides } from "./zarr/block.ts";
import { inParallel } from "../in_parallel.ts";
import { parallelFor } from "./zarr/parallel.ts";

/** How a {@linkcode ChunkedArray} is laid out. */
export interface ChunkLayout<D extends Dtype = Dtype> {
  /** Length of each dimension; empty for a single element. */
  readonly shape: readonly number[];
  /** Length of a chunk in each dimension, from 1. Chunks at the end of a dimension are cut off where the array ends. */
  readonly chunks: readonly number[];
  /** Zarr v3 name of the element type. */
  readonly dtype: D;
}

/** One chunk of a {@linkcode ChunkedArray}. */
export interface Chunk<D extends Dtype = Dtype> extends ChunkPlace {
  /** Its elements, in C order. */
  readonly data: ArrayOf<D>;
}

/** Options of {@linkcode ChunkedArray.map}. */
export interface MapOptions<E extends Dtype> {
  /**
   * Element type of the new array.
   *
   * @default {that of the array}
   */
  readonly dtype?: E;
}

/** Makes the elements of one chunk, in C order. */
type MakeChunk<D extends Dtype> = (place: ChunkPlace) => ArrayOf<D> | Promise<ArrayOf<D>>;

/**
 * An array of several dimensions that is never whole in memory: each chunk is made, or read from where it is stored, whenever it is
 * asked for. A store keeps it as a folder in the format Zarr v3, which zarr-python opens, and gives it back as one that reads the chunks
 * that are needed. What was read back needs its files: it ends when its result is saved anew or removed.
 *
 * @typeParam D Element type.
 *
 * @example 8 GB, of which two numbers are made
 * ```ts
 * import { ChunkedArray } from "@fusewire/fusewire";
 *
 * const squares = ChunkedArray.create(
 *   { shape: [1_000_000_000], chunks: [1000], dtype: "float64" },
 *   ({ offset: [start = 0], shape: [length = 0] }) => Float64Array.from({ length }, (_, i) => (start + i) ** 2),
 * );
 * const halves = squares.map((chunk) => Float32Array.from(chunk, (x) => x / 2), { dtype: "float32" });
 * const { data } = await halves.slice([3_000, 3_002]);
 * if (data[0] !== 4_500_000) throw new Error("half the square of 3000");
 * ```
 */
export class ChunkedArray<D extends Dtype = Dtype> {
  /** Length of each dimension; empty for a single element. */
  readonly shape: readonly number[];
  /** Length of a chunk in each dimension; the last ones of a dimension may be shorter. */
  readonly chunks: readonly number[];
  /** Zarr v3 name of the element type. `"bool"` is kept in a `Uint8Array` of 0 and 1. */
  readonly dtype: D;
  readonly #grid: ChunkGrid;
  readonly #make: MakeChunk<D>;

  private constructor({ shape, chunks, dtype }: ChunkLayout<D>, make: MakeChunk<D>) {
    this.#grid = new ChunkGrid(shape, chunks);
    this.shape = this.#grid.shape;
    this.chunks = this.#grid.chunks;
    this.dtype = dtype;
    this.#make = make;
  }

  /**
   * An array whose chunks are made by a function, anew each time that one is needed and several at a time. It gets where the chunk begins
   * and how long it is, cut off at the end of the array, and gives its elements in C order, in an array of the class for `dtype` that it
   * does not change afterwards.
   *
   * @throws {ConfigError} If the layout can not be one. The same later, naming the chunk, if the function gives an array of another class
   * or length, or a truth value other than 0 and 1.
   */
  static create<D extends Dtype>(
    layout: ChunkLayout<D>,
    make: (place: ChunkPlace) => ArrayOf<D> | Promise<ArrayOf<D>>,
  ): ChunkedArray<D> {
    arrayClassName(layout.dtype);
    if (typeof make !== "function") {
      throw new ConfigError("ChunkedArray.create needs a function that makes a chunk, as its second argument.");
    }
    return new ChunkedArray(layout, make);
  }

  /** Number of elements. */
  get size(): number {
    return this.#grid.size;
  }

  /**
   * Reads a part, like `array[start:stop, …]` in NumPy: for each dimension a start and the index after the last, both counted from the end
   * if they are negative, and cut off at the ends of the dimension. `[]`, or nothing for the last dimensions, means all of it.
   *
   * Only the chunks that the part touches are made or read, a few at a time.
   *
   * @throws {ConfigError} If there are more ranges than dimensions, one is not made of whole numbers, or the part is too large for memory.
   */
  async slice(...ranges: readonly AxisRange[]): Promise<NdArray<ArrayOf<D>>> {
    const box = boxOf(this.shape, ranges);
    const data = newArray(this.dtype, box.shape);
    const elementSize = data.BYTES_PER_ELEMENT;
    const target = bytesOf(data);
    const targetStrides = cStrides(box.shape);
    await inParallel(this.#grid.touched(box), parallelFor(this.#grid.chunkLength * elementSize), async (index) => {
      const chunk = await this.#chunk(index);
      const part = overlapOf(chunk, box);
      copyBlock(
        { bytes: bytesOf(chunk.data), strides: cStrides(chunk.shape), offset: part.inFirst },
        { bytes: target, strides: targetStrides, offset: part.inSecond },
        part.shape,
        elementSize,
      );
    });
    return new NdArray(data, box.shape, this.dtype === "bool" ? { dtype: "bool" } : {});
  }

  /**
   * Reads one chunk by its place in the grid: `chunk(0, 2)` is the third of the first row.
   *
   * @throws {ConfigError} If there is no such chunk.
   */
  async chunk(...index: readonly number[]): Promise<Chunk<D>> {
    this.#grid.check(index);
    return await this.#chunk(index);
  }

  /**
   * An array of the same layout whose chunks are those of this one, each changed by a function when it is needed. The function gives an
   * array as long as the one that it gets, which it may change in place only if that is not kept by whoever made it.
   */
  map<E extends Dtype = D>(
    fn: (chunk: ArrayOf<D>) => ArrayOf<E> | Promise<ArrayOf<E>>,
    options?: MapOptions<E>,
  ): ChunkedArray<E>;
  map(fn: (chunk: ArrayOf<D>) => TypedArray | Promise<TypedArray>, options: MapOptions<Dtype> = {}): ChunkedArray {
    const { shape, chunks } = this;
    const layout: ChunkLayout = { shape, chunks, dtype: options.dtype ?? this.dtype };
    return ChunkedArray.create(layout, async (place) => {
      const made = await fn((await this.#chunk(this.#grid.indexAt(place.offset))).data);
      return checked(layout.dtype, made, place);
    });
  }

  /** Its chunks one after another, the last dimension first. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk<D>, void> {
    for (const index of this.#grid.indices()) yield await this.#chunk(index);
  }

  async #chunk(index: readonly number[]): Promise<Chunk<D>> {
    const place = this.#grid.place(index);
    return { ...place, data: checked(this.dtype, await this.#make(place), place) };
  }
}

/** What was made of a chunk, if it is of the right class and length. */
function checked<D extends Dtype>(dtype: D, data: unknown, { offset, shape }: ChunkPlace): ArrayOf<D> {
  const length = shape.reduce((product, each) => product * each, 1);
  const wanted = `${named(arrayClassName(dtype))} of ${length} elements for ${dtype} of shape [${shape.join(", ")}]`;
  const where = `The chunk at [${offset.join(", ")}]`;
  if (!isArrayOf(dtype, data)) {
    const made = ArrayBuffer.isView(data) ? named(Object.prototype.toString.call(data).slice(8, -1)) : shown(data);
    throw new ConfigError(`${where} was made as ${made}; its function has to give ${wanted}.`);
  }
  if (data.length !== length) {
    throw new ConfigError(`${where} was made with ${data.length} elements; its function has to give ${wanted}.`);
  }
  if (dtype === "bool") {
    for (let i = 0; i < length; i++) {
      if (Number(data[i]) > 1) {
        throw new ConfigError(`${where} was made with the truth value ${data[i]}; truth values are 0 and 1.`);
      }
    }
  }
  return data;
}

function named(className: string): string {
  return `${className.startsWith("I") ? "an" : "a"} ${className}`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return Array.isArray(value) ? "a plain array" : "an object that is no typed array";
}
