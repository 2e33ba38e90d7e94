import { expect } from "@std/expect";
import { ConfigError } from "../../src/errors.ts";
import { MemoryStorage } from "../../storage/memory_storage.ts";
import { MemoryObjectStore } from "../../storage/object_store/memory.ts";
import type { ObjectBody, PutOptions, PutResult } from "../../storage/object_store/object_store.ts";
import { PreparedResult } from "../../storage/prepared_result.ts";
import { TaskStorage } from "../../storage/task_storage.ts";
import { WriteBehind } from "../../storage/write_behind.ts";

/** Prepared results whose writing ends when the test says so. */
function controlled(byteLength = 10): {
  readonly result: PreparedResult;
  readonly began: () => boolean;
  readonly end: (error?: Error) => void;
} {
  const writing = Promise.withResolvers<void>();
  let began = false;
  const write = (): Promise<void> => {
    began = true;
    return writing.promise;
  };
  const result = new PreparedResult(byteLength, new MemoryObjectStore(), write, () => Promise.resolve());
  return {
    result,
    began: () => began,
    end: (error) => error === undefined ? writing.resolve() : writing.reject(error),
  };
}

Deno.test("WriteBehind writes all that it takes, in the order in which it came", async () => {
  const storage = new MemoryStorage();
  const behind = new WriteBehind({ maxCount: 7, parallel: 3 });
  for (let i = 0; i < 100; i++) await behind.enqueue(await storage.prepare("etl", `task_${i}`, i));
  await behind.settle();
  expect((await storage.listTasks("etl")).length).toBe(100);
  expect(await storage.readTask("etl", "task_99")).toBe(99);
  await behind.settle();
});

Deno.test("WriteBehind asks its caller to wait only while its bound of results is reached", async () => {
  const behind = new WriteBehind({ maxCount: 3, parallel: 2 });
  const [a, b, c] = [controlled(), controlled(), controlled()];
  expect(behind.enqueue(a.result)).toBe(undefined);
  expect(behind.enqueue(b.result)).toBe(undefined);
  const wait = behind.enqueue(c.result);
  expect(wait).toBeInstanceOf(Promise);
  expect([a.began(), b.began(), c.began()]).toEqual([true, true, false]);
  a.end();
  await wait;
  expect(c.began()).toBe(true);
  b.end();
  c.end();
  await behind.settle();
});

Deno.test("WriteBehind asks its caller to wait while its bound of bytes is reached", async () => {
  const behind = new WriteBehind({ maxBytes: 100 });
  const [a, b] = [controlled(99), controlled(1)];
  expect(behind.enqueue(a.result)).toBe(undefined);
  const wait = behind.enqueue(b.result);
  expect(wait).toBeInstanceOf(Promise);
  b.end();
  await wait;
  a.end();
  await behind.settle();
});

Deno.test("WriteBehind tells the first error when all else is written, once", async () => {
  const behind = new WriteBehind({ maxCount: 2, parallel: 1 });
  const results = [controlled(), controlled(), controlled()];
  const waits = results.map(({ result }) => behind.enqueue(result));
  const settled = behind.settle();
  results[0]?.end(new Error("first"));
  results[1]?.end(new Error("second"));
  results[2]?.end();
  await expect(settled).rejects.toThrow("first");
  expect(results.every(({ began }) => began())).toBe(true);
  await Promise.all(waits);
  await behind.settle();
});

Deno.test("WriteBehind makes durable what it wrote before it has settled, once for each store", async () => {
  const syncs: string[] = [];
  class Counting extends MemoryObjectStore {
    constructor(readonly name: string) {
      super();
    }
    override put(key: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
      expect(options?.syncLater).toBe(true);
      return super.put(key, body, options);
    }
    override sync(): Promise<void> {
      syncs.push(this.name);
      return this.name === "bad" ? Promise.reject(new Error("not durable")) : super.sync();
    }
  }
  const behind = new WriteBehind();
  const storages = ["good", "bad"].map((name) => new TaskStorage(new Counting(name)));
  for (let i = 0; i < 10; i++) {
    for (const storage of storages) await behind.enqueue(await storage.prepare("etl", `task_${i}`, i));
  }
  await expect(behind.settle()).rejects.toThrow("not durable");
  expect(syncs.toSorted()).toEqual(["bad", "good"]);
  await behind.settle();
  expect(syncs.length).toBe(2);
});

Deno.test("WriteBehind refuses bounds that let nothing through", () => {
  for (const bound of [0, -1, 1.5, NaN, Infinity]) {
    for (const name of ["maxCount", "maxBytes", "parallel"]) {
      expect(() => new WriteBehind({ [name]: bound })).toThrow(ConfigError);
    }
  }
});
