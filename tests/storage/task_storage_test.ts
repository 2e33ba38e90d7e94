import { expect } from "@std/expect";
import fc from "fast-check";
import { ConfigError, IntegrityError, InvalidKeyError, NotFoundError, SerializationError } from "../../src/errors.ts";
import { NdArray } from "../../storage/codec/ndarray.ts";
import { compareKeys } from "../../storage/keys.ts";
import { MemoryStorage } from "../../storage/memory_storage.ts";
import { entryOf } from "../../storage/protocols.ts";
import { Big, BigSerializer, failureOf, filesOf, onlyRecord } from "./big.ts";
import { testStorage } from "./stores.ts";

const HOSTILE = [
  "x/y",
  "../evil",
  "bigdata",
  ".x",
  "CON",
  "con",
  "nul.txt",
  "a".repeat(255),
  `${"a".repeat(254)}b`,
  "😀".repeat(63),
  "É".repeat(127),
  "..",
  ".",
  "a ",
  "a.",
  " ",
  "A",
  "a",
  "é",
  "e\u0301",
  "results",
  "files",
  '<>:"|?*\\',
  "%2e",
  "!a",
  "~",
  "__proto__",
  "\ufeff",
];

testStorage("FF3: a value is there again in a new process, and can be replaced", async (storage, again) => {
  const value = { rows: [1, 2, { deep: new Map([["a", new Set([1n])]]) }], when: new Date(5), text: "é😀" };
  await storage.save("etl", "load", value);
  expect(await again().readTask("etl", "load")).toEqual(value);
  await storage.save("etl", "load", "new");
  expect(await again().readTask("etl", "load")).toBe("new");
  expect(await storage.listTasks("etl")).toEqual(["load"]);
});

testStorage("FF4: a stored null or undefined is a result like any other", async (storage) => {
  for (const value of [null, undefined, 0, "", false, NaN, -0]) {
    await storage.save("etl", "a", value);
    expect(await storage.fileExists("etl", "a")).toBe(true);
    expect(Object.is(await storage.readTask("etl", "a"), value)).toBe(true);
  }
  expect(await storage.fileExists("etl", "b")).toBe(false);
  await expect(storage.readTask("etl", "b")).rejects.toThrow(NotFoundError);
  const error = await failureOf(storage.readTask("etl", "b"));
  expect(error.message).toBe('No result of task "b" of workflow "etl" is stored.');
  expect([error.workflow, error.node]).toEqual(["etl", "b"]);
});

testStorage("FF10: what is read is equal, and never the same object", async (storage) => {
  const value = { a: [1] };
  await storage.save("etl", "a", value);
  const first = await storage.readTask("etl", "a");
  expect(first).toEqual(value);
  expect(first).not.toBe(value);
  expect(await storage.readTask("etl", "a")).not.toBe(first);
  expect(storage.alwaysRead).toBe(false);
});

testStorage("FF11: tasks are listed sorted and by pattern, and removed by name and by pattern", async (storage) => {
  for (const task of ["b1", "a2", "a1"]) await storage.save("etl", task, task);
  await storage.save("other", "a1", "other");
  expect(await storage.listTasks("etl")).toEqual(["a1", "a2", "b1"]);
  expect(await storage.listTasks("etl", "*")).toEqual(["a1", "a2", "b1"]);
  expect(await storage.listTasks("etl", "a?")).toEqual(["a1", "a2"]);
  expect(await storage.listTasks("etl", "[ab]1")).toEqual(["a1", "b1"]);
  expect(await storage.listTasks("etl", /.*1/)).toEqual(["a1", "b1"]);
  expect(await storage.listTasks("unknown")).toEqual([]);
  await expect(storage.listTasks("etl", "[")).rejects.toThrow(ConfigError);
  await storage.removeTask("etl", { pattern: "a*" });
  expect(await storage.listTasks("etl")).toEqual(["b1"]);
  expect(await storage.readTask("etl", "b1")).toBe("b1");
  await storage.removeTask("etl", { pattern: "none*" });
  await expect(storage.removeTask("etl", { taskName: "a1" })).rejects.toThrow(NotFoundError);
  await storage.removeTask("etl", { taskName: "b1" });
  expect(await storage.listTasks("etl")).toEqual([]);
  await storage.removeWorkflow("unknown");
  await storage.removeWorkflow("etl");
  expect(await storage.listTasks("other")).toEqual(["a1"]);
});

testStorage("FF12: objects of a serializer are kept in files of their own, at any depth", async (storage, again) => {
  const serializer = new BigSerializer();
  storage.registerPersistentSerializers(serializer);
  const twice = new Big(3);
  await storage.save("etl", "a", { x: [new Big(1), new Big(2)], n: 3, twice: [twice, new Map([["k", twice]])] });
  expect(serializer.calls).toEqual(["pickle 1", "pickle 2", "pickle 3"]);
  expect((await filesOf(storage)).length).toBe(3);
  expect(await storage.listTasks("etl")).toEqual(["a"]);
  const reader = again();
  reader.registerPersistentSerializers(serializer);
  const value = await reader.readTask("etl", "a") as { x: Big[]; n: number; twice: [Big, Map<string, Big>] };
  expect([value.x[0]?.value, value.x[1]?.value, value.n]).toEqual([1, 2, 3]);
  expect(value.x[0]).toBeInstanceOf(Big);
  expect(value.twice[0]).toBe(value.twice[1].get("k"));
  await storage.removeTask("etl", { taskName: "a" });
  expect(serializer.calls.filter((call) => call === "remove").length).toBe(3);
  expect(await filesOf(storage)).toEqual([]);
  expect(await Array.fromAsync(storage.objects.list())).toEqual([]);
});

Deno.test("FF12: reading without the serializer says which one is missing", async () => {
  const storage = new MemoryStorage();
  storage.registerPersistentSerializers(new BigSerializer());
  await storage.save("etl", "a", [new Big(1)]);
  const other = new MemoryStorage();
  for await (const { key } of storage.objects.list()) await other.objects.put(key, await storage.objects.get(key));
  const error = await failureOf(other.readTask("etl", "a"));
  expect(error).toBeInstanceOf(SerializationError);
  expect(error.message).toMatch(/"a".*"etl".*"big".*not registered/);
  expect((await other.inspectTask("etl", "a"))?.damaged).toBe(undefined);
  await other.removeTask("etl", { taskName: "a" });
  expect(await filesOf(other)).toEqual([]);
});

testStorage(
  "FF18: a truncated, emptied, altered, foreign or exchanged record is damaged, and says how",
  async (storage) => {
    await storage.save("etl", "other", [3]);
    await storage.save("etl", "a", { rows: Array.from({ length: 100 }, (_, i) => `row ${i}`) });
    const key = "etl/results/a";
    const whole = await storage.objects.get(key);
    const damagedBy = async (bytes: Uint8Array, how: RegExp): Promise<void> => {
      await storage.objects.put(key, bytes);
      const error = await failureOf(storage.readTask("etl", "a"));
      expect(error).toBeInstanceOf(IntegrityError);
      expect(error.message).toMatch(/^The stored result of task "a" of workflow "etl" is damaged: /);
      expect(error.message).toMatch(how);
      expect([error.workflow, error.node]).toEqual(["etl", "a"]);
      expect((await storage.inspect("etl")).get("a")?.damaged).toMatch(how);
      expect((await storage.inspectTask("etl", "a"))?.damaged).toMatch(how);
      expect(await storage.listTasks("etl")).toEqual(["a", "other"]);
    };
    await damagedBy(new Uint8Array(), /it is empty/);
    await damagedBy(whole.subarray(0, 20), /ends after 20 bytes/);
    await damagedBy(whole.subarray(0, -1), /instead of/);
    await damagedBy(new Uint8Array([...whole, 0]), /instead of/);
    await damagedBy(
      new TextEncoder().encode("something else that somebody put there, long enough to be a record"),
      /does not begin/,
    );
    await damagedBy(await storage.objects.get("etl/results/other"), /it is the result of task "other"/);
    await storage.save("etl", "a", "again");
    expect(await storage.readTask("etl", "a")).toBe("again");
  },
);

testStorage("FF18: any flipped bit and any cut is noticed", async (storage) => {
  const serializer = new BigSerializer();
  storage.registerPersistentSerializers(serializer);
  await storage.save("etl", "a", { big: new Big(1), text: "some text", list: [1, 2, 3] });
  const keys = [await onlyRecord(storage, "etl"), ...await filesOf(storage)];
  for (const key of keys) {
    const whole = await storage.objects.get(key);
    const isTrailer = (byte: number): boolean => key === keys[0] && byte >= whole.length - 32;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), fc.boolean(), async (byte, bit, cut) => {
        const bytes = whole.slice(0, cut ? byte : undefined);
        if (!cut) bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
        await storage.objects.put(key, bytes);
        // A load takes no SHA-256, so damage to that alone is for `verify`.
        if (cut || !isTrailer(byte)) await expect(storage.readTask("etl", "a")).rejects.toThrow(IntegrityError);
        expect((await storage.inspectTask("etl", "a", { verify: true }))?.damaged).toBeDefined();
        expect((await storage.inspect("etl", { verify: true })).get("a")?.damaged).toBeDefined();
      }),
      { numRuns: 150 },
    );
    await storage.objects.delete(key);
    await expect(storage.readTask("etl", "a")).rejects.toThrow(key === keys[0] ? NotFoundError : IntegrityError);
    await storage.objects.put(key, whole);
    expect(await storage.readTask("etl", "a")).toEqual({ big: new Big(1), text: "some text", list: [1, 2, 3] });
  }
});

testStorage(
  "FF19: a value that can not be stored is an error with the path, and nothing is left behind",
  async (storage) => {
    storage.registerPersistentSerializers(new BigSerializer());
    await storage.save("etl", "a", [new Big(1)]);
    const before = (await Array.fromAsync(storage.objects.list())).map(({ key }) => key);
    const bad = { rows: [1, new Big(2), { fn: () => 1 }] };
    const error = await failureOf(storage.save("etl", "a", bad));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toMatch(/"a".*"etl".*rows\[2\]\.fn/);
    expect([error.workflow, error.node]).toEqual(["etl", "a"]);
    await expect(storage.save("etl", "new", bad)).rejects.toThrow(SerializationError);
    expect((await Array.fromAsync(storage.objects.list())).map(({ key }) => key)).toEqual(before);
    expect(await storage.readTask("etl", "a")).toEqual([new Big(1)]);
  },
);

testStorage(
  "FF20: any name of 1 to 255 bytes is kept and listed unchanged, every other is refused",
  async (storage, again) => {
    for (const [i, name] of HOSTILE.entries()) {
      await storage.save("etl", name, i);
      await storage.save(name, "task", i);
    }
    const reader = again();
    for (const [i, name] of HOSTILE.entries()) {
      expect(await reader.readTask("etl", name)).toBe(i);
      expect(await reader.readTask(name, "task")).toBe(i);
      expect(await reader.fileExists("etl", name)).toBe(true);
      expect((await reader.inspectTask("etl", name))?.name).toBe(name);
    }
    expect(await reader.listTasks("etl")).toEqual(HOSTILE.toSorted(compareKeys));
    expect([...(await reader.inspect("etl")).keys()].toSorted(compareKeys)).toEqual(HOSTILE.toSorted(compareKeys));
    expect(await reader.listTasks("etl", "*/*")).toEqual(["../evil", "x/y"]);
    for (const name of ["", "a".repeat(256), "é".repeat(128), "a\nb", "\0", "a\x7f", "\ud800"]) {
      await expect((async () => await storage.save("etl", name, 1))()).rejects.toThrow(InvalidKeyError);
      await expect((async () => await storage.save(name, "a", 1))()).rejects.toThrow(InvalidKeyError);
      await expect(storage.readTask("etl", name)).rejects.toThrow(InvalidKeyError);
      await expect(storage.fileExists(name, "a")).rejects.toThrow(InvalidKeyError);
      await expect(storage.newWorkflow(name)).rejects.toThrow(InvalidKeyError);
      await expect(storage.listTasks(name)).rejects.toThrow(InvalidKeyError);
      await expect(storage.removeTask("etl", { taskName: name })).rejects.toThrow(InvalidKeyError);
      await expect(storage.removeWorkflow(name)).rejects.toThrow(InvalidKeyError);
      await expect(storage.inspect(name)).rejects.toThrow(InvalidKeyError);
      expect(() => storage.protocols(name)).toThrow(InvalidKeyError);
    }
    for (const name of HOSTILE) {
      await reader.removeTask("etl", { taskName: name });
      await reader.removeWorkflow(name);
    }
    expect(await Array.fromAsync(storage.objects.list())).toEqual([]);
  },
);

testStorage("typed arrays and NdArrays are kept as .npy files, which go with the result", async (storage, again) => {
  const value = {
    weights: new Float64Array([1, -0, NaN, Infinity]),
    ids: new BigInt64Array([1n, -1n]),
    half: new Float16Array([0.5]),
    image: new NdArray(new Uint8Array([1, 2, 3, 4, 5, 6]), [2, 3]),
    empty: new Int32Array(),
  };
  await storage.save("etl", "a/b", value);
  const files = await filesOf(storage);
  expect(files.length).toBe(5);
  for (const file of files) expect(file).toMatch(/^etl\/files\/a%2fb\/.*\.npy$/);
  const read = await again().readTask("etl", "a/b") as typeof value;
  expect(read.weights).toEqual(value.weights);
  expect(read.ids).toEqual(value.ids);
  expect(read.half).toEqual(value.half);
  expect(read.image).toBeInstanceOf(NdArray);
  expect([read.image.shape, read.image.data]).toEqual([[2, 3], value.image.data]);
  expect(read.empty).toEqual(new Int32Array());
  await storage.save("etl", "a/b", new Uint8Array([7]));
  expect((await filesOf(storage)).length).toBe(1);
  expect(files).not.toContain((await filesOf(storage))[0]);
  await storage.save("etl", "a/b", "small");
  expect(await filesOf(storage)).toEqual([]);
});

testStorage("the protocols of a workflow are files by name, confined to it", async (storage) => {
  await storage.save("etl", "a", 1);
  const protocols = storage.protocols("etl");
  expect(Object.keys(protocols)).toEqual([storage.objects.kind]);
  const files = entryOf(protocols);
  await files.write("x/y.bin", [new Uint8Array([1, 2]), new Uint8Array([3])]);
  await files.write("z", new Blob(["text"]).stream());
  expect(await files.read("x/y.bin")).toEqual(new Uint8Array([1, 2, 3]));
  expect(await files.read("x/y.bin", { start: 1, end: 2 })).toEqual(new Uint8Array([2]));
  expect(await new Response(await files.open("z")).text()).toBe("text");
  expect(await new Response(await files.open("z", { start: 1 })).text()).toBe("ext");
  await files.write("z", new Uint8Array([9]));
  await files.remove("x/y.bin");
  await files.remove("x/y.bin");
  await expect(files.read("x/y.bin")).rejects.toThrow(NotFoundError);
  await expect(files.open("x/y.bin")).rejects.toThrow(NotFoundError);
  for (const name of ["../results/a", "/etc/passwd", "", "a//b", "..", "a\0"]) {
    await expect(files.read(name)).rejects.toThrow(InvalidKeyError);
    await expect(files.open(name)).rejects.toThrow(InvalidKeyError);
    await expect(files.write(name, new Uint8Array(1))).rejects.toThrow(InvalidKeyError);
    await expect(files.remove(name)).rejects.toThrow(InvalidKeyError);
  }
  expect(await storage.listTasks("etl")).toEqual(["a"]);
  await storage.removeWorkflow("etl");
  expect(await Array.fromAsync(storage.objects.list())).toEqual([]);
});

testStorage("a workflow of the same prefix, and tasks of the same prefix, are left alone", async (storage) => {
  for (const [workflow, task] of [["w", "a"], ["w2", "a"], ["w", "ab"], ["W", "a"]] as const) {
    await storage.save(workflow, task, [new Uint8Array(3)]);
  }
  await storage.removeTask("w", { taskName: "a" });
  expect(await storage.listTasks("w")).toEqual(["ab"]);
  expect(await storage.readTask("w", "ab")).toEqual([new Uint8Array(3)]);
  await storage.removeWorkflow("w");
  expect(await storage.readTask("w2", "a")).toEqual([new Uint8Array(3)]);
  expect(await storage.readTask("W", "a")).toEqual([new Uint8Array(3)]);
});

testStorage("what is stored last under one name is there, whole, when many save at once", async (storage, again) => {
  const values = Array.from(
    { length: 20 },
    (_, i) => i % 2 === 0 ? { i, data: new Float64Array(1000).fill(i) } : { i },
  );
  await Promise.all(values.map((value) => storage.save("etl", "a", value)));
  const stored = await again().readTask("etl", "a") as { i: number };
  expect(stored).toEqual(values[stored.i]);
  expect((await filesOf(storage)).length).toBe(stored.i % 2 === 0 ? 1 : 0);
});

Deno.test("entryOf() says that there is no entry", () => {
  expect(() => entryOf({})).toThrow(ConfigError);
  expect(entryOf(new MemoryStorage().protocols("etl"))).toBeDefined();
});

testStorage("newWorkflow() leaves what is there", async (storage) => {
  await storage.newWorkflow("etl");
  expect(await storage.listTasks("etl")).toEqual([]);
  await storage.save("etl", "a", 1);
  await storage.newWorkflow("etl");
  expect(await storage.readTask("etl", "a")).toBe(1);
});
