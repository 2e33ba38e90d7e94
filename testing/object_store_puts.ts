/**
 * What every object store has to do with what is put into it.
 *
 * @module
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { sha256Hex } from "../storage/digest.ts";
import type { ObjectBody } from "../storage/object_store/object_store.ts";
import {
  bytesOf,
  collect,
  fails,
  holds,
  keysOf,
  type ObjectBench,
  sameBytes,
  type TestOnObjects,
} from "./object_store_fixture.ts";

const MIB = 1024 * 1024;

/** Registers the tests of putting. */
export function testPuts(test: TestOnObjects): void {
  for (const [sizes, sizesOf] of SIZES) {
    test(`gives back what was put, as bytes, in pieces and as a stream, of ${sizes} bytes`, async (on) => {
      for (const size of sizesOf(on)) await putInEveryForm(on, size);
    });
  }

  test("replaces an object", async ({ store }) => {
    for (const size of [10, 100_000, 3, 0, 50_000, 20]) {
      const bytes = bytesOf(size, size);
      deepStrictEqual(await store.put("a", bytes), { size, sha256: sha256Hex(bytes) });
      sameBytes(await store.get("a"), bytes);
      strictEqual((await store.head("a"))?.size, size);
    }
    deepStrictEqual(await keysOf(store), ["a"]);
  });

  test("stores at once what is to be made durable later", async ({ store }) => {
    await store.sync();
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => store.put(`d/${i % 3}/${i}`, bytesOf(i), { syncLater: true })),
    );
    strictEqual((await keysOf(store)).length, 30);
    await store.sync();
    await store.deletePrefix("");
    await store.put("a", bytesOf(1), { syncLater: true });
    await store.delete("a");
    await store.sync();
    deepStrictEqual(await keysOf(store), []);
  });

  test("shares no memory with who puts and gets", async ({ store }) => {
    const bytes = bytesOf(100);
    await store.put("a", bytes);
    bytes.fill(0);
    (await store.get("a")).fill(1);
    for await (const { head } of store.list("", { headBytes: 10 })) head?.fill(2);
    sameBytes(await store.get("a"), bytesOf(100));
  });

  test("keeps the previous object when a stream fails, and leaves nothing behind", async ({ store, largeBytes }) => {
    await store.put("a/b", bytesOf(5));
    const failing = (size: number): ReadableStream<Uint8Array> => {
      let left = size;
      return new ReadableStream({
        pull(controller) {
          if (left <= 0) return controller.error(new Error("the producer broke"));
          const piece = Math.min(left, size > 1_000_000 ? MIB : 1000);
          left -= piece;
          controller.enqueue(bytesOf(piece));
        },
      });
    };
    for (const size of [0, 1000, 100_000, largeBytes]) {
      await fails(() => store.put("a/b", failing(size)), Error, "the producer broke");
      await fails(() => store.put("a/new", failing(size)), Error, "the producer broke");
      await fails(() => store.put("a/new", failing(size), { onlyIfAbsent: true }), Error, "the producer broke");
    }
    // @ts-expect-error from JavaScript anything may come
    await fails(() => store.put("a/new", ReadableStream.from(["text"])), TypeError);
    await holds(store, new Map([["a/b", bytesOf(5)]]));
  });

  test("lets one of several puts at once win, whole", async (on) => {
    const { store } = on;
    const other = await on.other();
    const bodies = Array.from({ length: 20 }, (_, i) => bytesOf(50_000 + i * 5000, i + 1));
    await Promise.all(bodies.map((body, i) => (i % 2 === 0 ? store : other).put("a/b", body)));
    const stored = sha256Hex(await store.get("a/b"));
    ok(bodies.some((body) => sha256Hex(body) === stored));
    deepStrictEqual(await keysOf(store), ["a/b"]);
    strictEqual((await store.head("a/b"))?.size, bodies.find((body) => sha256Hex(body) === stored)?.length);
  });

  test("puts into a folder while others empty it", async ({ store }) => {
    await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      for (let k = 0; k < 5; k++) {
        await store.put(`d/e/${i}`, bytesOf(10));
        await store.delete(`d/e/${i}`);
      }
    }));
    deepStrictEqual(await keysOf(store), []);
  });
}

const SIZES: readonly [string, (on: ObjectBench) => readonly number[]][] = [
  ["0 to 70,000", () => [0, 1, 300, 49_151, 49_152, 49_153, 61_440, 61_441, 65_535, 65_536, 65_537]],
  ["4 MiB and one more", () => [4 * MIB, 4 * MIB + 1]],
  ["very many", ({ largeBytes }) => [largeBytes]],
];

async function putInEveryForm({ store }: ObjectBench, size: number): Promise<void> {
  const bytes = bytesOf(size);
  const half = size >> 1;
  const bodies: Record<string, ObjectBody> = {
    bytes,
    pieces: [bytes.subarray(0, half), new Uint8Array(), bytes.subarray(half)],
    stream: new Blob([bytes]).stream(),
    iterable: inOneBuffer(bytes),
  };
  for (const [kind, body] of Object.entries(bodies)) {
    const key = `sizes/${size}/${kind}`;
    deepStrictEqual(await store.put(key, body), { size, sha256: sha256Hex(bytes) });
    sameBytes(await store.get(key), bytes);
    sameBytes(await collect(await store.stream(key)), bytes);
    const info = await store.head(key);
    deepStrictEqual({ key: info?.key, size: info?.size }, { key, size });
    if (info?.sha256 !== undefined) strictEqual(info.sha256, sha256Hex(bytes));
  }
}

/** A producer that uses one buffer for all that it gives. */
async function* inOneBuffer(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  const buffer = new Uint8Array(70_001);
  for (let at = 0; at < bytes.length; at += buffer.length) {
    const part = bytes.subarray(at, at + buffer.length);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
    await Promise.resolve();
  }
}
