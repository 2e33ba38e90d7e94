/**
 * What every object store has to do with what it is asked to read.
 *
 * @module
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ConfigError, ConflictError, NotFoundError } from "../src/errors.ts";
import { sha256Hex } from "../storage/digest.ts";
import { bytesOf, collect, fails, keysOf, sameBytes, type TestOnObjects, together } from "./object_store_fixture.ts";
import { settle } from "./settle.ts";

const PART = 4 * 1024 * 1024;

/** Registers the tests of reading. */
export function testReads(test: TestOnObjects): void {
  test("reads any part", async ({ store, random }) => {
    const bytes = bytesOf(100_000);
    await store.put("a", bytes);
    const ranges = Array.from(
      { length: 30 },
      () => [random.int(0, 120_000), random.int(0, 120_000)].sort((a, b) => a - b),
    );
    for (const [start = 0, end = 0] of [[0, 0], [0, 1], [99_999, 100_000], [100_000, 100_001], ...ranges]) {
      const part = bytes.slice(start, end);
      sameBytes(await store.get("a", { start, end }), part);
      sameBytes(await collect(await store.stream("a", { start, end })), part);
      await using reader = await store.open("a");
      const into = new Uint8Array(end - start);
      strictEqual(await reader.read(into, start), part.length);
      sameBytes(into.subarray(0, part.length), part);
    }
    sameBytes(await store.get("a", { start: 99_990 }), bytes.slice(99_990));
    sameBytes(await store.get("a", { end: 10 }), bytes.slice(0, 10));
    for (const range of [{ start: -1 }, { start: 5, end: 4 }, { end: 1.5 }, { start: NaN }]) {
      await fails(() => store.get("a", range), ConfigError);
      await fails(() => store.stream("a", range), ConfigError);
    }
  });

  test("reads any part of a large object, across every border", async ({ store, random, largeBytes }) => {
    const bytes = bytesOf(largeBytes);
    await store.put("a", new Blob([bytes]).stream());
    for (const border of [PART, 2 * PART, largeBytes, random.int(1, largeBytes), random.int(1, largeBytes)]) {
      const range = { start: Math.max(0, border - 1000), end: border + 1000 };
      sameBytes(await store.get("a", range), bytes.subarray(range.start, range.end));
      sameBytes(await collect(await store.stream("a", range)), bytes.subarray(range.start, range.end));
    }
  });

  test("reads an empty object", async ({ store }) => {
    await store.put("a", new Uint8Array());
    strictEqual((await store.get("a")).length, 0);
    strictEqual((await store.get("a", { start: 5, end: 9 })).length, 0);
    strictEqual((await collect(await store.stream("a"))).length, 0);
    await using reader = await store.open("a");
    strictEqual(reader.size, 0);
    strictEqual(await reader.read(new Uint8Array(5), 0), 0);
  });

  test("fills the buffer that the reader of a stream brings", async ({ store, largeBytes }) => {
    const bytes = bytesOf(largeBytes);
    await store.put("a", bytes);
    const reader = (await store.stream("a")).getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(bytes.length), { min: bytes.length });
    sameBytes(value ?? new Uint8Array(), bytes);
    strictEqual((await reader.read(new Uint8Array(1))).done, true);
  });

  test("lets go of a stream that is not read to its end", async ({ store }) => {
    await store.put("a", bytesOf(3_000_000));
    const reader = (await store.stream("a")).getReader();
    await reader.read();
    await reader.cancel();
    await store.delete("a");
    deepStrictEqual(await keysOf(store), []);
  });

  test("reads several parts of one open object at once", async ({ store }) => {
    const bytes = bytesOf(3 * PART);
    await store.put("a", bytes);
    await using reader = await store.open("a");
    strictEqual(reader.size, bytes.length);
    const parts = await Promise.all([0, 1, 2].map(async (i) => {
      const into = new Uint8Array(PART);
      strictEqual(await reader.read(into, i * PART), PART);
      return sha256Hex(into);
    }));
    deepStrictEqual(parts, [0, 1, 2].map((i) => sha256Hex(bytes.subarray(i * PART, (i + 1) * PART))));
    await reader.close();
    await reader.close();
  });

  test("goes on reading what was opened, although it was replaced and removed", async (on) => {
    for (const size of [10, on.largeBytes]) {
      const bytes = bytesOf(size);
      await on.store.put("a", bytes);
      const before = await on.store.get("a");
      await using reader = await on.store.open("a");
      strictEqual(reader.size, size);
      await on.store.put("a", bytesOf(size + 10, 2));
      await on.readsOn(reader, bytes);
      await on.store.delete("a");
      await on.readsOn(reader, bytes);
      sameBytes(before, bytes);
    }
  });

  test("never gives a mixture of two objects to who reads while it is replaced", async ({ store, largeBytes, keepsReplaced }) => {
    const versions = [1, 2].map((seed) => bytesOf(Math.min(largeBytes, 5_000_000) + seed, seed));
    const hashes = versions.map((bytes) => sha256Hex(bytes));
    await store.put("a", versions[0] ?? new Uint8Array());
    let done = false;
    const write = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) await store.put("a", versions[i % 2] ?? new Uint8Array());
    };
    const read = async (): Promise<void> => {
      for (let count = 0; !done || count === 0; count++) {
        await settle();
        ok(hashes.includes(sha256Hex(await store.get("a"))));
        ok(hashes.includes(sha256Hex(
          await collect(await store.stream("a")).catch((error: unknown) => {
            if (keepsReplaced || !(error instanceof ConflictError)) throw error;
            return versions[0] ?? new Uint8Array();
          }),
        )));
      }
    };
    await together([read(), write().finally(() => done = true)]);
  });

  test("says that an object is missing", async ({ store }) => {
    await store.put("folder/a", bytesOf(1));
    for (const key of ["none", "folder", "folder/b", "folder/a/b", "none/a"]) {
      const verbs = [
        () => store.get(key),
        () => store.get(key, { start: 1, end: 2 }),
        () => store.open(key),
        () => store.stream(key),
        () => store.copy(key, "other"),
      ];
      for (const verb of verbs) await fails(verb, NotFoundError, JSON.stringify(key));
      strictEqual(await store.head(key), undefined);
      await store.delete(key);
      await store.deleteMany([key, key]);
    }
    deepStrictEqual(await keysOf(store), ["folder/a"]);
  });
}
