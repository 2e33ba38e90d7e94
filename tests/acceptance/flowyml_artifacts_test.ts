import { expect } from "@std/expect";
import {
  type ArtifactStore,
  ConfigError,
  InvalidKeyError,
  LocalArtifactStore,
  MemoryArtifactStore,
  NdArray,
  NotFoundError,
  PermissionError,
} from "@fusewire/fusewire";
import { ArtifactStore as AnyStore } from "../../storage/artifact_store.ts";
import { MemoryObjectStore } from "../../storage/object_store/memory.ts";
import { decodeName } from "../../storage/names.ts";
import { temporaryFolder } from "../storage/folders.ts";
import { keysOf, testArtifacts } from "../storage/artifacts/stores.ts";

testArtifacts("FA1 an artifact is saved, loaded, found, measured, described and removed", async (artifacts) => {
  const uri = await artifacts.save({ k: 1 }, "x/y", { k: 1 });
  for (const at of ["x/y", uri]) {
    expect(await artifacts.load(at)).toEqual({ k: 1 });
    expect(await artifacts.exists(at)).toBe(true);
    expect(await artifacts.getMetadata(at)).toEqual({ k: 1 });
    expect(await artifacts.size(at)).toBe((await artifacts.objects.get("x/y")).length);
  }
  expect(await artifacts.exists("x")).toBe(true);
  expect(await artifacts.size("x")).toBe(await artifacts.size("x/y"));
  await artifacts.delete(uri);
  await artifacts.delete("x/y");
  expect(await artifacts.exists("x/y")).toBe(false);
  expect(await artifacts.exists("x")).toBe(false);
  expect(await artifacts.size("x/y")).toBe(0);
  expect(await artifacts.getMetadata("x/y")).toBe(null);
  expect(await artifacts.listArtifacts()).toEqual([]);
  await expect(artifacts.load("x/y")).rejects.toThrow(NotFoundError);
  await expect(artifacts.load("x/y")).rejects.toThrow('There is no artifact "x/y"');
  expect(await keysOf(artifacts)).toEqual([]);
});

testArtifacts("FA2 a list is sorted, relative, recursive and a string prefix, without sidecars", async (artifacts) => {
  for (const path of ["b", "a/c", "a!", "a/b/c", "é", "𝒳", "a-b", "zz/ff"]) await artifacts.save(path, path, { path });
  const run = await artifacts.materialize([1], "n", "r", "s", "a");
  expect(await artifacts.listArtifacts()).toEqual(["a!", "a-b", run, "a/b/c", "a/c", "b", "zz/ff", "é", "𝒳"]);
  expect(await artifacts.listArtifacts("a/")).toEqual([run, "a/b/c", "a/c"]);
  expect(await artifacts.listArtifacts("a")).toEqual(["a!", "a-b", run, "a/b/c", "a/c"]);
  expect(await artifacts.listArtifacts("zz/f")).toEqual(["zz/ff"]);
  expect(await artifacts.listArtifacts(artifacts.objects.uri("zz/f"))).toEqual(["zz/ff"]);
  expect(await artifacts.listArtifacts(run)).toEqual([run]);
  expect(await artifacts.listArtifacts(`${run}/`)).toEqual([]);
  expect(await artifacts.listArtifacts(`${run}/m`)).toEqual([]);
  expect(await artifacts.listArtifacts("nothing")).toEqual([]);
});

testArtifacts("FA3 a materialized artifact lies under project, day, run, data, step and name", async (artifacts) => {
  const startedAt = new Date("2026-03-01T23:59:59.999Z");
  const path = await artifacts.materialize({ n: 1 }, "table", "run-1", "load", "sales", { startedAt });
  expect(path).toBe("sales/2026-03-01/run-1/data/load/table");
  expect(await artifacts.materialize({ n: 2 }, "table", "run-1", "load", "sales", { startedAt: startedAt.getTime() }))
    .toBe(path);
  expect(await artifacts.load(path)).toEqual({ n: 2 });
  expect(await artifacts.listArtifacts()).toEqual([path]);
  const today = await artifacts.materialize({ n: 3 }, "table", "run-1", "load");
  expect(today).toMatch(/^default\/\d{4}-\d\d-\d\d\/run-1\/data\/load\/table$/);
  expect(await artifacts.load(artifacts.objects.uri(today))).toEqual({ n: 3 });
});

testArtifacts("FA4 arrays materialize as .npy with what they are like", async (artifacts) => {
  const array = await artifacts.materialize(new NdArray(Float64Array.of(1, 2, 3, 4), [2, 2]), "a", "r", "s");
  expect(await artifacts.getMetadata(array)).toMatchObject({
    type: "NdArray",
    serializer: "array",
    format: "npy",
    files: [{ name: "data.npy" }],
    shape: [2, 2],
    dtype: "float64",
    min: 1,
    max: 4,
    mean: 2.5,
    std: Math.sqrt(1.25),
  });
  for (
    const typed of [
      ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
      ...[Float16Array, Float32Array, Float64Array],
    ].map((type) => type.of(2, 4, 6))
  ) {
    const path = await artifacts.materialize(typed, "t", "r", "s");
    expect(await artifacts.getMetadata(path)).toMatchObject({ format: "npy", shape: [3], min: 2, max: 6, mean: 4 });
    expect(await artifacts.load(path)).toStrictEqual(typed);
  }
  const empty = await artifacts.materialize(new Float32Array(), "e", "r", "s");
  expect(await artifacts.getMetadata(empty)).toMatchObject({ shape: [0], min: null, max: null, mean: null, std: null });
  const nan = await artifacts.materialize(Float64Array.of(NaN, 1, NaN, 3), "n", "r", "s");
  expect(await artifacts.getMetadata(nan)).toMatchObject({ nans: 2, min: 1, max: 3, mean: 2, std: 1 });
});

testArtifacts("FA5 neighbours with the same beginning keep separate metadata", async (artifacts) => {
  const paths = ["a", "a.b", "a.c", "a.meta", "a.json"];
  for (const path of paths) await artifacts.save(path, path, { path });
  for (const path of paths) expect(await artifacts.getMetadata(path)).toEqual({ path });
  expect(await artifacts.listArtifacts()).toEqual(["a", "a.b", "a.c", "a.json", "a.meta"]);
});

testArtifacts("FA6 saving again without metadata clears it", async (artifacts) => {
  await artifacts.save("same", "a", { k: 1 });
  await artifacts.save("same", "a");
  expect(await artifacts.getMetadata("a")).toBe(null);
  await artifacts.save("same", "a", { when: new Date(5), loss: NaN });
  expect(await artifacts.getMetadata("a")).toEqual({ when: new Date(5), loss: NaN });
});

// FA7 is in tests/storage/artifacts/faults_test.ts too, with every call that can fail.
testArtifacts(
  "FA7 a failed save keeps the old value, and a failed metadata write publishes nothing",
  async (artifacts) => {
    await artifacts.save("old", "a", { is: "old" });
    const metadata = { fn: () => 1 };
    await expect(artifacts.save("new", "a", metadata)).rejects.toThrow();
    await expect(artifacts.save("new", "b", metadata)).rejects.toThrow();
    await expect(artifacts.save({ fn: () => 1 }, "a", { is: "new" })).rejects.toThrow();
    expect(await artifacts.load("a")).toBe("old");
    expect(await artifacts.getMetadata("a")).toEqual({ is: "old" });
    expect(await artifacts.listArtifacts()).toEqual(["a"]);
  },
);

const VERBS: Readonly<Record<string, (artifacts: ArtifactStore, path: string) => Promise<unknown>>> = {
  save: (artifacts, path) => artifacts.save(1, path),
  saveStream: (artifacts, path) => artifacts.saveStream(new Blob(["x"]).stream(), path),
  load: (artifacts, path) => artifacts.load(path),
  loadStream: (artifacts, path) => artifacts.loadStream(path),
  exists: (artifacts, path) => artifacts.exists(path),
  delete: (artifacts, path) => artifacts.delete(path),
  listArtifacts: (artifacts, path) => artifacts.listArtifacts(`${path}/`),
  getMetadata: (artifacts, path) => artifacts.getMetadata(path),
  size: (artifacts, path) => artifacts.size(path),
  describe: (artifacts, path) => artifacts.describe(path),
  find: (artifacts, path) => artifacts.find({ prefix: `${path}/` }),
  lineage: (artifacts, path) => artifacts.lineage(path),
};

testArtifacts("FA8 a path out of the store is refused by every verb", async (artifacts) => {
  await artifacts.save(1, "inside");
  for (
    const path of [
      "../x",
      "a/../../x",
      "/etc/passwd",
      "file:///etc/passwd",
      "s3://other/x",
      "a\\b",
      "a\0b",
      ".artifacts",
      ".ARTIFACTS/x",
      "a/version~b",
    ]
  ) {
    for (const [verb, call] of Object.entries(VERBS)) {
      // A list of what the catalog keeps for itself is empty.
      if (/artifacts|version~/i.test(path) && /find|list/.test(verb)) continue;
      await expect(call(artifacts, path), `${verb} of ${path}`).rejects.toThrow(InvalidKeyError);
    }
  }
  for (const path of ["", artifacts.objects.uri("x").slice(0, -1)]) {
    await expect(artifacts.delete(path)).rejects.toThrow(InvalidKeyError);
  }
  for (const path of ["metadata.json", "a/metadata.json"]) {
    await expect(artifacts.save(1, path)).rejects.toThrow("choose another path");
  }
  const long = ["a", "b", "c", "d"].map((letter) => letter.repeat(174)).join("/");
  expect(await artifacts.load(await artifacts.save([1], `${long}x`))).toEqual([1]);
  expect(await artifacts.load(await artifacts.save(new Map(), `${long}x`))).toEqual(new Map());
  await expect(artifacts.save(1, `${long}xy`)).rejects.toThrow("longer than 700 UTF-8 bytes");
  expect(await artifacts.load("inside")).toBe(1);
});

Deno.test("FA8 a symbolic link out of the store is refused by every verb", async () => {
  await using folder = await temporaryFolder();
  const artifacts = new LocalArtifactStore({ path: `${folder.path}/store` });
  await Deno.mkdir(`${folder.path}/outside`);
  await Deno.writeTextFile(`${folder.path}/outside/x`, "secret");
  await Deno.symlink(`${folder.path}/outside`, `${folder.path}/store/link`);
  for (const [verb, call] of Object.entries(VERBS)) {
    if (verb === "find") continue;
    await expect(call(artifacts, "link/x"), verb).rejects.toThrow(InvalidKeyError);
  }
  expect(await Deno.readTextFile(`${folder.path}/outside/x`)).toBe("secret");
});

testArtifacts("FA9 a path and a URI mean the same, and a URI of another store is refused", async (artifacts) => {
  const uri = await artifacts.save([1], "p/k v.json");
  expect(uri).toBe(artifacts.objects.uri("p/k v.json"));
  expect(uri.replace(/^\w+:(?:\/\/)?/, "")).not.toContain("//");
  expect(await artifacts.load(uri)).toEqual([1]);
  for (const other of ["gs://elsewhere/p/k", "s3://elsewhere/p/k", "file:///p/k"]) {
    await expect(artifacts.load(other)).rejects.toThrow(InvalidKeyError);
  }
});

Deno.test("FA9 an absolute path inside the root loads", async () => {
  await using folder = await temporaryFolder();
  const artifacts = new LocalArtifactStore({ path: folder.path });
  await artifacts.save([1], `${folder.path}/p/k.json`);
  expect(await artifacts.load(`${folder.path}/p/k.json`)).toEqual([1]);
  expect(await artifacts.listArtifacts()).toEqual(["p/k.json"]);
});

testArtifacts("FA10 a store that can be used is valid, and nothing is left of the proof", async (artifacts) => {
  expect(await artifacts.validate()).toBe(true);
  expect(await keysOf(artifacts)).toEqual([]);
  expect(artifacts.toDict()).toMatchObject({ name: artifacts.objects.kind, type: artifacts.objects.kind });
});

Deno.test("FA10 a store whose place can not be one is not valid", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  expect(() => new LocalArtifactStore({ path: `${folder.path}/file` })).toThrow(ConfigError);
  const artifacts = new LocalArtifactStore({ path: `${folder.path}/store`, name: "mine" });
  expect((await Deno.stat(`${folder.path}/store`)).isDirectory).toBe(true);
  expect(artifacts.toDict()).toEqual({ name: "mine", type: "file", path: `${folder.path}/store` });
  await Deno.remove(`${folder.path}/store`);
  await Deno.writeTextFile(`${folder.path}/store`, "");
  await expect(artifacts.validate()).rejects.toThrow(ConfigError);
});

Deno.test("FA11 a store that denies access is an error, not an absence", async () => {
  class Denied extends MemoryObjectStore {
    override head(): Promise<never> {
      return Promise.reject(new PermissionError("The store denies access."));
    }
    override put(): Promise<never> {
      return Promise.reject(new PermissionError("The store denies access."));
    }
  }
  const artifacts = new AnyStore(new Denied());
  for (
    const call of [
      () => artifacts.exists("a"),
      () => artifacts.load("a"),
      () => artifacts.size("a"),
      () => artifacts.getMetadata("a"),
      () => artifacts.save(1, "a"),
      () => artifacts.validate(),
    ]
  ) {
    await expect(call()).rejects.toThrow(PermissionError);
  }
});

Deno.test("FA12 more than 1,000 artifacts are all listed and all removed", async () => {
  const artifacts = new MemoryArtifactStore();
  for (let i = 0; i < 1_200; i++) await artifacts.save(i, `many/${i}`, { i });
  await artifacts.materialize([1], "n", "r", "s", "many");
  await artifacts.save(1, "other");
  expect((await artifacts.listArtifacts("many/")).length).toBe(1_201);
  expect((await artifacts.find()).length).toBe(1_202);
  await artifacts.delete("many");
  expect(await artifacts.listArtifacts()).toEqual(["other"]);
  expect((await keysOf(artifacts)).length).toBe(2);
});

testArtifacts("FA13 a text that names a local file is kept as a text", async (artifacts) => {
  const path = new URL(import.meta.url).pathname;
  expect(await artifacts.load(await artifacts.save(path, "a"))).toBe(path);
  expect(await artifacts.load(await artifacts.materialize(path, "a", "r", "s"))).toBe(path);
  expect(await artifacts.size("a")).toBe(path.length);
});

/** Name, run, step and project of a materialized artifact. */
type Place = [name: string, run: string, step: string, project: string];

testArtifacts(
  "FA15 names of any kind stay inside the root and apart, and can be read from the path",
  async (artifacts) => {
    const names = [
      "../../etc/passwd",
      "..",
      ".",
      "a b",
      "a_b",
      "a%20b",
      "A_B",
      "é",
      "e\u0301",
      "x/y",
      "CON",
      "data",
      "metadata.json",
      "~",
      "version~1",
      "n".repeat(255),
    ];
    const paths = new Map<string, string>();
    for (const [i, name] of names.entries()) {
      const places: Place[] = [[name, "r", "s", "p"], ["n", name, "s", "p"], ["n", "r", name, "p"], [
        "n",
        "r",
        "s",
        name,
      ]];
      for (const where of places) {
        paths.set(await artifacts.materialize(`${i} ${where.indexOf(name)}`, ...where), `${i} ${where.indexOf(name)}`);
      }
      const [project = "", , run = "", data = "", step = "", last = ""] =
        (await artifacts.materialize(i, name, name, name, name)).split("/");
      expect(data).toBe("data");
      if (name.length < 100) expect([project, run, step, last].map(decodeName)).toEqual([name, name, name, name]);
    }
    for (const [path, value] of paths) expect(await artifacts.load(path)).toBe(value);
    expect(paths.size).toBe(4 * names.length);
    expect((await artifacts.find({ name: "n".repeat(255) })).length).toBe(2);
    const places: Place[] = [["", "r", "s", "p"], ["n", "", "s", "p"], ["n", "r", "", "p"], ["n", "r", "s", ""]];
    for (const where of places) {
      await expect(artifacts.materialize(1, ...where)).rejects.toThrow(InvalidKeyError);
    }
  },
);
