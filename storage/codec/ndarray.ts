/**
 * An array of several dimensions.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { type Dtype, dtypeOf, type TypedArray } from "./dtype.ts";

/** Options of {@linkcode NdArray}. */
export interface NdArrayOptions {
  /**
   * `"bool"` says that a `Uint8Array` holds truth values, 0 and 1. Without it the element type is that of the array.
   *
   * @default {undefined}
   */
  readonly dtype?: "bool";
}

/**
 * A typed array with a shape, in C order: the last index moves fastest. It is stored as a `.npy` file that NumPy opens.
 *
 * @typeParam D Class of the array that holds the elements.
 *
 * @example Two rows of three
 * ```ts
 * import { NdArray } from "@fusewire/fusewire";
 *
 * const table = new NdArray(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
 * if (table.get(1, 0) !== 4) throw new Error("the second row starts with 4");
 * ```
 */
export class NdArray<D extends TypedArray = TypedArray> {
  /** The elements, in C order. */
  readonly data: D;
  /** Length of each dimension; empty for a single element. */
  readonly shape: readonly number[];
  /** Zarr v3 name of the element type. */
  readonly dtype: Dtype;

  /**
   * Gives a shape to elements, without copying them.
   *
   * @throws {ConfigError} If the shape does not hold exactly the elements of `data`.
   */
  constructor(data: D, shape: readonly number[], options: NdArrayOptions = {}) {
    const size = sizeOf(shape);
    if (size !== data.length) {
      throw new ConfigError(
        `An NdArray of shape [${shape.join(", ")}] has ${size} elements, but its data has ${data.length}; ` +
          `give it a shape whose product is ${data.length}.`,
      );
    }
    if (options.dtype !== undefined && dtypeOf(data) !== "uint8") {
      throw new ConfigError(
        `An NdArray of dtype "bool" needs a Uint8Array of 0 and 1, not a ${data[Symbol.toStringTag]}.`,
      );
    }
    this.data = data;
    this.shape = Object.freeze([...shape]);
    this.dtype = options.dtype ?? dtypeOf(data);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /**
   * The element at one index for each dimension.
   *
   * @throws {ConfigError} If the number of indices is not the number of dimensions, or one is out of range.
   */
  get(...index: readonly number[]): D[number] {
    const { shape, data } = this;
    let offset = 0;
    for (const [axis, length] of shape.entries()) {
      const at = index[axis];
      if (at === undefined || !Number.isInteger(at) || at < 0 || at >= length) throw this.#outOfRange(index);
      offset = offset * length + at;
    }
    const element: D[number] | undefined = data[offset];
    if (index.length !== shape.length || element === undefined) throw this.#outOfRange(index);
    return element;
  }

  #outOfRange(index: readonly number[]): ConfigError {
    return new ConfigError(
      `The index [${index.join(", ")}] is not in an array of shape [${this.shape.join(", ")}]; ` +
        `give ${this.shape.length} whole numbers from 0, each below the length of its dimension.`,
    );
  }
}

/**
 * Number of elements of a shape.
 *
 * @throws {ConfigError} If a length is not a whole number from 0, or their product is past the safe integers.
 */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new ConfigError(
        `The shape [${shape.join(", ")}] has the length ${length}; lengths are whole numbers from 0.`,
      );
    }
    size *= length;
  }
  if (!Number.isSafeInteger(size)) {
    throw new ConfigError(`The shape [${shape.join(", ")}] has more elements than can be counted exactly.`);
  }
  return size;
}
