import { expect } from "@std/expect";
import {
  ArtifactStore,
  ChunkedArray,
  type ListedObject,
  type ListOptions,
  MemoryObjectStore,
} from "@fusewire/fusewire";
import { testArtifacts } from "./stores.ts";

/** The n-th value: of one file, or of several. */
function nth(n: number): unknown {
  if (n % 3 === 0) return { n };
  return ChunkedArray.create({ shape: [2], chunks: [1], dtype: "int32" }, () => Int32Array.of(n));
}

testArtifacts(
  "a reader sees one save or another, with its metadata, while the path is saved again and again",
  async (artifacts) => {
    await artifacts.save(nth(0), "x", { n: 0 });
    let isOver = false;
    const writing = (async () => {
      for (let n = 1; n <= 40; n++) await artifacts.save(nth(n), "x", { n });
      isOver = true;
    })();
    // A store of its own, as another process has it: nothing makes it wait for the writer.
    const reader = new ArtifactStore(artifacts.objects);
    let reads = 0;
    while (!isOver) {
      const value = await reader.load("x");
      if (!(value instanceof ChunkedArray)) expect(value).toEqual({ n: expect.any(Number) });
      const metadata = await reader.getMetadata("x");
      const entry = await reader.describe("x");
      expect(metadata?.["n"]).toEqual(expect.any(Number));
      expect(entry?.type).toBe(Number(entry?.metadata?.["n"]) % 3 === 0 ? "Object" : "ChunkedArray");
      expect(await reader.exists("x")).toBe(true);
      reads++;
      // Reads of small files take no turn of the event loop, so that the writer would never get one.
      await new Promise((resolve) => setTimeout(resolve));
    }
    await writing;
    expect(await reader.listArtifacts()).toEqual(["x"]);
    expect(await reader.listArtifacts()).toEqual(["x"]);
    expect(reads).toBeGreaterThan(0);
    expect(await reader.getMetadata("x")).toEqual({ n: 40 });
    const keys = await Array.fromAsync(artifacts.objects.list(), ({ key }) => key);
    expect(keys.filter((key) => key.includes("records")).length).toBe(1);
    expect(keys.some((key) => key.includes("moved"))).toBe(false);
  },
);

testArtifacts("two stores that save at one path leave one of both, whole", async (artifacts) => {
  const other = new ArtifactStore(artifacts.objects);
  for (let round = 0; round < 15; round++) {
    await Promise.allSettled([
      artifacts.save({ by: "a" }, "x", { by: "a" }),
      other.save({ by: "b" }, "x", { by: "b" }),
    ]);
    const value = await other.load("x");
    expect(await other.getMetadata("x")).toEqual(value);
    expect(await other.listArtifacts()).toEqual(["x"]);
  }
});

testArtifacts("a list and a search miss none that is replaced meanwhile", async (artifacts) => {
  const paths = ["a", "b", "c"];
  for (const path of paths) await artifacts.save(0, path, {}, { run: "r" });
  let isOver = false;
  const writing = (async () => {
    try {
      for (let n = 1; n <= 15; n++) for (const path of paths) await artifacts.save(n, path, {}, { run: "r" });
    } finally {
      isOver = true;
    }
  })();
  const reader = new ArtifactStore(artifacts.objects);
  while (!isOver) {
    expect((await reader.find({ run: "r" })).map(({ path }) => path)).toEqual(paths);
    expect(await reader.listArtifacts()).toEqual(paths);
    await new Promise((resolve) => setTimeout(resolve));
  }
  await writing;
});

/** Lists as S3 and Google Cloud Storage do, where beginnings are read after the list; what is gone by then is left out. */
class ListsFirst extends MemoryObjectStore {
  /** Called once between a list with beginnings and their reading. */
  between: (() => Promise<unknown>) | undefined;

  override async *pages(prefix = "", options: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void> {
    const listed = (await Array.fromAsync(super.pages(prefix))).flat();
    const { between } = this;
    if (options.headBytes !== undefined) {
      this.between = undefined;
      await between?.();
    }
    const there = new Map((await Array.fromAsync(super.pages(prefix, options))).flat().map((each) => [each.key, each]));
    yield listed.flatMap(({ key }) => there.get(key) ?? []);
  }
}

Deno.test("a search finds what was saved again between the list of records and their reading", async () => {
  const objects = new ListsFirst();
  const artifacts = new ArtifactStore(objects);
  for (const path of ["a", "b", "c"]) await artifacts.save(0, path, {}, { run: "r" });
  objects.between = async () => await artifacts.save(1, "b", {}, { run: "r" });
  expect((await artifacts.find({ run: "r" })).map(({ path }) => path)).toEqual(["a", "b", "c"]);
  expect(objects.between).toBeUndefined();
});
