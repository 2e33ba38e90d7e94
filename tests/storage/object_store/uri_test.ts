import { expect } from "@std/expect";
import { InvalidKeyError } from "../../../src/errors.ts";
import { FileObjectStore } from "../../../storage/object_store/file.ts";
import { KvObjectStore } from "../../../storage/object_store/kv/kv_object_store.ts";
import { MemoryObjectStore } from "../../../storage/object_store/memory.ts";
import { keyOf } from "../../../storage/object_store/uri.ts";
import { MemoryKv } from "../../../testing/memory_kv.ts";

const keys = ["a", "a/b", "a b", "a+b", "a%2fb", "é/😀", "q?x#y", "...", "~", "'\"`$;&|<>", "x".repeat(255)];

Deno.test("keyOf is the inverse of a store's URIs, whatever is in the key", () => {
  using kv = new MemoryKv();
  const stores = [new MemoryObjectStore(), new FileObjectStore({ path: "/data/a b%20é" }), new KvObjectStore({ kv })];
  for (const store of stores) {
    for (const key of keys) {
      expect(keyOf(store, store.uri(key))).toBe(key);
      expect(keyOf(store, key)).toBe(key);
    }
  }
});

Deno.test("keyOf takes an absolute path inside the folder of a store of files, and none outside", () => {
  const store = new FileObjectStore({ path: "/data/./x/../store/" });
  expect(store.path).toBe("/data/store");
  expect(store.uri("a b")).toBe("file:///data/store/a%20b");
  expect(keyOf(store, "/data/store/a/b")).toBe("a/b");
  expect(keyOf(store, "file:///data/store/a/b")).toBe("a/b");
  for (
    const path of [
      "/etc/passwd",
      "/data/storeroom/a",
      "/data/store",
      "/data/store/../x",
      "file:///etc/passwd",
      "file://host/data/store/a",
      "file:///data/store/%ff",
      "file:///data/store/a%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc",
      "s3://data/store/a",
      "memory:a",
      "../a",
      "",
    ]
  ) expect(() => keyOf(store, path), path).toThrow(InvalidKeyError);
});

Deno.test("keyOf refuses what is not in a store without folders", () => {
  const store = new MemoryObjectStore();
  for (const path of ["/a", "memory:/a", "memory:../a", "memory:", "file:///a", "s3://b/k", "a/../b"]) {
    expect(() => keyOf(store, path), path).toThrow(InvalidKeyError);
  }
});
