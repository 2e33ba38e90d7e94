import { expect } from "@std/expect";
import fc from "fast-check";
import { type AxisRange, ChunkedArray, type ChunkPlace, ConfigError } from "../../../mod.ts";

/** The numbers from 0 on, in C order, and the places that were made. */
function counted(shape: readonly number[], chunks: readonly number[]) {
  const made: ChunkPlace[] = [];
  const array = ChunkedArray.create({ shape, chunks, dtype: "float64" }, (place) => {
    made.push(place);
    return Float64Array.from(elementsOf(shape, place));
  });
  return { array, made };
}

/** What a plain array of the numbers from 0 on has in a part. */
function elementsOf(shape: readonly number[], part: ChunkPlace): number[] {
  let numbers = [0];
  for (const [axis, length] of shape.entries()) {
    numbers = numbers.flatMap((number) =>
      Array.from({ length: part.shape[axis] ?? 0 }, (_, i) => number * length + (part.offset[axis] ?? 0) + i)
    );
  }
  return numbers;
}

const layouts = fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 12 })), { maxLength: 4 });

Deno.test("ChunkedArray makes a chunk only when it is read, with its true shape at the end", async () => {
  const { array, made } = counted([5, 7], [2, 3]);
  expect(made).toEqual([]);
  const part = await array.slice([3, 5], [5, 7]);
  expect([...part.data]).toEqual([26, 27, 33, 34]);
  expect(part.shape).toEqual([2, 2]);
  expect(made).toEqual([
    { offset: [2, 3], shape: [2, 3] },
    { offset: [2, 6], shape: [2, 1] },
    { offset: [4, 3], shape: [1, 3] },
    { offset: [4, 6], shape: [1, 1] },
  ]);
});

Deno.test("ChunkedArray slices any part of any array like a plain one, and makes just the chunks that it touches", async () => {
  const ends = fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined });
  const ranges = fc.array(fc.oneof(fc.constant([]), fc.tuple(ends, ends)), { maxLength: 4 });
  await fc.assert(fc.asyncProperty(layouts, ranges, async (layout, allRanges) => {
    const shape = layout.map(([length]) => length);
    const chunks = layout.map(([, chunk]) => chunk);
    const given: AxisRange[] = allRanges.slice(0, shape.length);
    const { array, made } = counted(shape, chunks);
    const indices = shape.map((length, axis) => {
      return Array.from({ length }, (_, i) => i).slice(given[axis]?.[0], given[axis]?.[1]);
    });
    const part = { offset: indices.map(([first = 0]) => first), shape: indices.map(({ length }) => length) };
    const slice = await array.slice(...given);
    expect(slice.shape).toEqual(part.shape);
    expect([...slice.data]).toEqual(elementsOf(shape, part));
    const touched = indices.map((index, axis) => new Set(index.map((i) => Math.floor(i / (chunks[axis] ?? 1)))).size);
    expect(made.length).toBe(touched.reduce((product, each) => product * each, 1));
  }));
});

Deno.test("ChunkedArray gives its chunks one after another, and each element in just one", async () => {
  await fc.assert(fc.asyncProperty(layouts, async (layout) => {
    const shape = layout.map(([length]) => length);
    const { array, made } = counted(shape, layout.map(([, chunk]) => chunk));
    const seen: number[] = [];
    let chunks = 0;
    for await (const { offset, shape: chunkShape, data } of array) {
      expect([...data]).toEqual(elementsOf(shape, { offset, shape: chunkShape }));
      seen.push(...data);
      expect(made.length).toBe(++chunks);
    }
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: array.size }, (_, i) => i));
  }));
});

Deno.test("ChunkedArray of no dimensions holds one element; one with an empty dimension makes nothing", async () => {
  const { array: single, made } = counted([], []);
  expect([...(await single.slice()).data]).toEqual([0]);
  expect(made).toEqual([{ offset: [], shape: [] }]);
  const { array: empty, made: none } = counted([3, 0], [2, 5]);
  expect((await empty.slice([1, 3])).shape).toEqual([2, 0]);
  expect(await Array.fromAsync(empty)).toEqual([]);
  expect(none).toEqual([]);
});

Deno.test("ChunkedArray.map changes chunk by chunk, when they are read, also to another dtype", async () => {
  const { array, made } = counted([4, 4], [2, 2]);
  const seen: number[] = [];
  const flags = array
    .map((chunk) => chunk.map((x) => x * 2))
    .map((chunk) => {
      seen.push(chunk.length);
      return Promise.resolve(Uint8Array.from(chunk, (x) => Number(x % 8 === 0)));
    }, { dtype: "bool" });
  expect([made.length, flags.dtype, flags.shape, flags.chunks]).toEqual([0, "bool", [4, 4], [2, 2]]);
  const slice = await flags.slice([0, 1]);
  expect(slice.dtype).toBe("bool");
  expect([...slice.data]).toEqual([1, 0, 0, 0]);
  expect(seen).toEqual([4, 4]);
});

Deno.test("ChunkedArray.chunk gives one chunk by its place in the grid, and refuses others", async () => {
  const { array } = counted([5], [2]);
  expect(await array.chunk(2)).toEqual({ offset: [4], shape: [1], data: Float64Array.of(4) });
  await expect(array.chunk(3)).rejects.toThrow(/^There is no chunk \[3\] in a grid of \[3\] chunks/);
  await expect(array.chunk()).rejects.toThrow(ConfigError);
});

Deno.test("ChunkedArray makes 16 MiB of chunks at a time, and no more after an error", async () => {
  let running = 0;
  let peak = 0;
  let made = 0;
  const layout = { shape: [64 << 20], chunks: [4 << 20], dtype: "uint8" } as const;
  const array = ChunkedArray.create(layout, async ({ offset, shape: [length = 0] }) => {
    made++;
    peak = Math.max(peak, ++running);
    await new Promise((done) => setTimeout(done));
    running--;
    if (offset[0] === 8 << 20) throw new RangeError("no more");
    return new Uint8Array(length);
  });
  await expect(array.slice()).rejects.toThrow("no more");
  expect([peak, running]).toEqual([4, 0]);
  expect(made).toBeLessThan(8);
});

const LAYOUT = { shape: [5], chunks: [2], dtype: "int16" } as const;

for (
  const [what, make, message] of [
    [
      "too short",
      () => new Int16Array(1),
      /^The chunk at \[2\] was made with 1 elements; its function has to give an Int16Array of 2 /,
    ],
    [
      "of another class",
      () => new Float32Array(2),
      /^The chunk at \[2\] was made as a Float32Array; its function has to give an Int16Array/,
    ],
    ["a plain array", () => [1, 2], /^The chunk at \[2\] was made as a plain array/],
    ["a DataView", () => new DataView(new ArrayBuffer(4)), /^The chunk at \[2\] was made as a DataView/],
    ["nothing", () => undefined, /^The chunk at \[2\] was made as undefined;/],
  ] as const
) {
  Deno.test(`ChunkedArray names the chunk that was made ${what}`, async () => {
    // @ts-expect-error -- that is what is refused
    const array = ChunkedArray.create(LAYOUT, make);
    await expect(array.slice([2, 4])).rejects.toThrow(ConfigError);
    await expect(array.slice([2, 4])).rejects.toThrow(message);
  });
}

Deno.test("ChunkedArray refuses truth values other than 0 and 1", async () => {
  const array = ChunkedArray.create({ shape: [2], chunks: [2], dtype: "bool" }, () => Uint8Array.of(1, 2));
  await expect(array.slice()).rejects.toThrow(
    /^The chunk at \[0\] was made with the truth value 2; truth values are 0 and 1\.$/,
  );
});

Deno.test("ChunkedArray passes on what the function of a chunk throws", async () => {
  const array = ChunkedArray.create(LAYOUT, () => {
    throw new RangeError("no data today");
  });
  await expect(array.slice()).rejects.toThrow(RangeError);
});

Deno.test("ChunkedArray refuses what can not be a layout or a slice", async () => {
  const create = (shape: unknown, chunks: unknown, dtype: unknown) => () => {
    // @ts-expect-error -- that is what is refused
    return ChunkedArray.create({ shape, chunks, dtype }, () => new Int8Array());
  };
  expect(create([2], [0], "int8")).toThrow(/^The chunks \[0\] have the length 0; give whole numbers from 1\.$/);
  expect(create([2, 3], [2], "int8")).toThrow(ConfigError);
  expect(create([-1], [2], "int8")).toThrow(ConfigError);
  expect(create([2 ** 40, 2 ** 40], [1, 1], "int8")).toThrow(/more elements than can be counted/);
  expect(create(7, [2], "int8")).toThrow(ConfigError);
  expect(create([2], [2], "complex64")).toThrow(/^The dtype "complex64" is none of "bool", "int8",/);
  expect(create([2], [2], "toString")).toThrow(ConfigError);
  const { array } = counted([5], [2]);
  await expect(array.slice([0, 1], [0, 1])).rejects.toThrow(/^The slice has 2 ranges, but the array has 1 dimensions/);
  await expect(array.slice([0.5, 1])).rejects.toThrow(
    /^The range \[0\.5, 1\] of the slice has the end 0\.5; give whole numbers/,
  );
  const { array: huge } = counted([2 ** 50], [1]);
  await expect(huge.slice()).rejects.toThrow(/too many for memory; take smaller slices or chunks\.$/);
  expect([...(await huge.slice([-1])).data]).toEqual([2 ** 50 - 1]);
});

Deno.test("ChunkedArray is typed by its dtype", async () => {
  const layout = { shape: [2], chunks: [2], dtype: "int64" } as const;
  const array = ChunkedArray.create(layout, () => BigInt64Array.of(1n, 2n));
  const slice = await array.slice();
  const first: bigint = slice.get(0);
  const anyOf: ChunkedArray = array;
  expect([first, anyOf.dtype]).toEqual([1n, "int64"]);
  // @ts-expect-error -- an array of floats is none of 64-bit integers
  ChunkedArray.create(layout, () => new Float64Array(2));
});
