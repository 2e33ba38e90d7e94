/**
 * Random values of every kind that the encoding keeps.
 *
 * @module
 */
import * as fc from "fast-check";
import { NdArray } from "../../../storage/codec/ndarray.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme-ascii" }),
  fc.string({ unit: "binary" }),
  fc.string({ minLength: 60, maxLength: 90 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

const primitive = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, NaN, Infinity, -Infinity, 127, 128, -1, 32767, -32769),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  text,
);

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => array.slice(0, array.length - array.length % 8).buffer);

const buffer = fc.tuple(
  bytes,
  fc.constantFrom<new (bytes: ArrayBuffer) => ArrayBufferView>(
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array],
    ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
  ),
).map(([bytes, type]) => new type(bytes));

const leaf = fc.oneof(
  buffer,
  bytes,
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(/a(b|c)*$/giu, new RegExp("")),
  fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.bigInt()).map((value): object => Object(value)),
  fc.float64Array({ minLength: 6, maxLength: 6 }).map((data) => new NdArray(data, [2, 3])),
);

const key = fc.oneof(
  fc.string(),
  fc.constantFrom("__proto__", "constructor", "toString", "length", "a b", "0", "7", "5000", "stack", "then"),
);

/** A value without cycles. */
export const anyTree: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    primitive,
    leaf,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.array(fc.tuple(fc.nat(300), tie("value")), { maxLength: 5 }).map(sparse),
    fc.tuple(fc.array(tie("value"), { maxLength: 3 }), tie("value")).map(([list, extra]) =>
      Object.assign(list, { extra })
    ),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 8 }).map(plain),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 5 }).map((items) => new Set(items)),
    fc.tuple(fc.constantFrom(Error, TypeError, RangeError), fc.string(), tie("value"), tie("value")).map(
      ([type, message, cause, code]) => Object.assign(new type(message, { cause }), { code }),
    ),
    fc.tuple(fc.array(tie("value"), { maxLength: 3 }), fc.string()).map(([errors, m]) => new AggregateError(errors, m)),
  ),
})).value;

function plain(entries: [string, unknown][]): object {
  const object = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

function sparse(entries: [number, unknown][]): unknown[] {
  const list: unknown[] = [];
  for (const [index, value] of entries) list[index] = value;
  return list;
}

/** A value in which any object may be reached on several ways, also from inside itself. */
export const anyGraph: fc.Arbitrary<unknown> = fc.tuple(
  fc.array(fc.constantFrom("object", "array", "map", "set", "error"), { minLength: 1, maxLength: 8 }),
  fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 }),
).map(([kinds, edges]) => {
  const nodes = kinds.map((kind): object => {
    switch (kind) {
      case "array":
        return [];
      case "map":
        return new Map();
      case "set":
        return new Set();
      case "error":
        return new Error("node");
      default:
        return {};
    }
  });
  for (const [index, [from, to]] of edges.entries()) {
    const source = nodes[from % nodes.length];
    const target = nodes[to % nodes.length];
    if (source instanceof Map) source.set(index % 2 === 0 ? target : index, target);
    else if (source instanceof Set) source.add(target);
    else if (source instanceof Array) source.push(target);
    else if (source instanceof Error) source.cause = target;
    else if (source !== undefined) Reflect.set(source, `to${index}`, target);
  }
  return nodes[0];
});
