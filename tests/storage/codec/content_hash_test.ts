import { expect } from "@std/expect";
import * as fc from "fast-check";
import { NdArray } from "../../../mod.ts";
import { SerializationError } from "../../../src/errors.ts";
import { contentHash } from "../../../storage/codec/content_hash.ts";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";
import { anyGraph, anyTree } from "./any_value.ts";

/** The same value without anything shared and with the keys of plain objects in another order. */
function rebuilt(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copy.length = value.length;
    for (const key of Object.keys(value)) Reflect.set(copy, key, rebuilt(Reflect.get(value, key)));
    return copy;
  }
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [rebuilt(key), rebuilt(item)]));
  if (value instanceof Set) return new Set([...value].map(rebuilt));
  if (Object.getPrototypeOf(value) !== Object.prototype) return decode(concatChunks(encode(value)));
  const copy = {};
  for (const key of Object.keys(value).reverse()) {
    const item = rebuilt(Reflect.get(value, key));
    Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

Deno.test("contentHash() gives equal values equal hashes, whatever the order of keys", () => {
  fc.assert(
    fc.property(anyTree, (value) => {
      expect(contentHash(rebuilt(value))).toBe(contentHash(value));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("contentHash() gives a value and its stored copy equal hashes", () => {
  fc.assert(
    fc.property(fc.oneof(anyTree, anyGraph), (value) => {
      expect(contentHash(decode(concatChunks(encode(value))))).toBe(contentHash(value));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("contentHash() stays the same from release to release", () => {
  const value = {
    b: [1, -0, NaN, 2.5, 10n, "text", null, undefined, true, [, 1]],
    a: new Map<unknown, unknown>([["x", new Set([1])], [new Date(5), /r/g]]),
    data: new NdArray(Float64Array.of(1, 2), [2, 1]),
    error: new TypeError("t", { cause: 1 }),
  };
  expect(contentHash(value)).toBe("62993baec9c688b1ca1abe0164f894b54aef65cd0295de71db3b0a6136435aab");
  expect(contentHash(Object.assign(value, { self: value }))).toBe(
    "c922cb870a068584669047441d59a83d8add33b94646bfb9a413e8914a9581cb",
  );
});

Deno.test("contentHash() tells different values apart", () => {
  const values: unknown[] = [
    ...[undefined, null, true, false, 0, -0, 1, "1", 1n, NaN, Infinity, "", "a", "b", "ab", "\ud800", "\ufffd"],
    ...[[], {}, [[]], [{}], [1], [undefined], [,], [, , 1], [undefined, undefined, 1], { 0: 1 }, { a: undefined }],
    ...[new Map(), new Set(), new Map([[1, 2]]), new Map([[2, 1]]), new Set([1, 2]), new Set([2, 1]), [1, 2], [2, 1]],
    ...[new Date(0), new Date(1), new Date(NaN), /a/, /a/g, /b/, Object(1), Object("1"), Object(true)],
    ...[
      new ArrayBuffer(1),
      new Uint8Array(1),
      new Uint8ClampedArray(1),
      new Int8Array(1),
      new DataView(new ArrayBuffer(1)),
    ],
    ...[
      new Float64Array(1),
      new BigInt64Array(1),
      new Float64Array(2000),
      new Float64Array(2001),
      new Float32Array(4000),
    ],
    ...[
      new NdArray(new Uint8Array(4), [2, 2]),
      new NdArray(new Uint8Array(4), [4]),
      new NdArray(new Uint8Array(4), [1, 4]),
    ],
    ...[new NdArray(new Uint8Array(4), [4], { dtype: "bool" }), new Uint8Array(4), new Array(1000), new Array(1001)],
    ...[new Error("a"), new Error("b"), new TypeError("a"), Object.assign(new Error("a"), { code: 1 })],
    ...["x".repeat(5000), "x".repeat(5001), "é".repeat(5000), ["x".repeat(5000)], { x: "x".repeat(5000) }],
    ...[Array.from({ length: 3000 }, () => 0), Array.from({ length: 3000 }, () => 1), Object.assign([1], { a: 1 })],
  ];
  const looped: unknown[] = [];
  looped.push(looped);
  const longer: unknown[] = [[looped]];
  longer.push(longer);
  values.push(looped, [looped], longer);
  expect(new Set(values.map((value) => contentHash(value))).size).toBe(values.length);
});

Deno.test("contentHash() does not tell one object in two places from two equal ones", () => {
  for (
    const make of [
      () => ({ small: 1 }),
      () => ({ large: "x".repeat(5000) }),
      () => new Float64Array(1000),
      () => new Map([[1, [2]]]),
    ]
  ) {
    const shared = make();
    expect(contentHash([shared, { again: shared }])).toBe(contentHash([make(), { again: make() }]));
  }
});

Deno.test("contentHash() takes no account of stacks", () => {
  const one = new Error("same");
  const other = (() => new Error("same"))();
  expect(one.stack).not.toBe(other.stack);
  expect(contentHash(one)).toBe(contentHash(other));
});

Deno.test("contentHash() hashes of a view only what it shows", () => {
  const whole = Uint8Array.from({ length: 10_000 }, (_, index) => index);
  expect(contentHash(whole.subarray(100, 9000))).toBe(contentHash(whole.slice(100, 9000)));
});

Deno.test("contentHash() works in proportion to the references of shared objects", () => {
  let value: unknown = { leaf: "x".repeat(100) };
  for (let level = 0; level < 1000; level++) value = { left: value, right: value, list: [value, value] };
  expect(contentHash(value)).toMatch(/^[0-9a-f]{64}$/);
});

Deno.test("contentHash() gives equal graphs equal hashes", () => {
  const ring = (order: boolean): object => {
    const first: Record<string, unknown> = order ? { a: 1, b: 2 } : { b: 2, a: 1 };
    let last = first;
    for (let index = 0; index < 50; index++) last["next"] = last = { index, data: new Uint8Array(2000), first };
    last["next"] = first;
    return first;
  };
  expect(contentHash(ring(true))).toBe(contentHash(ring(false)));
  expect(contentHash({ ring: ring(true) })).toBe(contentHash({ ring: ring(false) }));
});

Deno.test("contentHash() takes very deep and very long values", () => {
  const deep = (depth: number): unknown => {
    let value: unknown = "end";
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value };
    return value;
  };
  expect(contentHash(deep(100_000))).toBe(contentHash(deep(100_000)));
  expect(contentHash(deep(100_000))).not.toBe(contentHash(deep(100_002)));
  const long = Array.from({ length: 300_000 }, (_, index) => `item ${index}`);
  expect(contentHash(long)).toBe(contentHash([...long]));
  expect(contentHash(long)).not.toBe(contentHash(long.with(150_000, "other")));
  const nested = [long.slice(0, 20_000), ["between", long.slice(0, 20_000)], "x".repeat(200_000)];
  expect(contentHash(nested)).toBe(contentHash(structuredClone(nested)));
});

Deno.test("contentHash() says where a value has no canonical form", () => {
  expect(() => contentHash({ rows: [1, () => {}] })).toThrow(SerializationError);
  expect(() => contentHash({ rows: [1, () => {}] })).toThrow("$.rows[1] is a function");
  const looped: Record<string, unknown> = { fn: () => {} };
  looped["a"] = looped;
  expect(() => contentHash(looped)).toThrow("$.fn is a function");
});

Deno.test("contentHash() takes the content that is given for objects of a class", () => {
  class Model {
    constructor(readonly weights: Uint8Array) {}
  }
  const external = (value: object) =>
    value instanceof Model ? [new TextEncoder().encode("model\n"), value.weights] : undefined;
  const hash = (byte: number, extra?: object) =>
    contentHash({ m: new Model(Uint8Array.of(byte)), extra }, { external });
  expect(hash(1)).toBe(hash(1));
  expect(hash(1)).not.toBe(hash(2));
  const looped: unknown[] = [];
  looped.push(looped);
  expect(hash(1, looped)).not.toBe(hash(2, looped));
  expect(hash(1, looped)).not.toBe(hash(1));
  expect(() => contentHash(new Model(Uint8Array.of(1)))).toThrow("an instance of the class Model");
});

Deno.test("encode() with the option `canonical` gives a short form, the same in every order of keys", () => {
  const one = concatChunks(encode({ a: 1, b: new Float64Array(1_000_000) }, { canonical: true }));
  const other = concatChunks(encode({ b: new Float64Array(1_000_000), a: 1 }, { canonical: true }));
  expect(one.length).toBeLessThan(100);
  expect(other.toHex()).toBe(one.toHex());
});
