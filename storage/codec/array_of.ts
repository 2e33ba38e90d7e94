/**
 * Typed arrays by the name of their element type.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { type Dtype, DTYPES } from "./dtype.ts";
import { sizeOf } from "./ndarray.ts";

/** The class of typed array for each element type. */
export interface ArraysByDtype {
  /** Truth values, as 0 and 1. */
  readonly bool: Uint8Array;
  /** Whole numbers of 1 byte with a sign. */
  readonly int8: Int8Array;
  /** Whole numbers of 1 byte. */
  readonly uint8: Uint8Array;
  /** Whole numbers of 2 bytes with a sign. */
  readonly int16: Int16Array;
  /** Whole numbers of 2 bytes. */
  readonly uint16: Uint16Array;
  /** Whole numbers of 4 bytes with a sign. */
  readonly int32: Int32Array;
  /** Whole numbers of 4 bytes. */
  readonly uint32: Uint32Array;
  /** Whole numbers of 8 bytes with a sign. */
  readonly int64: BigInt64Array;
  /** Whole numbers of 8 bytes. */
  readonly uint64: BigUint64Array;
  /** Floats of 2 bytes. */
  readonly float16: Float16Array;
  /** Floats of 4 bytes. */
  readonly float32: Float32Array;
  /** Floats of 8 bytes. */
  readonly float64: Float64Array;
}

/** The class of typed array for an element type. */
export type ArrayOf<D extends Dtype> = ArraysByDtype[D];

/**
 * Name of the class for an element type.
 *
 * @throws {ConfigError} If there is no such element type.
 */
export function arrayClassName(dtype: Dtype): string {
  if (!Object.hasOwn(DTYPES, dtype)) {
    throw new ConfigError(
      `The dtype ${JSON.stringify(dtype)} is none of ${Object.keys(DTYPES).map((each) => `"${each}"`).join(", ")}.`,
    );
  }
  return DTYPES[dtype].arrayClass.name;
}

/** Whether a value is a typed array of exactly the class for an element type, whichever realm made it. */
export function isArrayOf<D extends Dtype>(dtype: D, value: unknown): value is ArrayOf<D> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === DTYPES[dtype].arrayClass.name;
}

/** The typed array over all bytes of a buffer, whose length has to be a multiple of the element size. */
export function arrayOver<D extends Dtype>(dtype: D, buffer: ArrayBuffer): ArrayOf<D> {
  const array: unknown = new DTYPES[dtype].arrayClass(buffer);
  if (isArrayOf(dtype, array)) return array;
  throw new TypeError(`There is no class for ${dtype}.`);
}

/**
 * A new typed array with the elements of a shape, all 0.
 *
 * @throws {ConfigError} If it is too large for memory.
 */
export function newArray<D extends Dtype>(dtype: D, shape: readonly number[]): ArrayOf<D> {
  const byteLength = sizeOf(shape) * DTYPES[dtype].arrayClass.BYTES_PER_ELEMENT;
  let buffer: ArrayBuffer;
  try {
    buffer = new ArrayBuffer(byteLength);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError(
      `${dtype} of shape [${shape.join(", ")}] takes ${byteLength} bytes, which are too many for memory; ` +
        "take smaller slices or chunks.",
      { cause },
    );
  }
  return arrayOver(dtype, buffer);
}
