/**
 * Arrays for tests.
 *
 * @module
 */
import type { ArrayOf, Dtype } from "../../../../mod.ts";

/** Every element type, and the class that holds it. */
export const DTYPES_AND_CLASSES: readonly [dtype: Dtype, arrayClass: new (buffer: ArrayBuffer) => ArrayOf<Dtype>][] = [
  ["bool", Uint8Array],
  ["int8", Int8Array],
  ["uint8", Uint8Array],
  ["int16", Int16Array],
  ["uint16", Uint16Array],
  ["int32", Int32Array],
  ["uint32", Uint32Array],
  ["int64", BigInt64Array],
  ["uint64", BigUint64Array],
  ["float16", Float16Array],
  ["float32", Float32Array],
  ["float64", Float64Array],
];
