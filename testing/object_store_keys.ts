/**
 * What every object store has to do with the keys that it is given.
 *
 * @module
 */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { InvalidKeyError } from "../src/errors.ts";
import { compareKeys, MAX_KEY_BYTES, METADATA_FOLDER, TEMPORARY_PREFIX } from "../storage/keys.ts";
import type { ObjectStore } from "../storage/object_store/object_store.ts";
import { keyOf } from "../storage/object_store/uri.ts";
import { bytesOf, fails, holds, keysOf, listed, sameBytes, type TestOnObjects } from "./object_store_fixture.ts";

/** Keys that are as good as any other; a careless store trips over each. */
const ODD_KEYS: readonly string[] = [
  "a b",
  "a+b",
  "a%2fb",
  "a%2Fb",
  "a%",
  "a%00",
  "%2e%2e",
  "q?x#y",
  "a&b=c;d",
  "'\"`$;&|<>",
  "!'()*",
  "[x]{y}",
  "*",
  "?",
  "a:b",
  "é",
  "e\u0301",
  "😀",
  "\ufffd",
  "\u202e",
  ".x",
  "a/.x",
  "...",
  "a.",
  "a /b ",
  " a",
  "~",
  "-rf",
  "x".repeat(255),
  `d/${"é".repeat(127)}`,
  `${"k".repeat(255)}/${"k".repeat(255)}/${"k".repeat(256 - 2)}/k`,
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty/length",
  "index.html",
  "metadata/metadata.json",
  "fusewire-x",
];

/** Keys that no store takes. */
const BAD_KEYS: readonly string[] = [
  "",
  "../a",
  "a/..",
  "a/../b",
  ".",
  "./a",
  "a/.",
  "/",
  "/a",
  "//a",
  "a//b",
  "a/",
  "a\\b",
  "..\\a",
  "C:/a",
  "a\0",
  "a\n",
  "a\x7f",
  "a\x85",
  "\ud800",
  "a\udc00/b",
  "x".repeat(256),
  "x".repeat(300),
  "a/" + "é".repeat(128),
  "x/".repeat(MAX_KEY_BYTES / 2) + "x",
  `${TEMPORARY_PREFIX}1-1`,
  `a/${TEMPORARY_PREFIX.toUpperCase()}x/b`,
  METADATA_FOLDER,
  `${METADATA_FOLDER.toUpperCase()}/00/x`,
  `a/${METADATA_FOLDER}`,
];

/** Every verb that takes a key, on one key. */
export function verbsOn(store: ObjectStore, key: string): Readonly<Record<string, () => Promise<unknown>>> {
  return {
    get: () => store.get(key),
    "get with a range": () => store.get(key, { start: 1, end: 2 }),
    open: () => store.open(key),
    stream: () => store.stream(key),
    put: () => store.put(key, bytesOf(1)),
    "put if absent": () => store.put(key, bytesOf(1), { onlyIfAbsent: true }),
    "put without looking": () => store.put(key, bytesOf(1), { apart: true }),
    head: () => store.head(key),
    "copy from": () => store.copy(key, "copied"),
    "copy to": () => store.copy("a", key),
    delete: () => store.delete(key),
    deleteMany: () => store.deleteMany([key]),
    // deno-lint-ignore require-await -- an error has to come as a rejection
    uri: async () => store.uri(key),
    // deno-lint-ignore require-await -- an error has to come as a rejection
    "the key of its URI": async () => keyOf(store, store.uri(key)),
  };
}

/** Registers the tests of keys. */
export function testKeys(test: TestOnObjects): void {
  test("refuses a bad key with every verb, and touches nothing", async ({ store }) => {
    await store.put("a", bytesOf(1));
    for (const key of BAD_KEYS) {
      for (const [name, verb] of Object.entries(verbsOn(store, key))) {
        await fails(verb, InvalidKeyError).catch((error: unknown) => {
          throw new Error(`${name} with the key ${JSON.stringify(key)} did something else than refuse it.`, {
            cause: error,
          });
        });
      }
    }
    for (const prefix of ["../", "/", "a//", "a/../", "\\", "\0", "\ud800"]) {
      await fails(() => keysOf(store, prefix), InvalidKeyError);
      await fails(() => Array.fromAsync(store.pages(prefix)), InvalidKeyError);
      await fails(() => store.deletePrefix(prefix), InvalidKeyError);
    }
    await holds(store, new Map([["a", bytesOf(1)]]));
  });

  test("keeps any other key", async ({ store }) => {
    for (const [i, key] of ODD_KEYS.entries()) await store.put(key, bytesOf(i + 1));
    for (const [i, key] of ODD_KEYS.entries()) {
      sameBytes(await store.get(key), bytesOf(i + 1));
      const info = await store.head(key);
      deepStrictEqual({ key: info?.key, size: info?.size }, { key, size: i + 1 });
    }
    deepStrictEqual(await keysOf(store), ODD_KEYS.toSorted(compareKeys));
    for (const [i, key] of ODD_KEYS.entries()) {
      const found = (await listed(store.list(key, { headBytes: 1 }))).find((one) => one.key === key);
      strictEqual(found?.size, i + 1, key);
    }
    for (const key of ODD_KEYS) {
      await store.copy(key, "copied");
      await store.copy("copied", key);
    }
    await store.delete("copied");
    for (const [i, key] of ODD_KEYS.entries()) sameBytes(await store.get(key), bytesOf(i + 1));
    const [first = "", ...rest] = ODD_KEYS;
    await store.delete(first);
    await store.deleteMany(rest);
    deepStrictEqual(await keysOf(store), []);
  });

  test("has a URI for every key, and the key for every URI", async ({ store }) => {
    await Promise.resolve();
    const uris = ODD_KEYS.map((key) => store.uri(key));
    strictEqual(new Set(uris).size, ODD_KEYS.length);
    for (const [i, key] of ODD_KEYS.entries()) {
      strictEqual(keyOf(store, uris[i] ?? ""), key);
      strictEqual(keyOf(store, key), key);
    }
    for (const uri of ["file:///etc/passwd", "s3://another-bucket/a", "gs://another-bucket/a", "kv:another/a"]) {
      throws(() => keyOf(store, uri), InvalidKeyError);
    }
    const root = store.uri("x").slice(0, -1);
    for (const key of ["", "../a", "a/../../b"]) throws(() => keyOf(store, root + key), InvalidKeyError);
  });

  test("lets nothing be an object and a folder", async ({ store }) => {
    await store.put("a", bytesOf(1));
    await store.put("f/b/c", bytesOf(2));
    for (const key of ["a/b", "a/b/c", "f", "f/b"]) {
      for (const options of [{}, { onlyIfAbsent: true }]) {
        await fails(() => store.put(key, bytesOf(3), options), InvalidKeyError, "can not be a folder too");
      }
      await fails(() => store.copy("a", key), InvalidKeyError, "can not be a folder too");
      await fails(() => store.put(key, bytesOf(70_000)), InvalidKeyError, "can not be a folder too");
    }
    await holds(store, new Map([["a", bytesOf(1)], ["f/b/c", bytesOf(2)]]));
    await store.put("a!", bytesOf(1));
    await store.put("a.b/c", bytesOf(1));
    await store.deleteMany(["a", "a!", "a.b/c"]);
    await store.put("a/b", bytesOf(4));
    await store.delete("f/b/c");
    await store.put("f", bytesOf(5));
    await holds(store, new Map([["a/b", bytesOf(4)], ["f", bytesOf(5)]]));
  });
}
