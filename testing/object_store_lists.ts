/**
 * What every object store has to do with lists, and with removing what they list.
 *
 * @module
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { compareKeys } from "../storage/keys.ts";
import { bytesOf, keysOf, listed, type TestOnObjects } from "./object_store_fixture.ts";

/** Registers the tests of listing and removing. */
export function testLists(test: TestOnObjects): void {
  test("lists by a prefix, sorted by bytes", async ({ store, random }) => {
    const units = ["a", "b", ".x", "!", "-", "0", "é", "😀", "\ufffd", "%", "~"];
    const some = <T>(least: number, most: number, one: () => T): T[] => {
      return Array.from({ length: random.int(least, most) }, one);
    };
    const key = (): string => some(1, 3, () => some(1, 3, () => random.pick(units)).join("")).join("/");
    for (let run = 0; run < 20; run++) {
      const root = `run${run}/`;
      const put: string[] = [];
      const keys = some(0, 15, key);
      for (const whole of keys.map((one) => root + one)) {
        if (put.some((one) => one === whole || one.startsWith(`${whole}/`) || whole.startsWith(`${one}/`))) continue;
        await store.put(whole, bytesOf(put.length));
        put.push(whole);
      }
      put.sort(compareKeys);
      deepStrictEqual(await keysOf(store, root), put);
      for (const cut of [1, 2, 3]) {
        const prefix = root + [...(keys[0] ?? key())].slice(0, cut).join("");
        deepStrictEqual(await keysOf(store, prefix), put.filter((one) => one.startsWith(prefix)), prefix);
      }
    }
  });

  test("lists 25 objects in pages, each once", async (on) => {
    const keys = Array.from({ length: 25 }, (_, i) => `p/${String(i).padStart(2, "0")}`);
    await on.putMany([...keys, "o", "q"]);
    for (const options of [{}, { headBytes: 2 }]) {
      const pages = await Array.fromAsync(on.store.pages("p/", options));
      deepStrictEqual(pages.flat().map(({ key }) => key), keys);
      deepStrictEqual(await listed(on.store.list("p/", options)), pages.flat());
      for (const { size } of pages.flat()) ok(size === 3 || size === undefined && !("headBytes" in options));
    }
  });

  test("lists 1,500 objects in the order of bytes, and removes them all", async (on) => {
    const names = ["a", "Z", "é", "z", "😀", "\ufffd", " ", "~"];
    const keys = Array.from({ length: 1500 }, (_, i) => `many/${names[i % names.length]}${i % 100}/${i}`);
    await on.putMany([...keys, "many.", "many0"]);
    deepStrictEqual(await keysOf(on.store, "many/"), keys.toSorted(compareKeys));
    await on.store.deletePrefix("many/");
    deepStrictEqual(await keysOf(on.store), ["many.", "many0"]);
    await on.putMany(keys);
    await on.store.deleteMany(keys);
    deepStrictEqual(await keysOf(on.store), ["many.", "many0"]);
  });

  test("lists the beginnings of objects", async (on) => {
    const sizes = Array.from({ length: 150 }, (_, i) => i);
    const key = (size: number): string => `o/${String(size).padStart(3, "0")}`;
    await Promise.all(sizes.map((size) => on.store.put(key(size), bytesOf(size), { apart: true, syncLater: true })));
    await on.store.put("o/large", bytesOf(200_000));
    sizes.push(200_000);
    const objects = await listed(on.store.list("o/", { headBytes: 100 }));
    deepStrictEqual(objects.map(({ size }) => size), sizes);
    deepStrictEqual(objects.map(({ head }) => head), sizes.map((size) => bytesOf(size).slice(0, 100)));
    strictEqual((await listed(on.store.list("o/")))[0]?.head, undefined);
    deepStrictEqual(await listed(on.store.list("none/", { headBytes: 100 })), []);
    const long = await listed(on.store.list("o/large", { headBytes: 100_000 }));
    deepStrictEqual(long[0]?.head?.length, 100_000);
  });

  test("goes on listing when objects are removed meanwhile", async (on) => {
    for (const headBytes of [0, 10]) {
      const keys = Array.from({ length: 1100 }, (_, i) => `o/${String(i).padStart(4, "0")}`);
      await on.putMany(keys);
      let count = 0;
      for await (const page of on.store.pages("o/", { headBytes })) {
        if (count === 0) await on.store.deletePrefix("o/");
        count += page.length;
      }
      ok(count > 0 && count <= keys.length);
      deepStrictEqual(await keysOf(on.store), []);
    }
  });

  test("removes one, many and all below a prefix", async (on) => {
    const { store } = on;
    const keys = Array.from({ length: 40 }, (_, i) => `f/${i % 4}/${i}`);
    const all = [...keys, "g/1", "ff"];
    await on.putMany(all);
    await store.delete("f/0/0");
    strictEqual(await store.head("f/0/0"), undefined);
    await store.deleteMany([...keys, "f/0/4", "f/0/4", "none", "none/b", "f/1"]);
    deepStrictEqual(await keysOf(store), ["ff", "g/1"]);
    await on.putMany(all);
    await store.deleteMany((async function* () {
      await Promise.resolve();
      yield* keys.slice(0, 20);
    })());
    strictEqual((await keysOf(store)).length, 22);
    await store.deleteMany([]);
    await store.deletePrefix("f/");
    deepStrictEqual(await keysOf(store), ["ff", "g/1"]);
    await store.deletePrefix("f");
    deepStrictEqual(await keysOf(store), ["g/1"]);
    await store.deletePrefix("");
    deepStrictEqual(await keysOf(store), []);
    await store.deletePrefix("");
  });

  test("removes by a prefix what begins with that text, and nothing that only looks like it", async (on) => {
    await on.putMany(["a%/1", "a_/1", "ab/1", "a*/1", "a", "é/1", "e\u0301/1"]);
    for (const prefix of ["a%", "a_", "a*", "e\u0301"]) await on.store.deletePrefix(prefix);
    deepStrictEqual(await keysOf(on.store), ["a", "ab/1", "é/1"]);
  });
}
