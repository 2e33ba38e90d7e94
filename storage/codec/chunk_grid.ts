/**
 * Where the chunks of an array are.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { sizeOf } from "./ndarray.ts";

/** Where a chunk is, and how large. */
export interface ChunkPlace {
  /** Index of its first element in each dimension of the array. */
  readonly offset: readonly number[];
  /** Its length in each dimension, cut off where the array ends. */
  readonly shape: readonly number[];
}

/** A start, and the index after the last: one dimension of a slice. */
export type AxisRange = readonly [start?: number | undefined, stop?: number | undefined];

/** The chunks of an array of some shape. */
export class ChunkGrid {
  /** Length of each dimension of the array. */
  readonly shape: readonly number[];
  /** Length of a whole chunk in each dimension. */
  readonly chunks: readonly number[];
  /** Number of chunks in each dimension. */
  readonly counts: readonly number[];
  /** Number of elements of the array. */
  readonly size: number;

  /** @throws {ConfigError} If a length is no whole number, or they are too many to count. */
  constructor(shape: readonly number[], chunks: readonly number[]) {
    if (!Array.isArray(shape) || !Array.isArray(chunks) || shape.length !== chunks.length) {
      throw new ConfigError("A chunked array needs `shape` and `chunks`, two lists with a length for each dimension.");
    }
    for (const length of chunks) {
      if (!Number.isSafeInteger(length) || length < 1) {
        throw new ConfigError(
          `The chunks [${chunks.join(", ")}] have the length ${length}; give whole numbers from 1.`,
        );
      }
    }
    this.size = sizeOf(shape);
    this.shape = Object.freeze([...shape]);
    this.chunks = Object.freeze([...chunks]);
    this.counts = Object.freeze(shape.map((length, axis) => Math.ceil(length / (chunks[axis] ?? 1))));
  }

  /** Number of chunks. */
  get count(): number {
    return product(this.counts);
  }

  /** Number of elements of the largest chunk. */
  get chunkLength(): number {
    return product(this.shape.map((length, axis) => Math.min(length, this.chunks[axis] ?? length)));
  }

  /** Where a chunk is. */
  place(index: readonly number[]): ChunkPlace {
    const offset = index.map((at, axis) => at * (this.chunks[axis] ?? 1));
    const shape = offset.map((at, axis) => Math.min(this.chunks[axis] ?? 1, (this.shape[axis] ?? 0) - at));
    return { offset, shape };
  }

  /** The chunk that holds an element. */
  indexAt(offset: readonly number[]): number[] {
    return offset.map((at, axis) => Math.floor(at / (this.chunks[axis] ?? 1)));
  }

  /** Refuses the index of a chunk that there is not. */
  check(index: readonly number[]): void {
    const fits = index.length === this.counts.length &&
      index.every((at, axis) => Number.isInteger(at) && at >= 0 && at < (this.counts[axis] ?? 0));
    if (fits) return;
    throw new ConfigError(
      `There is no chunk [${index.join(", ")}] in a grid of [${this.counts.join(", ")}] chunks; ` +
        "give a whole number from 0 for each dimension.",
    );
  }

  /** All chunks, the last dimension moving fastest. */
  indices(): Generator<readonly number[], void> {
    return product(this.counts) === 0 ? none() : indicesIn(this.counts.map(() => 0), this.counts);
  }

  /** The chunks that a part of the array touches. */
  touched({ offset, shape }: ChunkPlace): Generator<readonly number[], void> {
    if (shape.includes(0)) return none();
    return indicesIn(
      this.indexAt(offset),
      this.indexAt(offset.map((at, axis) => at + (shape[axis] ?? 1) - 1)).map((last) => last + 1),
    );
  }
}

/** A part of an array by its ranges, as NumPy has it. */
export function boxOf(shape: readonly number[], ranges: readonly AxisRange[]): ChunkPlace {
  if (ranges.length > shape.length) {
    throw new ConfigError(
      `The slice has ${ranges.length} ranges, but the array has ${shape.length} dimensions; give one for each.`,
    );
  }
  const bounds = shape.map((length, axis) => boundsOf(length, ranges[axis] ?? []));
  return { offset: bounds.map(([start]) => start), shape: bounds.map(([start, stop]) => stop - start) };
}

function boundsOf(length: number, range: AxisRange): [start: number, stop: number] {
  if (!Array.isArray(range) || range.length > 2) {
    throw new ConfigError("A range of a slice is `[start, stop]`; give one such list for each dimension.");
  }
  const [start = 0, stop = length] = range.map((at) => {
    if (at === undefined) return undefined;
    if (Number.isInteger(at)) return Math.min(length, Math.max(0, at < 0 ? at + length : at));
    throw new ConfigError(`The range [${range.join(", ")}] of the slice has the end ${at}; give whole numbers.`);
  });
  return [start, Math.max(start, stop)];
}

/** What a chunk and a part of the array have in common, and where in each of them it begins. There has to be something. */
export function overlapOf(
  first: ChunkPlace,
  second: ChunkPlace,
): { readonly shape: readonly number[]; readonly inFirst: readonly number[]; readonly inSecond: readonly number[] } {
  const starts = first.offset.map((at, axis) => Math.max(at, second.offset[axis] ?? 0));
  const shape = starts.map((start, axis) => {
    const firstEnd = (first.offset[axis] ?? 0) + (first.shape[axis] ?? 0);
    const secondEnd = (second.offset[axis] ?? 0) + (second.shape[axis] ?? 0);
    return Math.min(firstEnd, secondEnd) - start;
  });
  return {
    shape,
    inFirst: starts.map((start, axis) => start - (first.offset[axis] ?? 0)),
    inSecond: starts.map((start, axis) => start - (second.offset[axis] ?? 0)),
  };
}

/** The product of all. */
export function product(lengths: readonly number[]): number {
  return lengths.reduce((size, length) => size * length, 1);
}

function* none(): Generator<readonly number[], void> {}

/** Every index from one corner to another; neither is below the other in any dimension. */
export function* indicesIn(from: readonly number[], to: readonly number[]): Generator<readonly number[], void> {
  const index = [...from];
  for (;;) {
    yield [...index];
    let axis = index.length - 1;
    for (; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next;
      if (next < (to[axis] ?? 0)) break;
      index[axis] = from[axis] ?? 0;
    }
    if (axis < 0) return;
  }
}
