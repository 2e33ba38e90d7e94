import { expect } from "@std/expect";
import * as fc from "fast-check";
import { FusewireError, IntegrityError } from "../../../src/errors.ts";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";
import { Tag } from "../../../storage/codec/tags.ts";
import { anyGraph, anyTree } from "./any_value.ts";

/** The most that a byte of input may cost: an empty object takes one byte, and some 200 in memory. */
const MOST_PER_BYTE = 400;
const SLACK = 4_000_000;

/** Decodes, and throws if that throws anything but our errors, or takes too much memory. */
function decodeHostile(bytes: Uint8Array): unknown {
  const before = Deno.memoryUsage();
  let result: unknown;
  try {
    result = decode(bytes, { external: (external) => external });
  } catch (error) {
    if (!(error instanceof FusewireError)) throw error;
    result = error;
  }
  const after = Deno.memoryUsage();
  const used = after.heapUsed + after.external - before.heapUsed - before.external;
  if (used > SLACK + MOST_PER_BYTE * bytes.length) throw new Error(`${bytes.length} bytes took ${used}`);
  return result;
}

function crafted(...parts: (number | readonly number[])[]): Uint8Array {
  return Uint8Array.from([0x46, 0x57, 1, ...parts.flat()]);
}

/** 2 ** 42 - 1 as a varint. */
const HUGE = [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];

function repeated(count: number, ...parts: number[]): number[] {
  return Array.from({ length: count }, () => parts).flat();
}

const mutation = fc.oneof(
  fc.tuple(fc.constant("set"), fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Object.values(Tag)))),
  fc.tuple(fc.constant("flip"), fc.nat(), fc.nat(7)),
  fc.tuple(fc.constant("cut"), fc.nat(), fc.constant(0)),
  fc.tuple(fc.constant("huge"), fc.nat(), fc.constant(0)),
);

function mutate(bytes: Uint8Array, [kind, at, value]: [string, number, number]): Uint8Array {
  const index = bytes.length <= 3 ? 0 : 3 + at % (bytes.length - 3);
  if (kind === "cut") return bytes.slice(0, index);
  const changed = bytes.slice();
  if (kind === "huge") changed.set(HUGE.slice(0, changed.length - index), index);
  else changed[index] = kind === "set" ? value : (changed[index] ?? 0) ^ (1 << value);
  return changed;
}

Deno.test("decode() neither crashes nor bloats on damaged bytes", () => {
  fc.assert(
    fc.property(fc.oneof(anyTree, anyGraph), fc.array(mutation, { minLength: 1, maxLength: 4 }), (value, mutations) => {
      decodeHostile(mutations.reduce(mutate, concatChunks(encode(value))));
    }),
    { numRuns: 4_000 },
  );
});

Deno.test("decode() neither crashes nor bloats on bytes that were never a value", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeHostile(crafted([...bytes]));
    }),
    { numRuns: 20_000 },
  );
});

const LYING_LENGTHS: Record<string, Uint8Array> = {
  "an array": crafted(Tag.ARRAY, HUGE),
  "an array as long as the input, inside others": crafted(repeated(50_000, Tag.ARRAY, 0xff, 0xff, 0x03)),
  "an object": crafted(Tag.OBJECT, HUGE),
  "a shape": crafted(Tag.NEW_SHAPE, HUGE),
  "a map": crafted(Tag.MAP, HUGE),
  "a set": crafted(Tag.SET, HUGE),
  "a string": crafted(Tag.ASCII32, 255, 255, 255, 255),
  "a string in UTF-8": crafted(Tag.UTF8_32, 255, 255, 255, 255),
  "a string in UTF-16": crafted(Tag.UTF16, 255, 255, 255, 255),
  "a bigint": crafted(Tag.BIGINT, 0, HUGE),
  "a bigint past all limits": crafted(Tag.BIGINT, 0, [0x80, 0x80, 0x80, 0x40]),
  "a buffer": crafted(Tag.BUFFER, 0, HUGE),
  "the shape of an array": crafted(Tag.NDARRAY, 0, HUGE),
  "the fields of an error": crafted(Tag.ERROR, 0, HUGE),
  "a number that never ends": crafted(Tag.ARRAY, repeated(20, 0xff)),
  "a keyed array": crafted(Tag.KEYED_ARRAY, [0xff, 0xff, 0xff, 0xff, 0x0f], HUGE),
};
for (const [what, bytes] of Object.entries(LYING_LENGTHS)) {
  Deno.test(`decode() refuses a lying length of ${what}`, () => {
    expect(decodeHostile(bytes)).toBeInstanceOf(IntegrityError);
  });
}

Deno.test("decode() does not make room for the length of sparse arrays", () => {
  // Each is of length 30,000,000 or 1,000, and empty.
  for (const length of [[0x80, 0x87, 0xa7, 0x0e], [0xe8, 0x07]]) {
    const arrays = repeated(10_000, Tag.KEYED_ARRAY, ...length, 0);
    const result = decodeHostile(crafted(Tag.ARRAY, [0x90, 0x4e], arrays));
    expect(result).toHaveLength(10_000);
  }
});

Deno.test("decode() does not make room for the gaps between numbered keys", () => {
  const key = [0x84, ...new TextEncoder().encode("1000")];
  const first = [Tag.NEW_SHAPE, 1, ...key, 0];
  const shaped = decodeHostile(crafted(Tag.ARRAY, [0x90, 0x4e], first, repeated(9_999, Tag.SHAPE, 0, 0)));
  expect(shaped).toHaveLength(10_000);
  const entries = decodeHostile(crafted(Tag.ARRAY, [0x90, 0x4e], repeated(10_000, Tag.OBJECT, 1, ...key, 0)));
  expect(entries).toHaveLength(10_000);
});

Deno.test("decode() takes 200,000 values inside one another", () => {
  for (
    const open of [[0xc1], [Tag.SET, 1], [Tag.MAP, 1, 0], [Tag.OBJECT, 1, 0x80], [Tag.ERROR, 0, 1, 0x80, Tag.TRUE]]
  ) {
    const result = decodeHostile(crafted(repeated(200_000, ...open), 0));
    expect(typeof result).toBe("object");
    expect(result).not.toBeInstanceOf(IntegrityError);
  }
});

Deno.test("decode() refuses boxes in boxes and records in records without running out of stack", () => {
  expect(decodeHostile(crafted(repeated(1_000_000, Tag.BOXED)))).toBeInstanceOf(IntegrityError);
  expect(decodeHostile(crafted(repeated(300_000, Tag.EXTERNAL, 0x80)))).toBeInstanceOf(IntegrityError);
});

const MEANINGLESS: Record<string, Uint8Array> = {
  "nothing": new Uint8Array(),
  "no value": crafted(),
  "an unknown tag": crafted(0xff),
  "a hole outside an array": crafted(Tag.HOLE),
  "a digest": crafted(Tag.DIGEST, repeated(32, 1)),
  "a reference to nothing": crafted(Tag.REFERENCE, 0),
  "a reference to what comes later": crafted(0xc2, Tag.REFERENCE, 1, 0xc0),
  "a record that refers to itself": crafted(Tag.EXTERNAL, 0x81, 0x61, Tag.REFERENCE, 0),
  "a shape that was never given": crafted(Tag.SHAPE, 0),
  "a key that is no string": crafted(Tag.OBJECT, 1, Tag.NULL, 0),
  "an index outside its array": crafted(Tag.KEYED_ARRAY, 2, 1, 5, 0),
  "a length among the keys of an array": crafted(
    Tag.KEYED_ARRAY,
    2,
    1,
    [0x86, ...new TextEncoder().encode("length")],
    0,
  ),
  "an array that is too long": crafted(Tag.KEYED_ARRAY, HUGE, 0),
  "an unknown class of error": crafted(Tag.ERROR, 99, 0),
  "an error with an object for a flag": crafted(Tag.ERROR, 0, 1, 0x81, 0x61, 0xc1, 0, 0),
  "an unknown class of buffer": crafted(Tag.BUFFER, 99, 0),
  "half an element": crafted(Tag.BUFFER, 12, 3, 0, 0, 0),
  "a shape that does not fit": crafted(Tag.NDARRAY, 0, 1, 5, Tag.BUFFER, 4, 1, 0),
  "an array without elements": crafted(Tag.NDARRAY, 0, 0, Tag.BUFFER, 0, 1, 0),
  "a regular expression that is none": crafted(Tag.REGEXP, 0x81, 0x28, 0x80),
  "flags that are none": crafted(Tag.REGEXP, 0x81, 0x61, 0x82, 0x67, 0x67),
  "an empty box": crafted(Tag.BOXED, Tag.NULL),
  "a name that is no string": crafted(Tag.DOM_EXCEPTION, 1, 1),
  "a string that is not UTF-8": crafted(Tag.UTF8_16, 2, 0, 0xc3, 0x28),
};
for (const [what, bytes] of Object.entries(MEANINGLESS)) {
  Deno.test(`decode() refuses ${what}`, () => {
    expect(decodeHostile(bytes)).toBeInstanceOf(IntegrityError);
  });
}

Deno.test("decode() never calls a setter or a function that is in the way", () => {
  let called = 0;
  const hook = { configurable: true, set: () => called++, get: () => () => called++ };
  Object.defineProperty(Object.prototype, "hooked", hook);
  try {
    const value = decode(concatChunks(encode([JSON.parse('{"hooked":1,"toJSON":2,"then":3,"__proto__":4}')])));
    expect(JSON.stringify(Object.entries(Object(value)[0]))).toContain('["hooked",1]');
  } finally {
    Reflect.deleteProperty(Object.prototype, "hooked");
  }
  expect(called).toBe(0);
});
