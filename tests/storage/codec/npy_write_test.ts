import { expect } from "@std/expect";
import * as fc from "fast-check";
import { SerializationError } from "../../../src/errors.ts";
import { NdArray, readNpy, type TypedArray, writeNpy } from "../../../mod.ts";
import { NPY_FIXTURES } from "./npy_fixtures.ts";

async function bytesOf(array: NdArray | TypedArray): Promise<Uint8Array> {
  return await new Response(writeNpy(array)).bytes();
}

Deno.test("writeNpy() writes byte for byte what NumPy writes", async () => {
  let compared = 0;
  for (const { made, file } of NPY_FIXTURES) {
    const bytes = Uint8Array.fromBase64(file);
    const array = await readNpy(bytes);
    const isNative = !made.includes(">") && !made.includes("'F'") && !made.includes("fortran") && !made.includes("=(");
    if (!isNative) continue;
    compared++;
    expect((await bytesOf(array)).toHex()).toBe(bytes.toHex());
  }
  expect(compared).toBeGreaterThan(15);
});

Deno.test("writeNpy() writes every class of typed array, and readNpy() reads it", async () => {
  const buffer = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0).buffer;
  for (
    const array of [
      ...[Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array, Float32Array],
      ...[Float64Array, BigInt64Array, BigUint64Array],
    ].map((arrayClass) => new arrayClass(buffer))
  ) {
    const read = await readNpy(await bytesOf(array));
    expect(read.data).toEqual(array);
    expect(read.shape).toEqual([array.length]);
  }
  expect((await readNpy(await bytesOf(Uint8ClampedArray.of(1, 255)))).data).toEqual(Uint8Array.of(1, 255));
});

Deno.test("writeNpy() and readNpy() keep arrays of any shape", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(4), { maxLength: 5 }), fc.boolean(), async (shape, isBool) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const data = new Uint8Array(size).map((_, index) => index % 2);
      const array = new NdArray(data, shape, isBool ? { dtype: "bool" } : {});
      const read = await readNpy(await bytesOf(array));
      expect([read.shape, read.dtype, read.data]).toEqual([array.shape, array.dtype, array.data]);
    }),
  );
});

Deno.test("writeNpy() starts the elements at a multiple of 64 bytes, also behind a long shape", async () => {
  for (const dimensions of [1, 10, 30, 33_000]) {
    const array = new NdArray(Uint8Array.of(7), Array.from({ length: dimensions }, () => 1));
    const bytes = await bytesOf(array);
    expect((bytes.length - 1) % 64).toBe(0);
    expect(bytes[6]).toBe(dimensions < 1000 ? 1 : 2);
    expect((await readNpy(bytes)).shape.length).toBe(dimensions);
  }
});

Deno.test("writeNpy() gives views of the array, not copies", async () => {
  const array = new Float64Array(1_500_000).fill(1);
  const buffers: ArrayBufferLike[] = [];
  let largest = 0;
  for await (const chunk of writeNpy(array.subarray(100))) {
    buffers.push(chunk.buffer);
    largest = Math.max(largest, chunk.length);
  }
  expect(buffers.length).toBe(4);
  expect(buffers.slice(1).every((buffer) => buffer === array.buffer)).toBe(true);
  expect(largest).toBe(4 * 1024 * 1024);
});

Deno.test("writeNpy() refuses memory that others can change or that is gone", () => {
  expect(() => writeNpy(new Uint8Array(new SharedArrayBuffer(4)))).toThrow(SerializationError);
  const detached = new Uint8Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  expect(() => writeNpy(detached)).toThrow("detached");
});
