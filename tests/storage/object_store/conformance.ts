/**
 * What every object store has to do, whichever it is.
 *
 * @module
 */
import { expect } from "@std/expect";
import fc from "fast-check";
import { ConfigError, InvalidKeyError, NotFoundError } from "../../../src/errors.ts";
import { sha256Hex } from "../../../storage/digest.ts";
import { compareKeys } from "../../../storage/keys.ts";
import { PIECE_BYTES } from "../../../storage/object_store/body.ts";
import type { ListedObject, ObjectStore } from "../../../storage/object_store/object_store.ts";

/** Bytes that differ from one place to the next. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let value = seed;
  for (let i = 0; i < length; i++) {
    value = Math.imul(value, 1664525) + 1013904223 | 0;
    bytes[i] = value >>> 24;
  }
  return bytes;
}

/** The keys that a store lists. */
export async function keysOf(store: ObjectStore, prefix?: string): Promise<string[]> {
  return (await listed(store.list(prefix))).map(({ key }) => key);
}

/** All of a list. */
export async function listed(list: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  return await Array.fromAsync(list);
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** Registers the tests of one kind of store; `make` gives a new, empty one. */
export function testObjectStore(
  name: string,
  make: () => Promise<AsyncDisposable & { readonly store: ObjectStore }>,
): void {
  const test = (what: string, body: (store: ObjectStore) => Promise<void>): void => {
    Deno.test(`${name} ${what}`, async () => {
      await using made = await make();
      await body(made.store);
    });
  };

  test("gives back what was put, in one piece, in pieces and as a stream, of any size", async (store) => {
    for (const size of [0, 1, 300, 65_536, 65_537, PIECE_BYTES, PIECE_BYTES + 1, 5 * PIECE_BYTES + 7]) {
      const bytes = someBytes(size);
      const half = size >> 1;
      const bodies = {
        bytes,
        pieces: [bytes.subarray(0, half), new Uint8Array(), bytes.subarray(half)],
        stream: new Blob([bytes]).stream(),
        iterable: (async function* () {
          // A producer that uses one buffer for all that it gives.
          const buffer = new Uint8Array(70_001);
          for (let at = 0; at < size; at += buffer.length) {
            const part = bytes.subarray(at, at + buffer.length);
            buffer.set(part);
            yield buffer.subarray(0, part.length);
            await Promise.resolve();
          }
        })(),
      };
      for (const [kind, body] of Object.entries(bodies)) {
        const key = `sizes/${size}/${kind}`;
        expect(await store.put(key, body)).toEqual({ size, sha256: sha256Hex(bytes) });
        expect(sha256Hex(await store.get(key))).toBe(sha256Hex(bytes));
        expect(sha256Hex(await collect(await store.stream(key)))).toBe(sha256Hex(bytes));
        expect((await store.head(key))?.size).toBe(size);
      }
    }
  });

  test("replaces an object, and what was read before stays as it was", async (store) => {
    await store.put("a", someBytes(10, 1));
    const before = await store.get("a");
    await using reader = await store.open("a");
    await store.put("a", someBytes(20, 2));
    expect(await store.get("a")).toEqual(someBytes(20, 2));
    expect(before).toEqual(someBytes(10, 1));
    expect(reader.size).toBe(10);
    const into = new Uint8Array(20);
    expect(await reader.read(into, 0)).toBe(10);
    expect(into.subarray(0, 10)).toEqual(someBytes(10, 1));
  });

  test("goes on reading the large object that was opened, although it was replaced", async (store) => {
    const bytes = someBytes(5 * PIECE_BYTES);
    await store.put("a", bytes);
    await using reader = await store.open("a");
    await store.put("a", someBytes(5 * PIECE_BYTES, 2));
    const into = new Uint8Array(bytes.length);
    expect(await reader.read(into, 0)).toBe(bytes.length);
    expect(sha256Hex(into)).toBe(sha256Hex(bytes));
    await store.delete("a");
    expect(await reader.read(into, 0)).toBe(bytes.length);
    expect(sha256Hex(into)).toBe(sha256Hex(bytes));
  });

  test("stores at once what is to be made durable later", async (store) => {
    await store.sync();
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => store.put(`d/${i % 3}/${i}`, someBytes(i), { syncLater: true })),
    );
    expect((await keysOf(store)).length).toBe(30);
    await store.sync();
    await store.deletePrefix("");
    await store.put("a", someBytes(1), { syncLater: true });
    await store.delete("a");
    await store.sync();
    expect(await keysOf(store)).toEqual([]);
  });

  test("shares no memory with who puts and gets", async (store) => {
    const bytes = someBytes(100);
    await store.put("a", bytes);
    bytes.fill(0);
    (await store.get("a")).fill(1);
    for await (const { head } of store.list("", { headBytes: 10 })) head?.fill(2);
    expect(await store.get("a")).toEqual(someBytes(100));
  });

  test("reads any part", async (store) => {
    const bytes = someBytes(100_000);
    await store.put("a", bytes);
    const place = fc.integer({ min: 0, max: 120_000 });
    await fc.assert(
      fc.asyncProperty(place, place, async (a, b) => {
        const [start, end] = a < b ? [a, b] : [b, a];
        const part = bytes.slice(start, end);
        expect(sha256Hex(await store.get("a", { start, end }))).toBe(sha256Hex(part));
        expect(sha256Hex(await collect(await store.stream("a", { start, end })))).toBe(sha256Hex(part));
        await using reader = await store.open("a");
        const into = new Uint8Array(end - start);
        expect(await reader.read(into, start)).toBe(part.length);
        expect(sha256Hex(into.subarray(0, part.length))).toBe(sha256Hex(part));
      }),
      { numRuns: 40 },
    );
    expect(await store.get("a", { start: 99_990 })).toEqual(bytes.slice(99_990));
    for (const range of [{ start: -1 }, { start: 5, end: 4 }, { end: 1.5 }, { start: NaN }]) {
      await expect(store.get("a", range)).rejects.toThrow(ConfigError);
      await expect(store.stream("a", range)).rejects.toThrow(ConfigError);
    }
  });

  test("fills the buffer that the reader of a stream brings", async (store) => {
    const bytes = someBytes(5 * PIECE_BYTES);
    await store.put("a", bytes);
    const stream = await store.stream("a");
    const reader = stream.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(bytes.length), { min: bytes.length });
    expect(value?.length).toBe(bytes.length);
    expect(sha256Hex(value ?? new Uint8Array())).toBe(sha256Hex(bytes));
    expect((await reader.read(new Uint8Array(1))).done).toBe(true);
  });

  test("lets go of a stream that is not read to its end", async (store) => {
    await store.put("a", someBytes(3_000_000));
    const stream = await store.stream("a");
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    await store.delete("a");
    expect(await keysOf(store)).toEqual([]);
  });

  test("reads several parts of one open object at once", async (store) => {
    const bytes = someBytes(6 * PIECE_BYTES);
    await store.put("a", bytes);
    await using reader = await store.open("a");
    const parts = await Promise.all([0, 1, 2, 3, 4, 5].map(async (i) => {
      const into = new Uint8Array(PIECE_BYTES);
      await reader.read(into, i * PIECE_BYTES);
      return sha256Hex(into);
    }));
    expect(parts).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => sha256Hex(bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES))),
    );
    await reader.close();
    await reader.close();
  });

  test("says that an object is missing", async (store) => {
    await store.put("folder/a", someBytes(1));
    for (const key of ["none", "folder", "folder/b", "folder/a/b", "none/a"]) {
      for (const verb of [store.get(key), store.open(key), store.stream(key)]) {
        await expect(verb).rejects.toThrow(NotFoundError);
        await expect(verb).rejects.toThrow(JSON.stringify(key));
      }
      expect(await store.head(key)).toBe(undefined);
      await store.delete(key);
    }
    expect(await keysOf(store)).toEqual(["folder/a"]);
  });

  test("refuses a bad key with every verb, and touches nothing", async (store) => {
    await store.put("a", someBytes(1));
    for (const key of ["", "../a", "/a", "a/../a", "a//b", "a\\b", "a\0", "./a", "a/", "a\n", "x".repeat(256)]) {
      await expect(store.get(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.open(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.stream(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.put(key, someBytes(1))).rejects.toThrow(InvalidKeyError);
      await expect(store.head(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.delete(key)).rejects.toThrow(InvalidKeyError);
      await expect(store.deleteMany([key])).rejects.toThrow(InvalidKeyError);
    }
    for (const prefix of ["../", "/", "a//", "a/../", "\\", "\0"]) {
      await expect(keysOf(store, prefix)).rejects.toThrow(InvalidKeyError);
      await expect(store.deletePrefix(prefix)).rejects.toThrow(InvalidKeyError);
    }
    expect(await keysOf(store)).toEqual(["a"]);
  });

  test("keeps any other key", async (store) => {
    const keys = [
      "a b",
      "a+b",
      "a%2fb",
      "é",
      "😀",
      ".x",
      "a/.x",
      "...",
      "~",
      "'\"`$;&|<>",
      "x".repeat(255),
      `d/${"é".repeat(127)}`,
    ];
    for (const [i, key] of keys.entries()) await store.put(key, someBytes(i + 1));
    for (const [i, key] of keys.entries()) expect(await store.get(key)).toEqual(someBytes(i + 1));
    expect(await keysOf(store)).toEqual(keys.toSorted(compareKeys));
  });

  test("lets nothing be an object and a folder", async (store) => {
    await store.put("a", someBytes(1));
    await store.put("f/b/c", someBytes(2));
    for (const key of ["a/b", "a/b/c", "f", "f/b"]) {
      await expect(store.put(key, someBytes(3))).rejects.toThrow(InvalidKeyError);
      await expect(store.put(key, someBytes(3))).rejects.toThrow("can not be a folder too");
    }
    expect(await keysOf(store)).toEqual(["a", "f/b/c"]);
    await store.delete("a");
    await store.put("a/b", someBytes(4));
    await store.delete("f/b/c");
    await store.put("f", someBytes(5));
    expect(await keysOf(store)).toEqual(["a/b", "f"]);
  });

  test("lists by a prefix, sorted by bytes", async (store) => {
    const key = fc.array(
      fc.string({
        unit: fc.constantFrom("a", "b", ".x", "!", "-", "0", "é", "😀", "\uffff"),
        minLength: 1,
        maxLength: 3,
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ).map((segments) => segments.join("/"));
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 15 }), key, fc.nat(4), async (keys, other, cut) => {
        const root = `run${run++}/`;
        const put: string[] = [];
        for (const one of keys) {
          const whole = root + one;
          if (put.some((before) => before.startsWith(`${whole}/`) || whole.startsWith(`${before}/`))) continue;
          await store.put(whole, someBytes(put.length));
          put.push(whole);
        }
        put.sort(compareKeys);
        expect(await keysOf(store, root)).toEqual(put);
        const prefix = root + [...(keys[0] ?? other)].slice(0, cut).join("");
        expect(await keysOf(store, prefix)).toEqual(put.filter((one) => one.startsWith(prefix)));
      }),
      { numRuns: 40 },
    );
  });

  test("lists the beginnings of objects", async (store) => {
    const sizes = Array.from({ length: 150 }, (_, i) => i);
    for (const size of sizes) await store.put(`o/${String(size).padStart(3, "0")}`, someBytes(size));
    const objects = await listed(store.list("o/", { headBytes: 100 }));
    expect(objects.map(({ size }) => size)).toEqual(sizes);
    expect(objects.map(({ head }) => head)).toEqual(sizes.map((size) => someBytes(size).slice(0, 100)));
    expect((await listed(store.list("o/")))[0]?.head).toBe(undefined);
    expect(await listed(store.list("none/", { headBytes: 100 }))).toEqual([]);
  });

  test("goes on listing when objects are removed meanwhile", async (store) => {
    for (const headBytes of [0, 10]) {
      const keys = Array.from({ length: 1100 }, (_, i) => `o/${String(i).padStart(4, "0")}`);
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, someBytes(3), { syncLater: true })));
      }
      let count = 0;
      for await (const page of store.pages("o/", { headBytes })) {
        if (count === 0) await store.deletePrefix("o/");
        count += page.length;
      }
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(keys.length);
      expect(await keysOf(store)).toEqual([]);
    }
  });

  test("removes one, many and all below a prefix", async (store) => {
    const keys = Array.from({ length: 40 }, (_, i) => `f/${i % 4}/${i}`);
    const putAll = async (): Promise<void> => {
      for (const key of [...keys, "g/1", "ff"]) await store.put(key, someBytes(3));
    };
    await putAll();
    await store.delete("f/0/0");
    expect(await store.head("f/0/0")).toBe(undefined);
    await store.deleteMany(keys);
    expect(await keysOf(store)).toEqual(["ff", "g/1"]);
    await putAll();
    await store.deleteMany((async function* () {
      await Promise.resolve();
      yield* keys.slice(0, 20);
    })());
    expect((await keysOf(store)).length).toBe(22);
    await store.deletePrefix("f/");
    expect(await keysOf(store)).toEqual(["ff", "g/1"]);
    await store.deletePrefix("f");
    expect(await keysOf(store)).toEqual(["g/1"]);
    await store.deletePrefix("");
    expect(await keysOf(store)).toEqual([]);
  });

  test("keeps the previous object when a stream fails, and leaves nothing behind", async (store) => {
    await store.put("a/b", someBytes(5));
    const failing = (size: number): ReadableStream<Uint8Array> => {
      let left = size;
      return new ReadableStream({
        pull(controller) {
          if (left <= 0) return controller.error(new Error("the producer broke"));
          left -= 1000;
          controller.enqueue(someBytes(1000));
        },
      });
    };
    for (const size of [0, 1000, 100_000]) {
      await expect(store.put("a/b", failing(size))).rejects.toThrow("the producer broke");
      await expect(store.put("a/new", failing(size))).rejects.toThrow("the producer broke");
    }
    // deno-lint-ignore no-explicit-any -- from JavaScript anything may come
    await expect(store.put("a/new", ReadableStream.from(["text"]) as any)).rejects.toThrow(TypeError);
    expect(await store.get("a/b")).toEqual(someBytes(5));
    expect(await keysOf(store)).toEqual(["a/b"]);
  });

  test("lets the last of several puts at once win, whole", async (store) => {
    const bodies = Array.from({ length: 20 }, (_, i) => someBytes(50_000 + i, i + 1));
    await Promise.all(bodies.map((body) => store.put("a/b", body)));
    const stored = sha256Hex(await store.get("a/b"));
    expect(bodies.map((body) => sha256Hex(body))).toContain(stored);
    expect(await keysOf(store)).toEqual(["a/b"]);
  });

  test("puts into a folder while others empty it", async (store) => {
    await Promise.all(Array.from({ length: 30 }, async (_, i) => {
      for (let k = 0; k < 5; k++) {
        await store.put(`d/e/${i}`, someBytes(10));
        await store.delete(`d/e/${i}`);
      }
    }));
    expect(await keysOf(store)).toEqual([]);
  });
}
