import { expect } from "@std/expect";
import fc from "fast-check";
import { inParallel } from "../../../../storage/in_parallel.ts";
import { partsOf } from "../../../../storage/object_store/http/parts.ts";
import { RangedReader } from "../../../../storage/object_store/http/ranged_reader.ts";

Deno.test("partsOf gives parts of one size that make up the body, however it came", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 7 }),
      async (pieces, size) => {
        const whole = new Uint8Array(pieces.flatMap((piece) => [...piece]));
        for (const body of [whole, pieces, ReadableStream.from(pieces)]) {
          const parts = await Array.fromAsync(partsOf(body, size));
          expect(parts.flatMap(({ bytes }) => [...bytes])).toEqual([...whole]);
          expect(parts.length).toBe(Math.max(1, Math.ceil(whole.length / size)));
          for (const [i, { bytes, start, index, isLast }] of parts.entries()) {
            expect([start, index, isLast]).toEqual([i * size, i, i === parts.length - 1]);
            if (!isLast) expect(bytes.length).toBe(size);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("inParallel works on so many at once, takes nothing ahead, and stops at the first failure", async () => {
  let [taken, working, most] = [0, 0, 0];
  function* items(): Generator<number, void> {
    for (let i = 0; i < 50; i++) {
      taken++;
      yield i;
    }
  }
  const work = async (item: number): Promise<void> => {
    most = Math.max(most, ++working);
    expect(taken).toBeLessThanOrEqual(item + 4);
    await new Promise((resolve) => setTimeout(resolve, item % 3));
    working--;
    if (item === 20) throw new Error("twenty");
  };
  await expect(inParallel(items(), 4, work)).rejects.toThrow("twenty");
  expect(most).toBe(4);
  expect(working).toBe(0);
  expect(taken).toBeLessThan(30);
});

Deno.test("RangedReader reads any part by requests of bounded size, and what it has only once", async () => {
  const object = Uint8Array.from({ length: 100 }, (_, i) => i);
  await fc.assert(
    fc.asyncProperty(fc.nat(120), fc.nat(120), fc.nat(100), async (position, length, beginning) => {
      const asked: [number, number][] = [];
      const reader = new RangedReader({
        size: 100,
        beginning: object.subarray(0, beginning),
        fill(into, at) {
          asked.push([at, into.length]);
          into.set(object.subarray(at, at + into.length));
          return Promise.resolve();
        },
      }, { partBytes: 7, concurrency: 3 });
      const into = new Uint8Array(length);
      const count = await reader.read(into, position);
      expect([...into.subarray(0, count)]).toEqual([...object.subarray(position, position + length)]);
      expect(asked.every(([at, size]) => size <= 7 && size > 0 && at >= beginning)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

Deno.test("parts grow as they are told, and the memory of those that are released is filled again", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
  const pieces = async function* (): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; at += 7) yield await Promise.resolve(bytes.subarray(at, at + 7));
  };
  for (const body of [bytes, pieces()]) {
    const sizes: number[] = [];
    const found: number[] = [];
    for await (const part of partsOf(body, (index) => 100 * (index + 1))) {
      expect(part.start).toBe(found.length);
      sizes.push(part.bytes.length);
      found.push(...part.bytes);
      part.release();
    }
    expect(sizes).toEqual([100, 200, 300, 400]);
    expect(new Uint8Array(found)).toEqual(bytes);
  }
  const buffers = new Set<ArrayBuffer>();
  for await (const part of partsOf(pieces(), 50)) {
    buffers.add(part.bytes.buffer);
    part.release();
  }
  // One is read ahead, and one is being filled.
  expect(buffers.size).toBeLessThanOrEqual(3);
});
