/**
 * The element types of arrays: their names, sizes and classes. Bytes are little-endian, like every platform that Deno
 * runs on.
 *
 * @module
 */

/** Any typed array of the platform. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float16Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Element types by their Zarr v3 names. */
export type Dtype =
  | "bool"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";

/** The class of a typed array, as far as arrays are made and measured here. */
export interface TypedArrayClass {
  /** Views a buffer. */
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): TypedArray;
  /** Name of the class. */
  readonly name: string;
  /** Bytes of one element. */
  readonly BYTES_PER_ELEMENT: number;
  /** What its instances inherit from. */
  readonly prototype: TypedArray;
}

/** How elements of one type are kept. */
export interface DtypeLayout {
  /** The class that holds them. */
  readonly arrayClass: TypedArrayClass;
  /** Kind and size as NumPy writes them, without the byte order: `"f8"`. */
  readonly npy: string;
}

/** Every element type, with the class that holds it and its name in NumPy. */
export const DTYPES: { readonly [dtype in Dtype]: DtypeLayout } = {
  bool: { arrayClass: Uint8Array, npy: "b1" },
  int8: { arrayClass: Int8Array, npy: "i1" },
  uint8: { arrayClass: Uint8Array, npy: "u1" },
  int16: { arrayClass: Int16Array, npy: "i2" },
  uint16: { arrayClass: Uint16Array, npy: "u2" },
  int32: { arrayClass: Int32Array, npy: "i4" },
  uint32: { arrayClass: Uint32Array, npy: "u4" },
  int64: { arrayClass: BigInt64Array, npy: "i8" },
  uint64: { arrayClass: BigUint64Array, npy: "u8" },
  float16: { arrayClass: Float16Array, npy: "f2" },
  float32: { arrayClass: Float32Array, npy: "f4" },
  float64: { arrayClass: Float64Array, npy: "f8" },
};

/** Every class of typed array, and the type of its elements. */
export const TYPED_ARRAYS: ReadonlyMap<string, { readonly arrayClass: TypedArrayClass; readonly dtype: Dtype }> =
  new Map([
    ["Int8Array", { arrayClass: Int8Array, dtype: "int8" }],
    ["Uint8Array", { arrayClass: Uint8Array, dtype: "uint8" }],
    ["Uint8ClampedArray", { arrayClass: Uint8ClampedArray, dtype: "uint8" }],
    ["Int16Array", { arrayClass: Int16Array, dtype: "int16" }],
    ["Uint16Array", { arrayClass: Uint16Array, dtype: "uint16" }],
    ["Int32Array", { arrayClass: Int32Array, dtype: "int32" }],
    ["Uint32Array", { arrayClass: Uint32Array, dtype: "uint32" }],
    ["Float16Array", { arrayClass: Float16Array, dtype: "float16" }],
    ["Float32Array", { arrayClass: Float32Array, dtype: "float32" }],
    ["Float64Array", { arrayClass: Float64Array, dtype: "float64" }],
    ["BigInt64Array", { arrayClass: BigInt64Array, dtype: "int64" }],
    ["BigUint64Array", { arrayClass: BigUint64Array, dtype: "uint64" }],
  ]);

/** Type of the elements of a typed array. A clamped array holds `"uint8"`. */
export function dtypeOf(array: TypedArray): Dtype {
  switch (array[Symbol.toStringTag]) {
    case "Int8Array":
      return "int8";
    case "Uint8Array":
    case "Uint8ClampedArray":
      return "uint8";
    case "Int16Array":
      return "int16";
    case "Uint16Array":
      return "uint16";
    case "Int32Array":
      return "int32";
    case "Uint32Array":
      return "uint32";
    case "Float16Array":
      return "float16";
    case "Float32Array":
      return "float32";
    case "Float64Array":
      return "float64";
    case "BigInt64Array":
      return "int64";
    case "BigUint64Array":
      return "uint64";
  }
}
