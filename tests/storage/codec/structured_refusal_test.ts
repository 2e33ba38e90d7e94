import { expect } from "@std/expect";
import { Buffer } from "node:buffer";
import { NdArray } from "../../../mod.ts";
import { SerializationError } from "../../../src/errors.ts";
import { concatChunks, decode, encode } from "../../../storage/codec/structured.ts";

class Model {
  weights = [1];
}

function refused(value: unknown): string {
  return refusalOf(value).message;
}

function refusalOf(value: unknown): SerializationError {
  try {
    encode(value);
  } catch (error) {
    if (error instanceof SerializationError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

const PATHS: [string, unknown][] = [
  ["$ is", () => {}],
  ["$.rows[3].fn is", { rows: [0, 0, 0, { fn() {} }] }],
  ['$.m.get("k") is', { m: new Map([["a", 1 as unknown], ["k", () => {}]]) }],
  ["$.get(5n) is", new Map([[5n, () => {}]])],
  ["[...$.m.keys()][1] is", { m: new Map<unknown, unknown>([[1, 1], [() => {}, 2]]) }],
  ["[...$.values()][0].x is", new Map([[{}, { x: () => {} }]])],
  ["[...$.s][2] is", { s: new Set([1, 2, () => {}]) }],
  ['$["a b"][""].c is', { "a b": { "": { c: () => {} } } }],
  ["$.cause.cause is", new Error("a", { cause: new Error("b", { cause: () => {} }) })],
  ["$.errors[1] is", new AggregateError([1, () => {}])],
  ["$[2].extra is", [1, 2, Object.assign([1], { extra: () => {} })]],
  ["$[3000000000] is", Object.assign(new Array(4_000_000_000), { 3_000_000_000: () => {} })],
  ["$.grüße is", { grüße: () => {} }],
];
for (const [path, value] of PATHS) {
  Deno.test(`encode() says that ${path} a function`, () => {
    expect(refused(value)).toContain(`The value can not be stored: ${path} a function`);
  });
}

Deno.test("encode() says what each thing is that it refuses, and what to do", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  const cases: [unknown, string][] = [
    [function named() {}, 'a function "named"; store data, not code'],
    [class Foo {}, 'a function "Foo"'],
    [Symbol("s"), "the symbol Symbol(s)"],
    [new Model(), "an instance of the class Model; register a serializer for Model"],
    [new (class extends Map {})(), "an object with a prototype of its own"],
    [new (class Bag extends Set {})(), "an instance of the class Bag"],
    [new (class List extends Array {})(), "an instance of the class List"],
    [new (class Day extends Date {})(), "an instance of the class Day"],
    [new (class Bytes extends Uint8Array {})(2), "an instance of the class Bytes"],
    [Object.create({ inherited: 1 }), "an object with a prototype of its own"],
    [Promise.resolve(1), "a Promise; await it"],
    [new WeakMap(), "a WeakMap"],
    [new WeakSet(), "a WeakSet"],
    [new WeakRef({}), "a WeakRef"],
    [new Proxy({}, {}), "a Proxy; store the object behind it"],
    [new Proxy([], {}), "a Proxy"],
    [proxy, "a Proxy"],
    [new SharedArrayBuffer(4), "memory shared between threads"],
    [new Uint8Array(new SharedArrayBuffer(4)), "memory shared between threads"],
    [detached, "a detached buffer"],
    [new ArrayBuffer(4, { maxByteLength: 8 }), "a resizable ArrayBuffer; store `buffer.slice()`"],
    [new URL("https://example.com"), "an instance of the class URL"],
    [new Headers(), "an instance of the class Headers"],
    [Object(Symbol("boxed")), "an instance of the class Symbol"],
    [(function* () {})(), "an object with a prototype of its own"],
    [globalThis.Intl.NumberFormat("en"), "an instance of the class NumberFormat"],
  ];
  for (const [value, what] of cases) expect(refused([value])).toContain(what);
});

Deno.test("encode() refuses what only looks like a built-in", () => {
  for (const type of [Map, Set, Date, Number, ArrayBuffer, Uint8Array, RegExp, Promise]) {
    expect(refused({ fake: Object.create(type.prototype) })).toContain("$.fake");
  }
});

Deno.test("encode() names the place where a getter throws, with its error as the cause", () => {
  const cause = new Error("no data");
  const value = {
    list: [{
      get broken(): number {
        throw cause;
      },
    }],
  };
  const error = refusalOf(value);
  expect(error.cause).toBe(cause);
  expect(error.message).toContain('reading $.list[0].broken threw "Error: no data"');
});

Deno.test("encode() shortens the path of something very deep", () => {
  let value: unknown = () => {};
  for (let depth = 0; depth < 100_000; depth++) value = { next: value };
  const message = refused(value);
  expect(message.length).toBeLessThan(600);
  expect(message).toContain("$.next.next");
  expect(message).toContain("<99960 more>.next");
  expect(refused({ ["k".repeat(5000) + "-"]: () => {} }).length).toBeLessThan(200);
});

Deno.test("encode() works again after it refused a value", () => {
  for (let i = 0; i < 3; i++) {
    expect(refused({ text: "x".repeat(50_000), fn() {} })).toContain("$.fn");
    expect(decode(concatChunks(encode({ ok: "y".repeat(10) })))).toEqual({ ok: "y".repeat(10) });
  }
});

Deno.test("encode() names what a serializer can not have kept, and the elements of an NdArray", () => {
  class Bytes extends Uint8Array {}
  expect(refused([new NdArray(new Bytes(1), [1])])).toContain("$[0] is an instance of the class Bytes");
  const external = (value: object) => value instanceof Model ? { serializer: "s", pid: { fn: () => {} } } : undefined;
  expect(() => encode([new Model()], { external })).toThrow("$[0].pid.fn is a function");
});

Deno.test("encode() keeps a Buffer and refuses a class above it", () => {
  expect(decode(concatChunks(encode(Buffer.from([1, 2]))))).toEqual(Buffer.from([1, 2]));
});
