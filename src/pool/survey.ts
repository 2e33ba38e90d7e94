/**
 * Surveys: what is in a value that is about to go to another thread. A structured clone flattens instances of classes without a
 * word, so they are found and refused here. No step recurses on depth.
 *
 * @module
 */
import { NdArray } from "../../storage/codec/ndarray.ts";
import { SerializationError } from "../errors.ts";
import { LiveHandle } from "./live_handle.ts";

/** What can be moved or copied as raw memory: a buffer, or a view of one. */
export type Memory = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** What is in a value. */
export interface Survey {
  /** Objects that a structured clone does not keep, but a parcel does. */
  readonly special: readonly object[];
  /** Buffers, with all that views them, itself included where it stands in the value. Shared memory is not among them. */
  readonly views: ReadonlyMap<ArrayBuffer, readonly Memory[]>;
}

/** A container on the way to what is looked at. */
interface Visit {
  readonly value: object;
  readonly from: Visit | undefined;
  readonly step: string;
}

/** Classes whose instances are kept whole, and have nothing inside that could be refused. */
const LEAVES: readonly { [Symbol.hasInstance](value: unknown): boolean }[] = [
  Date,
  RegExp,
  Boolean,
  Number,
  String,
  BigInt,
  Blob,
  SharedArrayBuffer,
  CryptoKey,
];

/**
 * Looks through a value.
 *
 * @param root The value.
 * @param name What it is, for messages: `the result of node \`sum_0000\``.
 * @throws {SerializationError} If a part of it can not go to another thread, naming the path.
 */
export function survey(root: unknown, name: string): Survey {
  const special: object[] = [];
  const views = new Map<ArrayBuffer, Memory[]>();
  const seen = new Set<object>();
  const open: Visit[] = [];
  const look = (value: unknown, from: Visit | undefined, step: string): void => {
    if (typeof value === "function" || typeof value === "symbol") throw refusal(value, { from, step }, name);
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    open.push({ value, from, step });
  };
  look(root, undefined, "");
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const { value } = visit;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        const element: unknown = value[i];
        if (typeof element === "object" || typeof element === "function" || typeof element === "symbol") {
          look(element, visit, `[${i}]`);
        }
      }
    } else if (isPlain(value)) {
      for (const key of Object.keys(value)) look(Reflect.get(value, key), visit, stepOf(key));
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) addMemory(value, views);
    else if (Object.getPrototypeOf(value) === Map.prototype && value instanceof Map) {
      for (const [key, entry] of value) {
        look(key, visit, ".keys()");
        look(entry, visit, `.get(${typeof key === "string" ? JSON.stringify(key) : String(key)})`);
      }
    } else if (Object.getPrototypeOf(value) === Set.prototype && value instanceof Set) {
      for (const element of value) look(element, visit, ".values()");
    } else if (value instanceof NdArray) {
      special.push(value);
      look(value.data, visit, ".data");
    } else if (value instanceof LiveHandle || value instanceof Error) special.push(value);
    else if (!LEAVES.some((Class) => value instanceof Class)) throw refusal(value, visit, name);
  }
  return { special, views };
}

function addMemory(value: ArrayBuffer | ArrayBufferView, views: Map<ArrayBuffer, Memory[]>): void {
  const buffer = value instanceof ArrayBuffer ? value : value.buffer;
  if (!(buffer instanceof ArrayBuffer)) return;
  let list = views.get(buffer);
  if (list === undefined) views.set(buffer, list = []);
  // The buffer of the view was looked at just now.
  list.push(value as Memory);
}

/** Plain objects, also those of another realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

function stepOf(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function refusal(value: unknown, at: Omit<Visit, "value">, name: string): SerializationError {
  const steps: string[] = [];
  for (let visit: Omit<Visit, "value"> | undefined = at; visit !== undefined; visit = visit.from) {
    steps.push(visit.step);
  }
  const path = steps.reverse().join("");
  const what = typeof value === "function"
    ? `the function \`${value.name || "(anonymous)"}\``
    : typeof value === "symbol"
    ? `the symbol ${String(value)}`
    : `an object of class ${className(value)}`;
  return new SerializationError(
    `${path === "" ? `${capital(name)} is` : `The value at \`${path}\` in ${name} is`} ${what}, ` +
      "which another thread would not get as it is; pass plain data instead.",
  );
}

function className(value: unknown): string {
  const maker: unknown = Reflect.get(Object(value), "constructor");
  return typeof maker === "function" && maker.name !== "" ? maker.name : "(unnamed)";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The objects of workers that stand in a value. */
export function handlesIn(value: unknown): LiveHandle[] {
  return survey(value, "a value").special.filter((object) => object instanceof LiveHandle);
}
