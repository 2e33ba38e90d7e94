import { expect } from "@std/expect";
import { Buffer } from "node:buffer";
import { NdArray } from "../../../mod.ts";
import { IntegrityError, StepFailedError } from "../../../src/errors.ts";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";
import { assertSameValue } from "./same_value.ts";

function roundTrip<T>(value: T): T;
function roundTrip(value: unknown): unknown {
  return decode(concatChunks(encode(value)));
}

const KEPT: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "truth values": [true, false],
  "integers at every border": [
    0,
    1,
    127,
    128,
    255,
    -1,
    -128,
    32767,
    32768,
    -32768,
    -32769,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
  ],
  "large and broken numbers": [
    -(2 ** 31) - 1,
    2 ** 53,
    0.1,
    -0,
    NaN,
    Infinity,
    -Infinity,
    5e-324,
    1.7976931348623157e308,
  ],
  "bigints at every border": [
    0n,
    -1n,
    2n ** 63n - 1n,
    2n ** 63n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    2n ** 64n,
    -(3n ** 500n),
  ],
  "strings at every border": [0, 1, 62, 63, 64, 5461, 5462, 16_384, 16_385, 70_000].flatMap((
    n,
  ) => ["x".repeat(n), "ß".repeat(n)]),
  "strings of every script": ["grüße", "日本語", "👩‍🚀", "\0", "\ufeffbom", "\ufffd", "a".repeat(600) + "é"],
  "strings with lone surrogates": ["\ud800", "a\udc00b", "\udc00".repeat(20_000), "x".repeat(20_000) + "\ud800"],
  "dates": [new Date(0), new Date(-1), new Date(8.64e15), new Date(NaN)],
  "regular expressions": [/a\/b/, /(?<year>\d+)/giu, /[a-c]/v, new RegExp("")],
  "maps": new Map<unknown, unknown>([["k", 1], [NaN, 2], [{ a: 1 }, new Map()], [undefined, undefined]]),
  "sets": new Set<unknown>([1, "1", NaN, -0, null, new Set([1])]),
  "nested plain objects": { a: { b: { c: [] } }, "": 1, "a b": 2, 7: 3, "-1": 4 },
  "an empty object and an empty array": [{}, []],
  "records of one shape": Array.from({ length: 100 }, (_, id) => ({ id, name: `n${id}`, tags: [id] })),
  "records of many shapes": Array.from({ length: 100 }, (_, id) => ({ same: 1, [`k${id}`]: id })),
  "a dictionary": Object.fromEntries(Array.from({ length: 500 }, (_, id) => [`key ${id}`, id])),
  "an array with holes": [1, , 3, , undefined],
  "an array that ends in a hole": Array.from({ length: 5 }).concat(new Array(3)),
  "an array of holes alone": new Array(10),
  "a sparse array": Object.assign(new Array(4_000_000_000), { 5: "five", 3_999_999_999: "last" }),
  "an array with properties": Object.assign([1, 2], { index: 3, "-1": 4 }),
  "an array with holes and properties": Object.assign([1, , 3], { last: true }),
  "a large array": Array.from({ length: 5000 }, (_, i) => i),
  "a large array with a property": Object.assign(Array.from({ length: 5000 }, (_, i) => i), { more: "x" }),
  "a large array with a hole": Object.assign(Array.from({ length: 5000 }), { 4999: 1 }).toSpliced(
    10,
    1,
    ...new Array(1),
  ),
  "a match": /b(?<c>c)?/.exec("abc"),
  "boxed primitives": [Object(1), Object("text"), Object(true), Object(12n), Object(-0)],
  "buffers": [new ArrayBuffer(0), Uint8Array.of(1, 2, 3).buffer, new DataView(Uint8Array.of(9, 8, 7).buffer, 1)],
  "a buffer of node": Buffer.from("héllo"),
  "arrays of several dimensions": [
    new NdArray(Float32Array.of(1, 2, 3, 4), [2, 2]),
    new NdArray(Uint8Array.of(1, 0), [2], { dtype: "bool" }),
    new NdArray(Uint8ClampedArray.of(5), []),
  ],
};

for (const [what, value] of Object.entries(KEPT)) {
  Deno.test(`encode() and decode() keep ${what}`, () => assertSameValue(roundTrip(value), value));
}

Deno.test("encode() and decode() keep every class of typed array", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(64)).buffer;
  for (
    const type of [
      ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array],
      ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
    ]
  ) {
    assertSameValue(roundTrip(new type(bytes)), new type(bytes));
    assertSameValue(roundTrip(new type(0)), new type(0));
  }
});

Deno.test("encode() keeps of a view only the bytes that it shows", () => {
  const view = new Uint16Array(1_000_000).fill(7).subarray(10, 12);
  const chunks = encode(view);
  expect(concatChunks(chunks).length).toBeLessThan(20);
  expect(roundTrip(view)).toEqual(Uint16Array.of(7, 7));
  expect(roundTrip(view).buffer.byteLength).toBe(4);
});

Deno.test("encode() gives large buffers as views, in place", () => {
  const data = new Float64Array(100_000);
  const chunks = encode({ before: 1, data, after: 2 });
  expect(chunks.filter((chunk) => chunk.buffer === data.buffer).length).toBe(1);
  assertSameValue(decode(concatChunks(chunks)), { before: 1, data, after: 2 });
});

Deno.test("encode() copies a buffer that can still change its length", () => {
  const view = new Uint8Array(new ArrayBuffer(8000, { maxByteLength: 9000 })).fill(3);
  expect(encode(view).every((chunk) => chunk.buffer !== view.buffer)).toBe(true);
  expect(roundTrip(view)).toEqual(new Uint8Array(8000).fill(3));
});

Deno.test("decode() gives values that do not change with the bytes", () => {
  const bytes = concatChunks(encode({ data: Uint8Array.of(1, 2), text: "some text" }));
  const value = decode(bytes);
  bytes.fill(0);
  expect(value).toEqual({ data: Uint8Array.of(1, 2), text: "some text" });
});

Deno.test("decode() reads bytes that are a part of a buffer", () => {
  const bytes = concatChunks(encode(["é".repeat(70), 1.5, "short"]));
  for (const whole of [new Uint8Array(bytes.length + 13), Buffer.alloc(bytes.length + 13)]) {
    whole.set(bytes, 5);
    expect(decode(whole.subarray(5, 5 + bytes.length))).toEqual(["é".repeat(70), 1.5, "short"]);
  }
});

Deno.test("a null prototype becomes a plain one", () => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  expect(Object.getPrototypeOf(roundTrip(bare))).toBe(Object.prototype);
});

Deno.test("an own key __proto__ comes back as an own key and changes no prototype", () => {
  const value = JSON.parse('{"a":{"__proto__":{"polluted":true}},"b":[{"__proto__":1}],"constructor":{"prototype":2}}');
  const copy = roundTrip(value);
  expect(Object.keys(copy.a)).toEqual(["__proto__"]);
  expect(copy.a.polluted).toBeUndefined();
  expect(Object.getPrototypeOf(copy.a)).toBe(Object.prototype);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
  assertSameValue(copy, value);
});

Deno.test("cycles and shared objects come back as they were", () => {
  const shared = { x: 1 };
  const value: Record<string, unknown> = { left: shared, right: shared, list: [shared], date: new Date(5) };
  value["self"] = value;
  value["map"] = new Map<unknown, unknown>([[value, value], ["date", value["date"]]]);
  value["set"] = new Set([value, shared]);
  const copy = roundTrip(value);
  expect(copy["left"]).toBe(copy["right"]);
  expect(copy["self"]).toBe(copy);
  assertSameValue(copy, value);
});

Deno.test("a list of 100,000 objects, each inside the one before, comes back", () => {
  let list: unknown = null;
  for (let depth = 0; depth < 100_000; depth++) {
    list = depth % 3 === 0 ? [list] : depth % 3 === 1 ? { list } : new Map([[1, list]]);
  }
  assertSameValue(roundTrip(list), list);
});

Deno.test("errors keep class, name, message, stack, cause and their own properties", () => {
  const error = Object.assign(new RangeError("too far", { cause: new TypeError("inner", { cause: 5 }) }), {
    code: "E_FAR",
    details: { at: [1, 2] },
  });
  const copy = roundTrip(error);
  expect(copy).toBeInstanceOf(RangeError);
  expect(copy.stack).toBe(error.stack);
  expect(copy.cause).toBeInstanceOf(TypeError);
  expect(Object.keys(copy)).toEqual(["code", "details"]);
  assertSameValue(copy, error);
});

for (
  const error of [
    ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) =>
      new type("message")
    ),
    new AggregateError([new Error("one"), 2], "both"),
    new SuppressedError(new Error("later"), new Error("first"), "while disposing"),
    new Error(),
    new Error("", { cause: undefined }),
    new DOMException("stopped", "AbortError"),
  ]
) {
  Deno.test(`an error like ${error.name}: ${error.message} comes back as one of its class`, () => {
    const copy = roundTrip(error);
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(error));
    expect(Object.getOwnPropertyNames(copy).sort()).toEqual(Object.getOwnPropertyNames(error).sort());
    assertSameValue(copy, error);
  });
}

Deno.test("an error of a class of its own comes back as the built-in class above it, with its name", () => {
  class ByName extends TypeError {
    override name = "ByName";
    status = 404;
  }
  class ByPrototype extends Error {
    static {
      this.prototype.name = "ByPrototype";
    }
  }
  const copy = roundTrip(new ByName("no"));
  expect(copy).toBeInstanceOf(TypeError);
  expect([copy.name, copy.message, copy.status]).toEqual(["ByName", "no", 404]);
  expect(String(roundTrip(new ByPrototype("x")))).toBe("ByPrototype: x");
  const failed = roundTrip(new StepFailedError("It failed.", { workflow: "w", node: "n", cause: 1 }));
  expect([failed.name, failed.code, failed.workflow, failed.node, failed.cause])
    .toEqual(["StepFailedError", "STEP_FAILED", "w", "n", 1]);
});

Deno.test("an error with a cycle, without a stack, or with a strange one comes back", () => {
  const looped = new Error("loop");
  looped.cause = looped;
  expect(roundTrip(looped).cause).toBeInstanceOf(Error);
  assertSameValue(roundTrip(looped), looped);
  const bare = new Error("bare");
  delete bare.stack;
  expect(Object.hasOwn(roundTrip(bare), "stack")).toBe(false);
  const strange = Object.defineProperty(new Error("strange"), "stack", { value: [() => {}] });
  expect(roundTrip(strange).stack).toBeUndefined();
});

Deno.test("getters are read once, and symbol keys are left out", () => {
  let reads = 0;
  const value = {
    get a() {
      return ++reads;
    },
    [Symbol("s")]: 1,
  };
  expect(roundTrip(value)).toEqual({ a: 1 });
  expect(reads).toBe(1);
});

Deno.test("encode() can be called from a getter of what it encodes", () => {
  const value = {
    before: "x".repeat(100),
    get inner() {
      return concatChunks(encode({ text: "inside" }));
    },
    after: 1,
  };
  const copy = roundTrip(value);
  expect([copy.before.length, decode(copy.inner), copy.after]).toEqual([100, { text: "inside" }, 1]);
});

Deno.test("an object with an external record is not looked into, and is asked for again", () => {
  class Big {
    constructor(readonly id: number, readonly fn: () => void = () => {}) {}
  }
  const big = new Big(1);
  const asked: object[] = [];
  const chunks = encode({ first: big, list: [big, new Big(2)] }, {
    external(value) {
      asked.push(value);
      return value instanceof Big
        ? { serializer: "big", pid: { id: value.id, raw: Uint8Array.of(value.id) } }
        : undefined;
    },
  });
  expect(asked.filter((value) => value instanceof Big).length).toBe(2);
  const seen: unknown[] = [];
  const copy = decode(concatChunks(chunks), {
    external(external) {
      seen.push(external);
      return `big ${seen.length}`;
    },
  });
  expect(copy).toEqual({ first: "big 1", list: ["big 1", "big 2"] });
  expect(seen).toEqual([1, 2].map((id) => ({ serializer: "big", pid: { id, raw: Uint8Array.of(id) } })));
  expect(() => decode(concatChunks(chunks))).toThrow('the serializer "big"');
});

Deno.test("objects inside an external record are encoded as they are", () => {
  const array = Uint8Array.of(1);
  const chunks = encode(array, { external: (value) => ({ serializer: "s", pid: [value, { a: 1 }].slice(1) }) });
  expect(decode(concatChunks(chunks), { external: ({ pid }) => pid })).toEqual([{ a: 1 }]);
});

Deno.test("decode() refuses what encode() did not write", () => {
  const bytes = concatChunks(encode([1, "two", { three: 3 }]));
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decode(bytes.slice(0, length))).toThrow(IntegrityError);
  }
  expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow("more follows after the end");
  expect(() => decode(new TextEncoder().encode('{"json":true}'))).toThrow("does not start like an encoded value");
  const newer = bytes.slice();
  newer[2] = 9;
  expect(() => decode(newer)).toThrow("in version 9 of the format, and this release reads version 1");
  expect(() => decode(concatChunks(encode(1, { canonical: true })))).toThrow("made for hashing");
});

const VERSION_1 =
  "465701e019d0d1d3d205d4fbffd570110100d6000000000000f83fd7d60000000000000080d80c00000000000000d9000940" +
  "0000000000000000856173636969dc0500c3bc6ec3afde0100000000d8e8000000a2941a6d42e981618167e601816be40181" +
  "7301e70101e4028161816201c2e102e5010304df04e201020001817802ed04020102ea83626f78";

Deno.test("encode() writes, and decode() reads, the bytes of version 1 of the format", () => {
  const shared = { s: 1 };
  const value = [
    ...[undefined, null, true, false, 5, -5, 70000, 1.5, NaN, -0, 12n, 2n ** 70n, "ascii", "ünï", "\ud800"],
    ...[new Date(1e12), /a/g, new Map([["k", shared]]), new Set([1]), { a: 1, b: [, 2] }, { a: 3, b: 4 }, shared],
    ...[Object.assign([1], { x: 2 }), Uint8Array.of(1, 2), Object("box")],
  ];
  expect(concatChunks(encode(value)).toHex()).toBe(VERSION_1);
  assertSameValue(decode(Uint8Array.fromHex(VERSION_1)), value);
});
