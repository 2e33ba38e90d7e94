/**
 * What an array is like, in a few numbers.
 *
 * @module
 */
import type { Dtype, TypedArray } from "../codec/dtype.ts";

/** A number as JSON keeps it: a text if it is infinite, not a number, or an integer that a number does not hold exactly. */
export type JsonNumber = number | string;

/** What an array is like. Of one without elements, or with none but NaN, the last four are `null`. */
export interface ArrayStatistics {
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** Zarr v3 name of the element type. */
  readonly dtype: Dtype;
  /** How many elements are NaN; all others are left out of account below. */
  readonly nans: number;
  /** The least element. */
  readonly min: JsonNumber | null;
  /** The greatest element. */
  readonly max: JsonNumber | null;
  /** Their mean. */
  readonly mean: JsonNumber | null;
  /** Their standard deviation, that of a whole population, as in NumPy. */
  readonly std: JsonNumber | null;
}

/** How many elements are summed up before they are merged: few enough to be in the processor's cache for the second look. */
const BLOCK = 4096;

/** Looks at each element, block by block. */
export function arrayStatistics(data: TypedArray, shape: readonly number[], dtype: Dtype): ArrayStatistics {
  const all = data instanceof BigInt64Array || data instanceof BigUint64Array ? ofIntegers(data) : ofNumbers(data);
  return { shape: [...shape], dtype, ...all };
}

type Numbers = Omit<ArrayStatistics, "shape" | "dtype">;

function ofNumbers(data: Exclude<TypedArray, BigInt64Array | BigUint64Array>): Numbers {
  let min = Infinity;
  let max = -Infinity;
  let nans = 0;
  const moments = new Moments();
  for (let start = 0; start < data.length; start += BLOCK) {
    const end = Math.min(start + BLOCK, data.length);
    let sum = 0;
    let count = 0;
    for (let i = start; i < end; i++) {
      const element = data[i] ?? NaN;
      if (element !== element) continue;
      count++;
      sum += element;
      if (element < min) min = element;
      if (element > max) max = element;
    }
    nans += end - start - count;
    if (count === 0) continue;
    // The sum of large elements is rounded; what their distances from this mean come to puts that right.
    const near = sum / count;
    let off = 0;
    let squares = 0;
    for (let i = start; i < end; i++) {
      const distance = (data[i] ?? NaN) - near;
      if (distance !== distance) continue;
      off += distance;
      squares += distance * distance;
    }
    moments.merge(count, near + off / count, Math.max(0, squares - off * (off / count)));
  }
  return moments.count === 0 ? nothing(nans) : {
    nans,
    min: json(min),
    max: json(max),
    // Infinite elements leave nothing to measure a distance from.
    ...(min === -Infinity || max === Infinity
      ? { mean: json(max + min), std: "NaN" }
      : { mean: json(moments.mean), std: json(moments.deviation) }),
  };
}

function ofIntegers(data: BigInt64Array | BigUint64Array): Numbers {
  const [first] = data;
  if (first === undefined) return nothing(0);
  let min = first;
  let max = first;
  const moments = new Moments();
  // Distances from the first element are small where the elements are large and close, and are exact then.
  for (let start = 0; start < data.length; start += BLOCK) {
    const block = Array.from(data.subarray(start, start + BLOCK), (element) => {
      if (element < min) min = element;
      if (element > max) max = element;
      return Number(element - first);
    });
    const mean = block.reduce((sum, distance) => sum + distance, 0) / block.length;
    moments.merge(block.length, mean, block.reduce((sum, distance) => sum + (distance - mean) ** 2, 0));
  }
  const mean = Number(first) + moments.mean;
  return { nans: 0, min: jsonInteger(min), max: jsonInteger(max), mean: json(mean), std: json(moments.deviation) };
}

/** Count, mean and squared distances of parts, merged as Chan, Golub and LeVeque do, which loses nothing to large means. */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  get deviation(): number {
    return Math.sqrt(this.#squares / this.count);
  }

  merge(count: number, mean: number, squares: number): void {
    const total = this.count + count;
    const distance = mean - this.mean;
    this.mean += distance * (count / total);
    this.#squares += squares + distance * distance * (this.count * (count / total));
    this.count = total;
  }
}

function nothing(nans: number): Numbers {
  return { nans, min: null, max: null, mean: null, std: null };
}

function json(value: number): JsonNumber {
  return Number.isFinite(value) ? value : String(value);
}

function jsonInteger(value: bigint): JsonNumber {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
