/**
 * What every object store has to do with what is kept beside the bytes, and with copies of both.
 *
 * @module
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ConfigError, InvalidKeyError, NotFoundError } from "../src/errors.ts";
import { sha256Hex } from "../storage/digest.ts";
import type { ObjectInfo, ObjectStore, PutOptions } from "../storage/object_store/object_store.ts";
import { bytesOf, fails, holds, keysOf, sameBytes, type TestOnObjects, together } from "./object_store_fixture.ts";
import { settle } from "./settle.ts";

const METADATA: Readonly<Record<string, string>> = {
  "step-name": "träin 模型 😀",
  "constructor": "x",
  "1": 'a, b; c="d" %41 +&?#',
  "empty": "",
  "spaces": " before and after ",
  "encoded": "=?utf-8?B?eA==?=",
  [`n${"o".repeat(63)}`]: "é".repeat(100),
};

/** The most that metadata may take: 1,500 bytes. */
const LARGEST: Readonly<Record<string, string>> = { a: "x".repeat(700), b: "é".repeat(399) };

const BAD: readonly PutOptions[] = [
  { contentType: "" },
  { contentType: "text/plain\r\nx: y" },
  { contentType: "tëxt/plain" },
  { contentType: " text/plain" },
  { contentType: `text/${"x".repeat(252)}` },
  { metadata: { "": "x" } },
  { metadata: { A: "x" } },
  { metadata: { "a b": "x" } },
  { metadata: { "-a": "x" } },
  { metadata: { é: "x" } },
  { metadata: { ["a".repeat(65)]: "x" } },
  { metadata: { "fusewire-sha256": "x" } },
  { metadata: { a: "x\ny" } },
  { metadata: { a: "\0" } },
  { metadata: { a: "\ud800" } },
  { metadata: { ...LARGEST, c: "" } },
];

/** That a store knows exactly this of an object. */
async function knows(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  { contentType, metadata }: PutOptions = {},
): Promise<void> {
  const { sha256, ...info }: Partial<ObjectInfo> = await store.head(key) ?? {};
  const expected = {
    key,
    size: bytes.length,
    ...(contentType === undefined ? {} : { contentType }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  deepStrictEqual({ ...info, ...(info.metadata === undefined ? {} : { metadata: { ...info.metadata } }) }, expected);
  if (sha256 !== undefined) strictEqual(sha256, sha256Hex(bytes));
  sameBytes(await store.get(key), bytes);
}

/** Registers the tests of content types, metadata and copies. */
export function testMetadata(test: TestOnObjects): void {
  test("keeps content type and metadata until the object is replaced without, or removed", async (on) => {
    const { store } = on;
    const full = { contentType: 'text/plain; charset="utf-8"', metadata: METADATA };
    for (const options of [full, { metadata: LARGEST }, { contentType: "x" }, {}, full, { metadata: { a: "1" } }]) {
      const bytes = bytesOf(100, Object.keys(options).length);
      await store.put("d/a", bytes, options);
      await knows(store, "d/a", bytes, options);
      await knows(await on.other(), "d/a", bytes, options);
    }
    await store.put("d/a", bytesOf(9), { metadata: {} });
    await knows(store, "d/a", bytesOf(9));
    const removals = [
      () => store.delete("d/a"),
      () => store.deleteMany(["d/a"]),
      () => store.deletePrefix("d"),
      () => store.deletePrefix(""),
    ];
    for (const remove of removals) {
      await store.put("d/a", bytesOf(9), full);
      deepStrictEqual(await keysOf(store), ["d/a"]);
      await remove();
      deepStrictEqual(await keysOf(store), []);
      await store.put("d/a", bytesOf(9));
      await knows(store, "d/a", bytesOf(9));
    }
  });

  test("keeps content type and metadata of large objects and of streams", async ({ store, largeBytes }) => {
    const options = { contentType: "application/octet-stream", metadata: METADATA };
    const bytes = bytesOf(largeBytes);
    await store.put("a", bytes, options);
    await knows(store, "a", bytes, options);
    await store.put("b", new Blob([bytes]).stream(), options);
    await knows(store, "b", bytes, options);
    await store.put("b", new Blob([bytesOf(10)]).stream(), options);
    await knows(store, "b", bytesOf(10), options);
  });

  test("keeps metadata as it was when it was put", async ({ store }) => {
    const metadata = { a: "1" };
    const putting = store.put("a", bytesOf(3), { metadata });
    metadata.a = "2";
    await putting;
    await knows(store, "a", bytesOf(3), { metadata: { a: "1" } });
  });

  test("refuses a bad content type or metadata before anything is read or written", async ({ store }) => {
    await store.put("a", bytesOf(5), { metadata: { a: "1" } });
    for (const options of BAD) {
      let asked = false;
      const body = {
        [Symbol.asyncIterator]: () => {
          asked = true;
          return { next: () => Promise.resolve({ done: true as const, value: undefined }) };
        },
      };
      await fails(() => store.put("a", body, options), ConfigError, '"a"');
      await fails(() => store.put("new", body, options), ConfigError, '"new"');
      strictEqual(asked, false);
    }
    // @ts-expect-error from JavaScript anything may come
    await fails(() => store.put("a", bytesOf(1), { metadata: { a: 1 } }), ConfigError);
    await knows(store, "a", bytesOf(5), { metadata: { a: "1" } });
    deepStrictEqual(await keysOf(store), ["a"]);
  });

  test("keeps the metadata of the previous object when a put fails", async ({ store }) => {
    const options = { contentType: "text/x-old", metadata: { a: "old" } };
    await store.put("a", bytesOf(5), options);
    const failing = async function* (): AsyncGenerator<Uint8Array, void> {
      yield bytesOf(100_000);
      await Promise.resolve();
      throw new Error("the producer broke");
    };
    for (const next of [{}, { contentType: "text/x-new", metadata: { a: "new" } }]) {
      await fails(() => store.put("a", failing(), next), Error, "the producer broke");
      await knows(store, "a", bytesOf(5), options);
    }
  });

  test("keeps bytes and metadata of one put together, however many put at once", async (on) => {
    const other = await on.other();
    const puts = Array.from({ length: 16 }, (_, i) => ({
      bytes: bytesOf(1000 + 100 * i, i),
      options: i % 4 === 0 ? {} : { contentType: `text/x-${i}`, metadata: { i: `${i}` } },
    }));
    for (let round = 0; round < 3; round++) {
      let done = false;
      const look = async (): Promise<void> => {
        while (!done) {
          await settle();
          const info = await on.store.head("a");
          if (info === undefined) continue;
          const i = (info.size - 1000) / 100;
          deepStrictEqual({ ...info.metadata }, i % 4 === 0 ? {} : { i: `${i}` });
        }
      };
      const putAll = Promise.all(
        puts.map(({ bytes, options }, i) => (i % 2 === 0 ? on.store : other).put("a", bytes, options)),
      );
      await together([putAll.finally(() => done = true), look()]);
      const { size } = await on.store.head("a") ?? { size: 0 };
      const last = puts[(size - 1000) / 100];
      ok(last !== undefined);
      await knows(on.store, "a", last.bytes, last.options);
      await knows(other, "a", last.bytes, last.options);
    }
    deepStrictEqual(await keysOf(on.store), ["a"]);
  });

  test("copies bytes, content type and metadata", async ({ store, largeBytes }) => {
    const options = { contentType: "text/plain", metadata: METADATA };
    for (const size of [0, 10, largeBytes]) {
      const bytes = bytesOf(size);
      await store.put("a", bytes, options);
      await store.put("there", bytesOf(3), { contentType: "text/x-old" });
      for (const to of ["b/c", "there", "a"]) {
        await store.copy("a", to);
        await knows(store, to, bytes, options);
      }
      await store.put("a", bytesOf(7));
      await knows(store, "b/c", bytes, options);
      await store.copy("a", "there");
      await knows(store, "there", bytesOf(7));
      await store.delete("a");
      await knows(store, "b/c", bytes, options);
    }
    deepStrictEqual(await keysOf(store), ["b/c", "there"]);
  });

  test("copies nothing that is missing, and nothing to where a folder or an object is in the way", async (on) => {
    const { store } = on;
    await store.put("a", bytesOf(1), { metadata: { a: "1" } });
    await store.put("f/b", bytesOf(2));
    await fails(() => store.copy("none", "a"), NotFoundError, '"none"');
    await fails(() => store.copy("none", "new"), NotFoundError, '"none"');
    await fails(() => store.copy("none", "none"), NotFoundError, '"none"');
    await fails(() => store.copy("f", "new"), NotFoundError, '"f"');
    for (const to of ["f", "a/b", "f/b/c"]) await fails(() => store.copy("a", to), InvalidKeyError);
    await holds(store, new Map([["a", bytesOf(1)], ["f/b", bytesOf(2)]]));
    await knows(store, "a", bytesOf(1), { metadata: { a: "1" } });
  });
}
