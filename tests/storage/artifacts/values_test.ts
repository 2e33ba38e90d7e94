import { expect } from "@std/expect";
import * as fc from "fast-check";
import {
  ChunkedArray,
  FileArtifact,
  ImageArtifact,
  NdArray,
  NotFoundError,
  SerializationError,
} from "@fusewire/fusewire";
import { anyTree } from "../codec/any_value.ts";
import { assertSameValue } from "../codec/same_value.ts";
import { temporaryFolder } from "../folders.ts";
import { testArtifacts } from "./stores.ts";

const lone = "\ud800";
const cycle: unknown[] = [1];
cycle.push({ cycle });
const shared = { a: 1 };

const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -0,
  NaN,
  Infinity,
  12n,
  "",
  "a text\r\n with é, 🎉 and \ufeff",
  "\ufefffirst",
  lone,
  [1, 2, { a: [null, "b"] }],
  { deep: { er: [1.5, -2] }, __proto__: null },
  JSON.parse('{"__proto__": 1, "2": 0, "1": 0}'),
  [undefined],
  { a: undefined },
  [shared, shared],
  cycle,
  new Map([[1, new Set([new Date(0)])]]),
  /x/g,
  new Date(NaN),
  new Uint8Array([1, 2, 3]),
  new Uint8Array(),
  new Float32Array([1, NaN]),
  new Uint8ClampedArray([255, 0]),
  new BigInt64Array([-(2n ** 63n), 5n]),
  new NdArray(new Float64Array(6), [2, 3]),
  new NdArray(new Uint8Array([0, 1]), [2, 1], { dtype: "bool" }),
  new NdArray(new Uint8ClampedArray([3]), []),
  new NdArray(new Int16Array(), [0, 4]),
  { weights: new NdArray(new Float64Array(20_000).fill(0.5), [100, 200]), small: new Int8Array(3) },
  new ArrayBuffer(4),
];

testArtifacts("every value comes back as it was, saved and materialized", async (artifacts) => {
  for (const [i, value] of VALUES.entries()) {
    assertSameValue(await artifacts.load(await artifacts.save(value, `v/${i}`)), value);
    assertSameValue(await artifacts.load(await artifacts.materialize(value, `${i}`, "run", "step")), value);
  }
  // Replaced by others, and the other way round.
  for (const [i, value] of VALUES.toReversed().entries()) {
    assertSameValue(await artifacts.load(await artifacts.save(value, `v/${i}`)), value);
  }
  expect((await artifacts.listArtifacts("v/")).length).toBe(VALUES.length);
});

testArtifacts("any value comes back as it was", async (artifacts) => {
  await fc.assert(
    fc.asyncProperty(anyTree, async (value) => {
      assertSameValue(await artifacts.load(await artifacts.save(value, "any")), value);
      assertSameValue(await artifacts.load(await artifacts.materialize(value, "any", "r", "s")), value);
    }),
    { numRuns: 25 },
  );
});

testArtifacts("what is readable is stored as the file that it is", async (artifacts) => {
  const read = async (path: string): Promise<string> => new TextDecoder().decode(await artifacts.objects.get(path));
  await artifacts.save("a,b\n", "t.csv");
  expect(await read("t.csv")).toBe("a,b\n");
  expect(await artifacts.describe("t.csv")).toMatchObject({
    type: "string",
    materializer: "text",
    format: "text",
    size: 4,
  });
  await artifacts.save({ a: [1] }, "j");
  expect(JSON.parse(await read("j"))).toEqual({ a: [1] });
  await artifacts.save(new Uint8Array([104, 105]), "b.bin");
  expect(await read("b.bin")).toBe("hi");
  await artifacts.save(new Uint8Array([104, 105]), "b.npy");
  expect(await read("b.npy")).toContain("NUMPY");
  expect(await artifacts.load("b.npy")).toStrictEqual(new Uint8Array([104, 105]));
  const npy = await artifacts.objects.get("b.npy");
  await artifacts.save(npy, "copy.npy");
  expect(await artifacts.objects.get("copy.npy")).toEqual(npy);
});

testArtifacts("streams, blobs and files of any size come back as what they were", async (artifacts) => {
  await using folder = await temporaryFolder();
  for (const size of [0, 5, 9_000_000]) {
    const bytes = new Uint8Array(size).map((_, i) => i * 7);
    const stream = await artifacts.load(await artifacts.save(new Blob([bytes]).stream(), `s/${size}`));
    if (!(stream instanceof ReadableStream)) throw new Error("it is a stream");
    expect(same(await bytesOf(stream), bytes)).toBe(true);
    await artifacts.saveStream(new Blob([bytes]).stream(), `s/${size}`, { n: size });
    expect(same(await bytesOf(await artifacts.loadStream(`s/${size}`)), bytes)).toBe(true);
    expect(await artifacts.describe(`s/${size}`)).toMatchObject({ size, metadata: { n: size } });
    const blob = await artifacts.load(await artifacts.save(new Blob([bytes], { type: "text/csv" }), `b/${size}`));
    if (!(blob instanceof Blob)) throw new Error("it is a blob");
    expect([blob.type, blob.size, blob instanceof File]).toEqual(["text/csv", size, false]);
    const sent = new File([bytes], "a.csv", { type: "text/csv", lastModified: 77 });
    const file = await artifacts.load(await artifacts.materialize(sent, `f/${size}`, "r", "s"));
    if (!(file instanceof File)) throw new Error("it is a file");
    expect([file.name, file.type, file.lastModified, file.size]).toEqual(["a.csv", "text/csv", 77, size]);
    const local = `${folder.path}/local.bin`;
    await Deno.writeFile(local, bytes);
    const kept = await artifacts.load(await artifacts.save(new FileArtifact(local), `l/${size}`));
    if (!(kept instanceof FileArtifact)) throw new Error("it is a file artifact");
    expect(kept.name).toBe("local.bin");
    await kept.saveAs(`${local}.back`);
    expect(same(await Deno.readFile(`${local}.back`), bytes)).toBe(true);
  }
  const missing = new FileArtifact(`${folder.path}/missing`);
  await expect(artifacts.save(missing, "missing")).rejects.toThrow(NotFoundError);
  expect(await artifacts.exists("missing")).toBe(false);
});

testArtifacts("pictures come back with their size", async (artifacts) => {
  const png = new Uint8Array(33);
  png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  new DataView(png.buffer).setUint32(16, 40);
  new DataView(png.buffer).setUint32(20, 20);
  const picture = await artifacts.load(await artifacts.save(new ImageArtifact(png), "a.png"));
  if (!(picture instanceof ImageArtifact)) throw new Error("it is a picture");
  expect([picture.mediaType, picture.width, picture.height, picture.bytes]).toEqual(["image/png", 40, 20, png]);
  expect(await artifacts.describe("a.png")).toMatchObject({ format: "png", statistics: { width: 40, height: 20 } });
  expect(await artifacts.objects.get("a.png")).toEqual(png);
  const bytes = await artifacts.materialize(png, "a", "r", "s");
  expect(await artifacts.load(bytes)).toStrictEqual(png);
  expect(await artifacts.getMetadata(bytes)).toMatchObject({ format: "png", files: [{ name: "data.png" }] });
  const svg = new ImageArtifact('<?xml version="1.0"?><svg viewBox="0 0 3 4"></svg>');
  expect([svg.mediaType, svg.width, svg.height]).toEqual(["image/svg+xml", 3, 4]);
  expect(await artifacts.load(await artifacts.save(svg, "a.svg"))).toStrictEqual(svg);
  expect(() => new ImageArtifact("<html>")).toThrow("begins as none of them");
});

testArtifacts("an array in chunks is a folder of Zarr, also within other values", async (artifacts) => {
  const array = () =>
    ChunkedArray.create(
      { shape: [5], chunks: [2], dtype: "int32" },
      ({ offset: [at = 0], shape: [n = 0] }) => Int32Array.from({ length: n }, (_, i) => at + i),
    );
  for (const path of [await artifacts.save(array(), "z"), await artifacts.materialize(array(), "z", "r", "s")]) {
    const found = await artifacts.load(path);
    if (!(found instanceof ChunkedArray)) throw new Error("it is in chunks");
    expect((await found.slice()).data).toEqual(Int32Array.of(0, 1, 2, 3, 4));
    expect(await artifacts.describe(path)).toMatchObject({
      format: "zarr",
      type: "ChunkedArray",
      statistics: { shape: [5] },
    });
  }
  const within = await artifacts.load(await artifacts.save({ model: [array()], big: new Float64Array(10_000) }, "m"));
  if (typeof within !== "object" || within === null || !("model" in within) || !Array.isArray(within.model)) {
    throw new Error();
  }
  const [inner] = within.model;
  if (!(inner instanceof ChunkedArray)) throw new Error("it is in chunks");
  expect((await inner.slice([1, 3])).data).toEqual(Int32Array.of(1, 2));
  expect(await artifacts.listArtifacts()).toEqual(["m", (await artifacts.listArtifacts("default/"))[0], "z"].sort());
});

testArtifacts("what can not be kept is refused with its path, and nothing changes", async (artifacts) => {
  await artifacts.save(1, "x", { a: 1 });
  const saving = artifacts.save({ a: [() => 1] }, "x");
  await expect(saving).rejects.toThrow(SerializationError);
  await expect(saving).rejects.toThrow('The artifact "x" can not be stored');
  await expect(saving).rejects.toThrow("$.a[0]");
  await expect(artifacts.materialize(new (class Own {})(), "n", "r", "s")).rejects.toThrow(SerializationError);
  expect(await artifacts.load("x")).toBe(1);
  expect(await artifacts.getMetadata("x")).toEqual({ a: 1 });
  expect(await artifacts.listArtifacts()).toEqual(["x"]);
});

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
