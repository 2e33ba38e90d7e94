import { expect } from "@std/expect";
import { ConfigError, IntegrityError, SerializationError } from "../../src/errors.ts";
import { sha256Hex } from "../../storage/digest.ts";
import { entryOf, type Protocols } from "../../storage/protocols.ts";
import { PreparedResult } from "../../storage/prepared_result.ts";
import { Big, BigSerializer, failureOf, filesOf } from "./big.ts";
import { testStorage } from "./stores.ts";

testStorage("prepare() encodes at once what needs no serializer", async (storage) => {
  const value = { rows: [1, 2, 3], bytes: new ArrayBuffer(10_000) };
  const prepared = storage.prepare("etl", "a", value);
  expect(prepared).toBeInstanceOf(PreparedResult);
  value.rows.push(4);
  new Uint8Array(value.bytes).fill(7);
  expect(await storage.fileExists("etl", "a")).toBe(false);
  await (await prepared).write();
  expect(await storage.readTask("etl", "a")).toEqual({ rows: [1, 2, 3], bytes: new ArrayBuffer(10_000) });
});

testStorage("prepare() throws at once for what can not be encoded", (storage) => {
  expect(() => storage.prepare("etl", "a", { fn() {} })).toThrow(SerializationError);
  return Promise.resolve();
});

testStorage("prepare() with a serializer resolves when its files are written", async (storage) => {
  const value = { data: new Float64Array([1, 2]), rows: [1] };
  const prepared = await storage.prepare("etl", "a", value);
  value.data.fill(9);
  value.rows.push(2);
  expect((await filesOf(storage)).length).toBe(1);
  expect(await storage.fileExists("etl", "a")).toBe(false);
  await prepared.write();
  expect(await storage.readTask("etl", "a")).toEqual({ data: new Float64Array([1, 2]), rows: [1] });
});

testStorage("a prepared result is written or discarded once", async (storage) => {
  await storage.save("etl", "a", new Uint8Array([1]));
  const discarded = await storage.prepare("etl", "a", new Uint8Array([2]));
  expect((await filesOf(storage)).length).toBe(2);
  await discarded.discard();
  await discarded.discard();
  expect((await filesOf(storage)).length).toBe(1);
  await expect(discarded.write()).rejects.toThrow(ConfigError);
  const written = await storage.prepare("etl", "a", new Uint8Array([3]));
  expect(written.byteLength).toBeGreaterThan(0);
  await written.write();
  await written.discard();
  await expect(written.write()).rejects.toThrow(ConfigError);
  expect(await storage.readTask("etl", "a")).toEqual(new Uint8Array([3]));
  expect((await filesOf(storage)).length).toBe(1);
});

testStorage("what is stored with a value is plain data, and is read without the value", async (storage) => {
  const meta = { key: "abc", inputs: { a: [1, null, true, "é😀"] }, __proto__: null };
  const prepared = await storage.prepare("etl", "a", { v: 1 }, meta);
  meta.inputs.a.push(2);
  await prepared.write();
  const stored = { key: "abc", inputs: { a: [1, null, true, "é😀"] } };
  expect(await storage.load("etl", "a")).toEqual({ value: { v: 1 }, meta: stored });
  expect((await storage.inspect("etl")).get("a")?.meta).toEqual(stored);
  expect((await storage.inspectTask("etl", "a"))?.meta).toEqual(stored);
  await storage.save("etl", "b", 1);
  expect(await storage.load("etl", "b")).toEqual({ value: 1, meta: {} });
  const bad: [Record<string, unknown>, string][] = [
    [{ a: { b: [1n] } }, "meta.a.b[0]"],
    [{ a: undefined }, "meta.a"],
    [{ a: NaN }, "meta.a"],
    [{ a: -0 }, "meta.a"],
    [{ a: new Date() }, "meta.a"],
    [{ a: () => 1 }, "meta.a"],
    [{ a: Symbol("s") }, "meta.a"],
  ];
  for (const [meta, path] of bad) {
    expect(() => storage.prepare("etl", "a", 1, meta)).toThrow(SerializationError);
    expect(() => storage.prepare("etl", "a", 1, meta)).toThrow(path);
    await expect(storage.prepare("etl", "a", new Uint8Array(1), meta)).rejects.toThrow(SerializationError);
  }
  expect(await filesOf(storage)).toEqual([]);
});

testStorage("a load with the entry of a look does not read a small record again", async (storage) => {
  await storage.save("etl", "small", { a: 1 });
  await storage.save("etl", "large", "x".repeat(20_000));
  const entries = await storage.inspect("etl");
  await storage.save("etl", "small", { a: 2 });
  await storage.save("etl", "large", "y");
  expect((await storage.load("etl", "small", entries.get("small"))).value).toEqual({ a: 1 });
  expect((await storage.load("etl", "large", entries.get("large"))).value).toBe("y");
  expect((await storage.load("etl", "small", entries.get("large"))).value).toEqual({ a: 2 });
});

testStorage("a look at many results finds each one", async (storage) => {
  const tasks = Array.from({ length: 300 }, (_, i) => `task_${String(i).padStart(3, "0")}`);
  await Promise.all(tasks.map((task, i) => storage.save("etl", task, "x".repeat(i * 100))));
  const entries = await storage.inspect("etl");
  expect([...entries.keys()]).toEqual(tasks);
  expect([...entries.values()].every((entry) => entry.damaged === undefined)).toBe(true);
  for (const [i, task] of tasks.entries()) {
    const { size } = await storage.objects.head(`etl/results/${task}`) ?? { size: -1 };
    expect(entries.get(task)?.byteLength).toBe(size);
    expect((await storage.load("etl", task, entries.get(task))).value).toBe("x".repeat(i * 100));
  }
});

testStorage(
  "a look finds the name of a record whose key is shortened, and a damaged one stays apart",
  async (storage) => {
    const name = `${"N".repeat(200)} end`;
    await storage.save("etl", name, 1);
    expect([...(await storage.inspect("etl")).keys()]).toEqual([name]);
    const [record] = await Array.fromAsync(storage.objects.list());
    await storage.objects.put(record?.key ?? "", new Uint8Array(3));
    const [damaged] = (await storage.inspect("etl")).values();
    expect(damaged?.damaged).toBeDefined();
    expect((await storage.inspectTask("etl", name))?.damaged).toBeDefined();
    expect(await storage.listTasks("etl")).toEqual([]);
    await storage.save("etl", name, 2);
    expect(await storage.listTasks("etl")).toEqual([name]);
  },
);

testStorage("a look passes over what is not ours", async (storage) => {
  await storage.save("etl", "a", 1);
  await storage.objects.put("etl/results/NOT OURS", new Uint8Array(3));
  expect([...(await storage.inspect("etl")).keys()]).toEqual(["a"]);
  expect(await storage.listTasks("etl")).toEqual(["a"]);
  expect((await storage.inspect("none")).size).toBe(0);
  expect(await storage.inspectTask("etl", "none")).toBe(undefined);
});

testStorage(
  "a serializer that fails half way leaves nothing, and the error says whose result it was",
  async (storage) => {
    class Failing extends BigSerializer {
      override async pickle(big: Big, protocols: Protocols): Promise<[string, string]> {
        const answer = await super.pickle(big, protocols);
        if (big.value === 3) throw new Error("the third broke");
        return answer;
      }
    }
    storage.registerPersistentSerializers(new Failing());
    await storage.save("etl", "a", [new Big(1)]);
    const before = await filesOf(storage);
    const error = await failureOf(storage.save("etl", "a", [1, 2, 3, 4].map((value) => new Big(value))));
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toMatch(/"a".*"etl".*"big".*the third broke/);
    expect(error.cause).toEqual(new Error("the third broke"));
    expect(await filesOf(storage)).toEqual(before);
  },
);

testStorage("after one object fails, no more are begun", async (storage) => {
  class Failing extends BigSerializer {
    override async pickle(big: Big, protocols: Protocols): Promise<[string, string]> {
      await super.pickle(big, protocols);
      throw new Error("broke");
    }
  }
  const serializer = new Failing();
  storage.registerPersistentSerializers(serializer);
  await expect(storage.save("etl", "a", Array.from({ length: 100 }, (_, i) => new Big(i)))).rejects.toThrow("broke");
  expect(serializer.calls.length).toBeLessThan(10);
  expect(await filesOf(storage)).toEqual([]);
});

testStorage("what a serializer finds damaged is a damaged result", async (storage) => {
  class Strict extends BigSerializer {
    override unpickle(): Promise<Big> {
      return Promise.reject(new IntegrityError("It is not a Big."));
    }
  }
  storage.registerPersistentSerializers(new Strict());
  await storage.save("etl", "a", new Big(1));
  const error = await failureOf(storage.readTask("etl", "a"));
  expect(error).toBeInstanceOf(IntegrityError);
  expect(error.message).toBe(
    'The stored result of task "a" of workflow "etl" is damaged: It is not a Big. Save it again, or remove it.',
  );
});

testStorage("a missing file is noticed by a close look", async (storage) => {
  await storage.save("etl", "a", [new Uint8Array(3), new Uint8Array(4)]);
  expect((await storage.inspectTask("etl", "a", { verify: true }))?.damaged).toBe(undefined);
  const [file = ""] = await filesOf(storage);
  const bytes = await storage.objects.get(file);
  await storage.objects.put(file, bytes.subarray(1));
  expect((await storage.inspectTask("etl", "a", { verify: true }))?.damaged).toMatch(/has \d+ bytes instead of/);
  await storage.objects.delete(file);
  expect((await storage.inspectTask("etl", "a"))?.damaged).toBe(undefined);
  expect((await storage.inspectTask("etl", "a", { verify: true }))?.damaged).toMatch(/its file ".*" is missing/);
});

testStorage("a large array comes back, and damage anywhere in it is noticed", async (storage) => {
  const array = new Float64Array(9_000_000).map((_, i) => i);
  await storage.save("etl", "a", { array });
  const read = await storage.readTask("etl", "a") as { array: Float64Array };
  expect(sha256Hex(new Uint8Array(read.array.buffer))).toBe(sha256Hex(new Uint8Array(array.buffer)));
  const [file = ""] = await filesOf(storage);
  const bytes = await storage.objects.get(file);
  for (const place of [1000, 40_000_000, bytes.length - 1]) {
    const altered = bytes.slice();
    altered[place] = (altered[place] ?? 0) ^ 1;
    await storage.objects.put(file, altered);
    await expect(storage.readTask("etl", "a")).rejects.toThrow(IntegrityError);
  }
});

testStorage("a serializer that answers wrongly is refused, and leaves nothing", async (storage) => {
  class Wrong extends BigSerializer {
    answer: unknown;
    override async pickle(big: Big, protocols: Protocols): Promise<[string, string]> {
      await super.pickle(big, protocols);
      // deno-lint-ignore no-explicit-any -- from JavaScript anything may come
      return this.answer as any;
    }
  }
  const serializer = new Wrong();
  storage.registerPersistentSerializers(serializer);
  for (const answer of [undefined, "big", ["other", 1], [3, 1]]) {
    serializer.answer = answer;
    await expect(storage.save("etl", "a", new Big(1))).rejects.toThrow(SerializationError);
    await expect(storage.save("etl", "a", new Big(1))).rejects.toThrow("[name, pid]");
  }
  serializer.answer = ["big", () => 1];
  await expect(storage.save("etl", "a", new Big(1))).rejects.toThrow(SerializationError);
  expect(await Array.fromAsync(storage.objects.list())).toEqual([]);
});

testStorage("a serializer that can not read back says so, with its cause", async (storage) => {
  class Unreadable extends BigSerializer {
    override unpickle(): Promise<Big> {
      return Promise.reject(new RangeError("too old"));
    }
  }
  storage.registerPersistentSerializers(new Unreadable());
  await storage.save("etl", "a", new Big(1));
  const error = await failureOf(storage.readTask("etl", "a"));
  expect(error).toBeInstanceOf(SerializationError);
  expect(error.message).toMatch(/"a".*"etl".*"big".*too old/);
  expect(error.cause).toBeInstanceOf(RangeError);
});

testStorage("a new result stays although the files of the one before can not be removed", async (storage) => {
  class Sticky extends BigSerializer {
    override remove(): Promise<void> {
      return Promise.reject(new Error("stuck"));
    }
  }
  storage.registerPersistentSerializers(new Sticky());
  await storage.save("etl", "a", new Big(1));
  await storage.save("etl", "a", new Big(2));
  expect(await storage.readTask("etl", "a")).toEqual(new Big(2));
  await expect(storage.removeTask("etl", { taskName: "a" })).rejects.toThrow("stuck");
  expect(await storage.fileExists("etl", "a")).toBe(false);
  expect(await filesOf(storage)).toEqual([]);
});

testStorage(
  "files that a crash left are swept when the task is saved or removed, those of a save under way are not",
  async (storage) => {
    const left = "etl/files/a/lx000000-0123456789abcdef/0/left.npy";
    const young = `etl/files/a/${Date.now().toString(36)}-0123456789abcdef/0/young.npy`;
    for (const key of [left, young]) await storage.objects.put(key, new Uint8Array(3));
    const pending = await storage.prepare("etl", "a", new Uint8Array([1]));
    await storage.save("etl", "a", new Uint8Array([2]));
    expect(await storage.objects.head(left)).toBe(undefined);
    expect(await storage.objects.head(young)).toBeDefined();
    expect((await filesOf(storage)).length).toBe(3);
    await storage.removeTask("etl", { taskName: "a" });
    expect((await filesOf(storage)).length).toBe(1);
    await pending.write();
    expect(await storage.readTask("etl", "a")).toEqual(new Uint8Array([1]));
  },
);

testStorage("one serializer may use the same names for every value and every save", async (storage) => {
  storage.registerPersistentSerializers(new BigSerializer());
  await storage.save("etl", "a", [new Big(1), new Big(2)]);
  const pending = await storage.prepare("etl", "a", [new Big(3), new Big(4)]);
  expect(await storage.readTask("etl", "a")).toEqual([new Big(1), new Big(2)]);
  await pending.write();
  expect(await storage.readTask("etl", "a")).toEqual([new Big(3), new Big(4)]);
  expect((await filesOf(storage)).length).toBe(2);
});

testStorage(
  "a serializer can stream, read parts, rewrite and remove its files, and what it read is checked",
  async (storage) => {
    class Streaming extends BigSerializer {
      override async pickle(big: Big, protocols: Protocols): Promise<[string, string]> {
        const files = entryOf(protocols);
        await files.write("stream", new Blob([new Uint8Array(5_000_000).fill(big.value)]).stream());
        await files.write("rewritten", new Uint8Array([1]));
        await files.write("rewritten", new Uint8Array([2, 3]));
        await files.write("gone", new Uint8Array([1]));
        await files.remove("gone");
        return [this.name, "stream"];
      }
      override async unpickle(name: string, protocols: Protocols): Promise<Big> {
        const files = entryOf(protocols);
        let sum = 0;
        for await (const chunk of await files.open(name)) sum += chunk.length;
        const [first = NaN] = await files.read(name, { start: 4_999_999 });
        const part = await new Response(await files.open("rewritten", { start: 1 })).bytes();
        return new Big(sum + first + (part[0] ?? NaN));
      }
    }
    storage.registerPersistentSerializers(new Streaming());
    await storage.save("etl", "a", new Big(7));
    expect(await storage.readTask("etl", "a")).toEqual(new Big(5_000_010));
    expect((await filesOf(storage)).length).toBe(2);
    const key = (await filesOf(storage)).find((key) => key.endsWith("stream")) ?? "";
    const bytes = await storage.objects.get(key);
    bytes[4_000_000] = 0;
    await storage.objects.put(key, bytes);
    await expect(storage.readTask("etl", "a")).rejects.toThrow(/"stream" does not agree with its checksum/);
    await storage.objects.put(key, bytes.subarray(1));
    await expect(storage.readTask("etl", "a")).rejects.toThrow(/"stream" has 4999999 bytes instead of 5000000/);
    await storage.removeTask("etl", { taskName: "a" });
    expect(await filesOf(storage)).toEqual([]);
  },
);
