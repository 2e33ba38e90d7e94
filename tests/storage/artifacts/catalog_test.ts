import { expect } from "@std/expect";
import { ArtifactStore, ChunkedArray, IntegrityError, MemoryArtifactStore, NotFoundError } from "@fusewire/fusewire";
import { MemoryObjectStore } from "../../../storage/object_store/memory.ts";
import { ManualClock } from "../../manual_clock.ts";
import { keysOf, testArtifacts } from "./stores.ts";

testArtifacts("an entry says what an artifact is, where it came from and what it was made of", async (artifacts) => {
  const raw = await artifacts.save("a,b\n", "raw.csv", { source: "census" });
  const path = await artifacts.materialize([1, 2], "table", "run-1", "load", "sales", {
    metadata: { rows: 2 },
    parents: [raw],
  });
  const entry = await artifacts.describe(path);
  const source = await artifacts.describe("raw.csv");
  expect(entry).toEqual({
    path,
    uri: artifacts.objects.uri(path),
    type: "Array",
    materializer: "json",
    format: "json",
    size: 13,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    project: "sales",
    run: "run-1",
    step: "load",
    name: "table",
    parents: [{ uri: raw, path: "raw.csv", sha256: source?.sha256 }],
    metadata: { rows: 2 },
    statistics: { length: 2 },
  });
  expect(await artifacts.describe("nothing")).toBe(null);
});

testArtifacts("artifacts are found by all that an entry says", async (artifacts) => {
  const a = await artifacts.save("a", "in/a", {}, { run: "r1", step: "s" });
  const b = await artifacts.save({ b: 1 }, "in/b", {}, { run: "r2", step: "s", parents: [a] });
  const c = await artifacts.materialize(new Float32Array(2), "c", "r1", "t", "p", { parents: [a, b] });
  const found = async (query: Parameters<ArtifactStore["find"]>[0]): Promise<string[]> =>
    (await artifacts.find(query)).map(({ path }) => path);
  expect(await found({})).toEqual(["in/a", "in/b", c]);
  expect(await found({ run: "r1" })).toEqual(["in/a", c]);
  expect(await found({ step: "s", run: "r2" })).toEqual(["in/b"]);
  expect(await found({ project: "p" })).toEqual([c]);
  expect(await found({ name: "c" })).toEqual([c]);
  expect(await found({ type: "Float32Array" })).toEqual([c]);
  expect(await found({ prefix: "in/" })).toEqual(["in/a", "in/b"]);
  expect(await found({ parent: a })).toEqual(["in/b", c]);
  expect(await found({ parent: "in/b" })).toEqual([c]);
  const sha256 = (await artifacts.describe(b))?.sha256 ?? "";
  expect(await found({ sha256 })).toEqual(["in/b"]);
  await artifacts.save("other", "in/b");
  expect(await found({ sha256 })).toEqual([]);
  await artifacts.delete("in");
  expect(await found({})).toEqual([c]);
});

testArtifacts("lineage goes over several levels, marks what was replaced, and ends in a circle", async (artifacts) => {
  const save = (path: string, ...parents: string[]) => artifacts.save(path, path, {}, { parents });
  await save("a");
  await save("b", "a");
  await save("c", "b", "a");
  await save("d", "c");
  const steps = async (...arguments_: Parameters<ArtifactStore["lineage"]>): Promise<string[]> =>
    (await artifacts.lineage(...arguments_)).map(({ path, depth, state }) => `${depth} ${path} ${state}`);
  expect(await steps("d")).toEqual(["1 c unchanged", "2 b unchanged", "2 a unchanged"]);
  expect(await steps("d", { depth: 1 })).toEqual(["1 c unchanged"]);
  expect(await steps("a", { direction: "descendants" })).toEqual(["1 b unchanged", "1 c unchanged", "2 d unchanged"]);
  await artifacts.save("new", "b", {}, { parents: ["d"] });
  expect(await steps("d")).toEqual(["1 c unchanged", "2 b replaced", "2 a unchanged"]);
  expect(await steps("b")).toEqual(["1 d unchanged", "2 c unchanged", "3 a unchanged"]);
  expect(await steps("b", { direction: "descendants" })).toEqual(["1 c replaced", "2 d unchanged"]);
  await artifacts.delete("a");
  expect(await steps("c")).toEqual(["1 b replaced", "1 a missing"]);
  await expect(artifacts.lineage("a")).rejects.toThrow(NotFoundError);
});

testArtifacts("a parent that is missing is one clear error, and nothing is written", async (artifacts) => {
  await artifacts.save("old", "a");
  const keys = await keysOf(artifacts);
  const saving = artifacts.save("new", "a", {}, { parents: ["a", "gone"] });
  await expect(saving).rejects.toThrow('There is no artifact "gone"');
  await expect(saving).rejects.toThrow("so it can not be a parent");
  expect(await artifacts.load("a")).toBe("old");
  expect(await keysOf(artifacts)).toEqual(keys);
});

testArtifacts("what was changed behind its back is an IntegrityError that names it", async (artifacts) => {
  const chunked = ChunkedArray.create({ shape: [4], chunks: [4], dtype: "int8" }, () => new Int8Array(4));
  const large = new Uint8Array(9_000_000);
  await artifacts.save(large, "large", { k: 1 });
  await artifacts.materialize(large.subarray(0, 20), "part", "r", "s");
  await artifacts.save(chunked, "chunks");
  for (const key of (await keysOf(artifacts)).filter((each) => !/metadata\.json$|^\.artifacts/.test(each))) {
    const info = await artifacts.objects.head(key);
    const bytes = await artifacts.objects.get(key);
    bytes[bytes.length - 1] = 99;
    await artifacts.objects.put(key, bytes, { ...(info?.metadata === undefined ? {} : { metadata: info.metadata }) });
  }
  const [part = ""] = await artifacts.listArtifacts("default/");
  for (const path of ["large", part]) {
    await expect(artifacts.load(path)).rejects.toThrow(IntegrityError);
    await expect(artifacts.load(path)).rejects.toThrow(JSON.stringify(path));
    const stream = await artifacts.loadStream(path);
    await expect(new Response(stream).bytes()).rejects.toThrow(IntegrityError);
  }
});

testArtifacts("what somebody else put into the store is read by what it is", async (artifacts) => {
  await artifacts.save(Int16Array.of(1, 2), "own.npy");
  const npy = await artifacts.objects.get("own.npy");
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const put = (key: string, bytes: Uint8Array) => artifacts.objects.put(key, bytes);
  await put("f/a.npy", npy);
  await put("f/b.json", text('{"b": 1}'));
  await put("f/c.json", text("no json"));
  await put("f/d.txt", text("d"));
  await put("f/e.bin", text("e"));
  await put("f/g.svg", text("<svg width='2' height='1'/>"));
  await put("f/metadata.json", text('{"of": "someone"}'));
  await put("f/not.npy", text("x"));
  expect(await artifacts.load("f/a.npy")).toMatchObject({ shape: [2], dtype: "int16" });
  expect(await artifacts.load("f/b.json")).toEqual({ b: 1 });
  expect(await artifacts.load("f/c.json")).toBe("no json");
  expect(await artifacts.load("f/d.txt")).toBe("d");
  expect(await artifacts.load("f/e.bin")).toEqual(text("e"));
  expect(await artifacts.load("f/not.npy")).toEqual(text("x"));
  expect(await artifacts.load("f/g.svg")).toMatchObject({ mediaType: "image/svg+xml", width: 2, height: 1 });
  expect(await artifacts.load("f/metadata.json")).toEqual({ of: "someone" });
  expect(await artifacts.listArtifacts("f/")).toEqual(
    ["a.npy", "b.json", "c.json", "d.txt", "e.bin", "g.svg", "metadata.json", "not.npy"].map((name) => `f/${name}`),
  );
  expect(await artifacts.getMetadata("f/a.npy")).toBe(null);
  expect(await artifacts.describe("f/a.npy")).toBe(null);
  // It can be a parent, and be replaced by an artifact of one file or of several.
  await artifacts.save(1, "made", {}, { parents: ["f/e.bin"] });
  expect(await artifacts.lineage("made")).toMatchObject([{ path: "f/e.bin", state: "unchanged", entry: null }]);
  await artifacts.save("own", "f/e.bin", { k: 1 });
  expect(await artifacts.getMetadata("f/e.bin")).toEqual({ k: 1 });
  await artifacts.delete("f");
  expect(await artifacts.listArtifacts()).toEqual(["made", "own.npy"]);
});

Deno.test("a store that lost the metadata of its objects still knows what they are", async () => {
  const artifacts = new MemoryArtifactStore();
  await artifacts.save(Float32Array.of(1, 2), "a", { is: "first" });
  await artifacts.save(Float32Array.of(1, 2), "b.npy", { is: "second" });
  const copy = new MemoryObjectStore();
  for (const key of await keysOf(artifacts)) await copy.put(key, await artifacts.objects.get(key));
  const found = new ArtifactStore(copy);
  expect(await found.load("a")).toStrictEqual(Float32Array.of(1, 2));
  expect(await found.getMetadata("a")).toEqual({ is: "first" });
  expect((await found.find()).map(({ path }) => path)).toEqual(["a", "b.npy"]);
  await found.save("new", "a");
  expect((await found.find({ type: "string" })).length).toBe(1);
});

Deno.test("records and files of saves that were given up go with the next save, a day later", async () => {
  const clock = new ManualClock();
  const objects = new MemoryObjectStore();
  const artifacts = new ArtifactStore(objects, { clock });
  const array = (): ChunkedArray =>
    ChunkedArray.create({ shape: [2], chunks: [1], dtype: "int8" }, () => new Int8Array(1));
  await artifacts.save(array(), "a");
  const keys = await keysOf(artifacts);
  const record = keys.find((key) => key.startsWith(".artifacts/records/")) ?? "";
  const id = record.slice(record.indexOf("-") + 1).replace(".json", "");
  const abandoned = [
    record.replace(id, "000000000-abcdefabcdef"),
    "a/version~000000000-abcdefabcdef/data.zarr/zarr.json",
  ];
  for (const key of abandoned) await objects.put(key, new Uint8Array(1));
  await artifacts.save(array(), "a");
  expect((await keysOf(artifacts)).length).toBe(keys.length + 2);
  expect(await artifacts.listArtifacts()).toEqual(["a"]);
  clock.advance(2 * 86_400_000);
  await artifacts.save(array(), "a");
  expect((await keysOf(artifacts)).length).toBe(keys.length);
});
