import { expect } from "@std/expect";
import { MemoryObjectStore } from "../../../storage/object_store/memory.ts";
import { someBytes, testObjectStore } from "./conformance.ts";

testObjectStore("MemoryObjectStore", () => {
  return Promise.resolve({ store: new MemoryObjectStore(), [Symbol.asyncDispose]: () => Promise.resolve() });
});

Deno.test("MemoryObjectStore keeps a content type and metadata until the object is replaced", async () => {
  const store = new MemoryObjectStore();
  const metadata = { a: "1" };
  const { sha256 } = await store.put("a", someBytes(3), { contentType: "text/plain", metadata });
  metadata.a = "2";
  expect(await store.head("a")).toEqual({ key: "a", size: 3, sha256, contentType: "text/plain", metadata: { a: "1" } });
  await store.put("a", someBytes(3));
  expect(await store.head("a")).toEqual({ key: "a", size: 3, sha256 });
});
