import { expect } from "@std/expect";
import {
  ConfigError,
  getMaterializer,
  InvalidKeyError,
  type Materializer,
  NdArray,
  registerMaterializer,
  SerializationError,
} from "@fusewire/fusewire";
import { testArtifacts } from "./stores.ts";

class Model {
  constructor(readonly bias: number, readonly weights: Float64Array) {}
}

const modelMaterializer: Materializer<Model> = {
  name: "test-model",
  handles: (value) => value instanceof Model,
  async save(model, dir) {
    await dir.write("weights.bin", new Uint8Array(model.weights.buffer));
    await dir.write("a/b/bias.txt", [new TextEncoder().encode(String(model.bias))]);
    await dir.write("scratch", new Uint8Array(1));
    await dir.remove("scratch");
    return { format: "model 1", statistics: { bias: model.bias } };
  },
  async load(dir, before) {
    expect(before.format).toBe("model 1");
    expect(await dir.list()).toEqual(["a/b/bias.txt", "weights.bin"]);
    expect(await dir.size("weights.bin")).toBe(16);
    const bias = new TextDecoder().decode(await new Response(await dir.open("a/b/bias.txt")).bytes());
    const first = new Float64Array((await dir.read("weights.bin", { end: 8 })).buffer);
    const second = new Float64Array((await dir.read("weights.bin", { start: 8 })).buffer);
    return new Model(Number(bias), Float64Array.of(...first, ...second));
  },
};
registerMaterializer(modelMaterializer);

const model = (bias = 1): Model => new Model(bias, Float64Array.of(2, 3));

testArtifacts("a registered materializer keeps its class, by itself and within other values", async (artifacts) => {
  for (const path of [await artifacts.save(model(), "m/x"), await artifacts.materialize(model(), "m", "r", "s")]) {
    expect(await artifacts.load(path)).toStrictEqual(model());
    expect(await artifacts.describe(path)).toMatchObject({
      type: "Model",
      materializer: "test-model",
      format: "model 1",
      size: 17,
      statistics: { bias: 1 },
    });
  }
  const both = new Map([["a", model(1)], ["b", model(2)]]);
  for (const path of [await artifacts.save(both, "both"), await artifacts.materialize(both, "both", "r", "s")]) {
    expect(await artifacts.load(path)).toStrictEqual(both);
  }
  registerMaterializer({
    name: "test-tagged",
    handles: (value) => typeof value === "object" && value !== null && "tagged" in value,
    save: (value: { readonly tagged: string }, dir) => dir.write("tag", new TextEncoder().encode(value.tagged)),
    load: async (dir) => ({ tagged: new TextDecoder().decode(await dir.read("tag")) }),
  });
  const plain = { list: [{ tagged: "a" }] };
  for (const path of [await artifacts.save(plain, "plain"), await artifacts.materialize(plain, "plain", "r", "s")]) {
    expect(await artifacts.load(path)).toEqual(plain);
    expect((await artifacts.describe(path))?.statistics).toMatchObject({ parts: [{ materializer: "test-tagged" }] });
  }
  const one = model();
  const [first, second] = Object.values(Object(await artifacts.load(await artifacts.save([one, one], "twice"))));
  expect(first).toStrictEqual(one);
  expect(second).toBe(first);
});

testArtifacts("a folder has what it is in its metadata.json", async (artifacts) => {
  await artifacts.save(model(), "m/x", { k: 1 });
  const metadata = JSON.parse(new TextDecoder().decode(await artifacts.objects.get("m/x/metadata.json")));
  expect(metadata).toMatchObject({
    type: "Model",
    serializer: "test-model",
    format: "model 1",
    statistics: { bias: 1 },
    metadata: { k: 1 },
    files: [{ name: "a/b/bias.txt", size: 1 }, { name: "weights.bin", size: 16 }],
  });
  expect(await artifacts.getMetadata("m/x")).toEqual({ k: 1 });
  for (const key of ["m/x/metadata.json"]) await expect(artifacts.delete(key)).rejects.toThrow(InvalidKeyError);
  await expect(artifacts.loadStream("m/x")).rejects.toThrow("it has 2 files, and not one");
});

testArtifacts("artifacts may lie below an artifact of several files, not below one of one file", async (artifacts) => {
  await artifacts.save(model(1), "m");
  await artifacts.save(model(2), "m/inner");
  await artifacts.save("text", "m/text");
  await artifacts.save(model(3), "m");
  expect(await artifacts.listArtifacts()).toEqual(["m", "m/inner", "m/text"]);
  expect(await artifacts.load("m/inner")).toStrictEqual(model(2));
  await expect(artifacts.save("text", "m")).rejects.toThrow(InvalidKeyError);
  expect(await artifacts.load("m")).toStrictEqual(model(3));
  for (const value of [model(), "text"]) {
    await expect(artifacts.save(value, "m/text/below")).rejects.toThrow(InvalidKeyError);
  }
  expect(await artifacts.load("m/text")).toBe("text");
  await artifacts.delete("m");
  expect(await Array.fromAsync(artifacts.objects.list())).toEqual([]);
});

testArtifacts("a materializer that fails leaves the old, and may write what it likes", async (artifacts) => {
  class Broken {}
  registerMaterializer({
    name: "test-broken",
    handles: (value) => value instanceof Broken,
    async save(_: Broken, dir) {
      await dir.write("half", new Uint8Array(9));
      throw new Error("out of ideas");
    },
    load: () => Promise.resolve(new Broken()),
  });
  for (const old of ["text", model()]) {
    await artifacts.save(old, "x", { is: "old" });
    const saving = artifacts.save(new Broken(), "x", { is: "new" });
    await expect(saving).rejects.toThrow('The artifact "x" can not be stored: its materializer failed (out of ideas).');
    expect(await artifacts.load("x")).toStrictEqual(old);
    expect(await artifacts.getMetadata("x")).toEqual({ is: "old" });
  }
  class Nothing {}
  registerMaterializer({
    name: "test-nothing",
    handles: (value) => value instanceof Nothing,
    save: () => Promise.resolve(),
    load: () => Promise.resolve(new Nothing()),
  });
  expect(await artifacts.load(await artifacts.save(new Nothing(), "y"))).toBeInstanceOf(Nothing);
  expect(await artifacts.listArtifacts()).toEqual(["x", "y"]);
  expect(await artifacts.describe("y")).toMatchObject({ type: "Nothing", format: "test-nothing", size: 0 });
  class Bad {}
  registerMaterializer({
    name: "test-bad",
    handles: (value) => value instanceof Bad,
    async save(_: Bad, dir) {
      await dir.write("a", new Uint8Array(1));
      await dir.write("a/b", new Uint8Array(1));
    },
    load: () => Promise.resolve(new Bad()),
  });
  await expect(artifacts.save(new Bad(), "z")).rejects.toThrow(InvalidKeyError);
});

testArtifacts(
  "the last one that was registered wins, one of the same name takes its place, and all win over those built in",
  async (artifacts) => {
    class Word {
      constructor(readonly text: string) {}
    }
    const named = (name: string, mark: string): Materializer<Word> => ({
      name,
      handles: (value) => value instanceof Word,
      save: (word, dir) => dir.write("word", new TextEncoder().encode(word.text)),
      load: async (dir) => new Word(mark + new TextDecoder().decode(await dir.read("word"))),
    });
    registerMaterializer(named("test-word-1", "1"));
    registerMaterializer(named("test-word-2", "2"));
    expect(getMaterializer(new Word("")).name).toBe("test-word-2");
    await artifacts.save(new Word("x"), "x");
    expect(await artifacts.load("x")).toEqual(new Word("2x"));
    registerMaterializer(named("test-word-2", "3"));
    expect(await artifacts.load("x")).toEqual(new Word("3x"));
    registerMaterializer(named("test-word-1", "1"));
    expect(getMaterializer(new Word("")).name).toBe("test-word-1");
  },
);

Deno.test("every value has a materializer, and what is none is refused", () => {
  const names = [
    1,
    "a",
    new Uint8Array(1),
    new NdArray(new Int8Array(1), [1]),
    new Map(),
    { a: 1 },
    new Blob(),
    new ReadableStream(),
  ];
  expect(names.map((value) => getMaterializer(value).name)).toEqual([
    "json",
    "text",
    "array",
    "array",
    "value",
    "json",
    "blob",
    "stream",
  ]);
  expect(() => registerMaterializer({ ...modelMaterializer, name: "" })).toThrow(ConfigError);
  expect(() => registerMaterializer({ ...modelMaterializer, name: "array" })).toThrow(
    "has the name of one that is built in",
  );
});

testArtifacts("an artifact of a materializer that is not registered says so", async (artifacts) => {
  const path = await artifacts.materialize(model(), "m", "r", "s");
  const key = `${path}/metadata.json`;
  const text = new TextDecoder().decode(await artifacts.objects.get(key));
  await artifacts.objects.put(key, new TextEncoder().encode(text.replace("test-model", "test-gone")));
  await expect(artifacts.load(path)).rejects.toThrow(SerializationError);
  await expect(artifacts.load(path)).rejects.toThrow('The materializer "test-gone" is not registered');
});
