import { expect } from "@std/expect";
import { ConfigError } from "../../../src/errors.ts";
import { NdArray, type TypedArray } from "../../../mod.ts";

Deno.test("NdArray gives elements by their indices, the last moving fastest", () => {
  const cube = new NdArray(Int32Array.from({ length: 24 }, (_, index) => index), [2, 3, 4]);
  expect(cube.get(0, 0, 0)).toBe(0);
  expect(cube.get(1, 2, 3)).toBe(23);
  expect(cube.get(1, 0, 2)).toBe(14);
  expect([cube.size, cube.shape, cube.dtype]).toEqual([24, [2, 3, 4], "int32"]);
});

Deno.test("NdArray holds a single element without dimensions, and none with an empty one", () => {
  expect(new NdArray(Float64Array.of(2.5), []).get()).toBe(2.5);
  expect(new NdArray(new Float64Array(), [3, 0]).size).toBe(0);
});

Deno.test("NdArray shares its data and keeps its own shape", () => {
  const data = Float32Array.of(1, 2);
  const shape = [2, 1];
  const array = new NdArray(data, shape);
  shape[0] = 5;
  data[1] = 7;
  expect(array.get(1, 0)).toBe(7);
  expect(array.shape).toEqual([2, 1]);
});

Deno.test("NdArray names the type of its elements as Zarr does", () => {
  const cases: [TypedArray, string][] = [
    [new Int8Array(), "int8"],
    [new Uint8Array(), "uint8"],
    [new Uint8ClampedArray(), "uint8"],
    [new Int16Array(), "int16"],
    [new Uint16Array(), "uint16"],
    [new Int32Array(), "int32"],
    [new Uint32Array(), "uint32"],
    [new Float16Array(), "float16"],
    [new Float32Array(), "float32"],
    [new Float64Array(), "float64"],
    [new BigInt64Array(), "int64"],
    [new BigUint64Array(), "uint64"],
  ];
  for (const [data, dtype] of cases) expect(new NdArray(data, [0]).dtype).toBe(dtype);
  expect(new NdArray(Uint8Array.of(1), [1], { dtype: "bool" }).dtype).toBe("bool");
});

Deno.test("NdArray refuses a shape that does not hold its data", () => {
  const data = new Uint8Array(6);
  expect(() => new NdArray(data, [2, 2])).toThrow(ConfigError);
  expect(() => new NdArray(data, [2, 2])).toThrow("shape [2, 2] has 4 elements, but its data has 6");
  expect(() => new NdArray(data, [-2, -3])).toThrow("the length -2");
  expect(() => new NdArray(data, [1.5, 4])).toThrow("the length 1.5");
  expect(() => new NdArray(data, [2 ** 40, 2 ** 40])).toThrow("more elements than can be counted");
  expect(() => new NdArray(new Int8Array(1), [1], { dtype: "bool" })).toThrow('dtype "bool" needs a Uint8Array');
});

Deno.test("NdArray.get() refuses an index that is not in the array", () => {
  const table = new NdArray(new Uint8Array(6), [2, 3]);
  for (const index of [[2, 0], [0, 3], [0, -1], [0, 0.5], [0], [0, 0, 0], []]) {
    expect(() => table.get(...index)).toThrow(ConfigError);
  }
  expect(() => table.get(2, 0)).toThrow("The index [2, 0] is not in an array of shape [2, 3]");
  expect(() => new NdArray(new Uint8Array(), [0]).get(0)).toThrow(ConfigError);
});
