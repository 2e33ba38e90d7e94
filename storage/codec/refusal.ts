/**
 * Why a value can not be stored, in words.
 *
 * @module
 */
import { SerializationError } from "../../src/errors.ts";
import { formatPath, type PathStep, quote } from "./path.ts";
import { isProxy } from "./platform.ts";

/** What the offending value is, and what to do instead. */
export function describe(value: object | symbol): string {
  if (typeof value === "symbol") return `the symbol ${value.toString()}; store its description as a string`;
  if (typeof value !== "function") return describeObject(value);
  return `a function${value.name === "" ? "" : ` ${quote(value.name)}`}; store data, not code`;
}

function describeObject(value: object): string {
  if (isProxy(value)) return "a Proxy; store the object behind it";
  if (value instanceof Promise) return "a Promise; await it and store its result";
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
    return `a ${className(value)}, whose content can not be listed`;
  }
  if (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) {
    return "memory shared between threads; store a copy of it";
  }
  const name = className(value);
  if (name === undefined) return "an object with a prototype of its own; store a plain object";
  return `an instance of the class ${name}; register a serializer for ${name} ` +
    "(`storage.registerPersistentSerializers(…)`), or store a plain object";
}

function className(value: object): string | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  const constructor: unknown = prototype === null
    ? undefined
    : Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : undefined;
}

/** The error for a value that can not be kept. */
export function refusal(path: readonly PathStep[], what: string): SerializationError {
  return new SerializationError(`The value can not be stored: ${formatPath(path)} is ${what}.`);
}

/** The error for a value that threw when it was read. */
export function unreadable(path: readonly PathStep[], cause: unknown): SerializationError {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new SerializationError(`The value can not be stored: reading ${formatPath(path)} threw "${reason}".`, {
    cause,
  });
}
