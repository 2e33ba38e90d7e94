/**
 * Whether two values are the same in everything that the encoding keeps, also in which parts are one object.
 *
 * @module
 */
import { NdArray } from "../../../storage/codec/ndarray.ts";

/** Throws at the first difference. */
export function assertSameValue(actual: unknown, expected: unknown): void {
  const partners = new Map<object, object>();
  const open: [unknown, unknown, string][] = [[actual, expected, "$"]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [a, b, path] = pair;
    if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
      if (!Object.is(a, b)) throw new Error(`${path}: ${String(a)} is not ${String(b)}`);
      continue;
    }
    const partner = partners.get(b);
    if (partner !== undefined) {
      if (partner !== a) throw new Error(`${path}: one object became two, or two became one`);
      continue;
    }
    partners.set(b, a);
    for (const [name, x, y] of parts(a, b)) open.push([x, y, `${path}.${name}`]);
  }
  if (new Set(partners.values()).size !== partners.size) throw new Error("two objects became one");
}

function* parts(a: object, b: object): Generator<[string, unknown, unknown]> {
  const plain = Object.getPrototypeOf(b) === null ? Object.prototype : Object.getPrototypeOf(b);
  const isError = b instanceof Error;
  if (!isError) yield ["prototype", Object.getPrototypeOf(a) === plain, true];
  if (a instanceof Date && b instanceof Date) yield ["time", a.getTime(), b.getTime()];
  if (a instanceof RegExp && b instanceof RegExp) yield ["source", String(a), String(b)];
  if (isBox(a) && isBox(b)) yield ["primitive", a.valueOf(), b.valueOf()];
  if (a instanceof Map && b instanceof Map) yield* list("entry", [...a].flat(), [...b].flat());
  if (a instanceof Set && b instanceof Set) yield* list("item", [...a], [...b]);
  if (a instanceof NdArray && b instanceof NdArray) {
    yield ["shape", a.shape.join(), b.shape.join()];
    yield ["dtype", a.dtype, b.dtype];
    yield ["data", hex(a.data), hex(b.data)];
  } else if (isBuffer(a) && isBuffer(b)) yield ["bytes", hex(a), hex(b)];
  else {
    const keys = keysOf(b);
    yield* list("key", keysOf(a), keys);
    for (const key of keys) yield [key, Reflect.get(a, key), Reflect.get(b, key)];
  }
  if (Array.isArray(b)) yield ["length", Reflect.get(a, "length"), b.length];
  if (isError) {
    for (const key of ["name", "message", "stack", "cause", "errors"]) {
      yield [key, Reflect.get(a, key), Reflect.get(b, key)];
      if (key !== "name") yield [`own ${key}`, Object.hasOwn(a, key), Object.hasOwn(b, key)];
    }
  }
}

function* list(name: string, a: unknown[], b: unknown[]): Generator<[string, unknown, unknown]> {
  yield [`${name}s`, a.length, b.length];
  for (const [index, item] of b.entries()) yield [`${name}[${index}]`, a[index], item];
}

function keysOf(value: object): string[] {
  return Object.keys(value).filter((key) => !(value instanceof String) || !/^\d+$/.test(key));
}

function isBox(value: object): boolean {
  return [Number, String, Boolean, BigInt].some((type) => value instanceof type);
}

function isBuffer(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function hex(value: ArrayBuffer | ArrayBufferView): string {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  return bytes.toHex();
}
