/**
 * Values as data that JSON and YAML keep: plain data as it is, what JSON lacks under keys that begin with `$`.
 *
 * | form | value |
 * |---|---|
 * | `{ $undefined: true }` | `undefined` |
 * | `{ $number: "NaN" }` | `NaN`, `Infinity`, `-Infinity`, `-0` |
 * | `{ $bigint: "1" }`, `{ $date: "2026-01-01T00:00:00.000Z" }` | a bigint, a `Date` |
 * | `{ $map: [[key, value]] }`, `{ $set: [value] }` | a `Map`, a `Set` |
 * | `{ $object: [[key, value]] }` | an object with keys that would mean something else |
 * | `{ $encoded: "…" }` | all else that the default encoding keeps, in Base64 |
 *
 * @module
 */
import { concatChunks, decode, encode } from "../../storage/codec/structured.ts";
import { ConfigError, FusewireError, SerializationError } from "../errors.ts";
import type { CapturedRef } from "../stand_in.ts";
import type { SchemaValue } from "./workflow_schema.ts";

/** How deep values may be nested. Deeper ones without references are encoded as a whole. */
export const MAX_DEPTH = 64;

/** Keys longer than this are kept in pairs, because YAML has other rules for them. */
const MAX_KEY = 256;

/** Keys that are kept in pairs, since they mean something to JavaScript or to YAML. */
const SPECIAL_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype", "<<"]);

/** What is written in place of a reference; `undefined` for an object that is none. */
export type RefForm = (object: object) => SchemaValue | undefined;

/** The value has no plain form: something is in it twice, or it is too deep. */
class NotPlain extends Error {}

/**
 * A constant as data.
 *
 * @throws {SerializationError} If the default encoding can not keep it.
 */
export function constantForm(value: unknown): SchemaValue {
  try {
    return formOf(value, () => undefined);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    return encodedForm(value);
  }
}

/**
 * Data with references as data.
 *
 * @throws {SerializationError} If the default encoding can not keep a constant part, or a container stands in it twice.
 */
export function templateForm(template: object, refForm: RefForm): SchemaValue {
  try {
    return formOf(template, refForm);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    throw new SerializationError(`${error.message}, beside references to steps or the input; make it plainer.`);
  }
}

function formOf(root: unknown, refForm: RefForm): SchemaValue {
  const seen = new Set<object>();
  const form = (value: unknown, depth: number): SchemaValue => {
    switch (typeof value) {
      case "boolean":
        return value;
      case "string":
        return value.isWellFormed() ? value : encodedForm(value);
      case "number":
        return numberForm(value);
      case "bigint":
        return { $bigint: String(value) };
      case "undefined":
        return { $undefined: true };
      case "object":
        return value === null ? null : refForm(value) ?? container(value, depth);
      case "symbol":
      case "function":
        return encodedForm(value);
    }
  };
  const container = (value: object, depth: number): SchemaValue => {
    if (depth >= MAX_DEPTH) throw new NotPlain(`It is nested deeper than ${MAX_DEPTH} levels`);
    if (seen.has(value)) throw new NotPlain("The same object stands in it twice");
    seen.add(value);
    const inner = (part: unknown): SchemaValue => form(part, depth + 1);
    const pair = ([key, part]: readonly [unknown, unknown]): SchemaValue => [inner(key), inner(part)];
    const prototype: unknown = Object.getPrototypeOf(value);
    const keys = Object.keys(value);
    if (Array.isArray(value) && prototype === Array.prototype) {
      return keys.length === value.length && keys.every((key, i) => key === String(i))
        ? value.map(inner)
        : encodedForm(value);
    }
    if (prototype === Object.prototype || prototype === null) {
      const entries = Object.entries(value);
      return entries.every(([key]) => isPlainKey(key))
        ? Object.fromEntries(entries.map(([key, part]) => [key, inner(part)]))
        : { $object: entries.map(pair) };
    }
    if (keys.length > 0) return encodedForm(value);
    if (value instanceof Map && prototype === Map.prototype) return { $map: [...value].map(pair) };
    if (value instanceof Set && prototype === Set.prototype) return { $set: [...value].map(inner) };
    if (value instanceof Date && prototype === Date.prototype && !Number.isNaN(value.getTime())) {
      return { $date: value.toISOString() };
    }
    return encodedForm(value);
  };
  return form(root, 0);
}

/** A number as data. */
export function numberForm(value: number): number | { readonly $number: string } {
  if (Object.is(value, -0)) return { $number: "-0" };
  return Number.isFinite(value) ? value : { $number: String(value) };
}

function encodedForm(value: unknown): SchemaValue {
  return { $encoded: concatChunks(encode(value)).toBase64() };
}

function isPlainKey(key: string): boolean {
  return !key.startsWith("$") && !SPECIAL_KEYS.has(key) && key.length <= MAX_KEY && /^\P{C}*$/u.test(key);
}

/** Whether no schema may have this key. */
export function isRefusedKey(key: string): boolean {
  return SPECIAL_KEYS.has(key);
}

/** The key of an object that begins with `$`, if there is one. */
export function tagOf(form: SchemaValue): string | undefined {
  return isObject(form) ? Object.keys(form).find((key) => key.startsWith("$")) : undefined;
}

/** Whether data is an object, and no array. */
export function isObject(form: SchemaValue): form is { readonly [key: string]: SchemaValue } {
  return typeof form === "object" && form !== null && !Array.isArray(form);
}

/** What a form with a `$` of a reference stands for; `undefined` if it is no reference. */
export type MakeRef = (tag: string, form: { readonly [key: string]: SchemaValue }, path: string) =>
  | CapturedRef
  | undefined;

/**
 * The value of a form, made anew.
 *
 * @throws {ConfigError} If the form says nothing; the message has the path to it.
 */
export function valueOf(form: SchemaValue, path: string, makeRef: MakeRef): unknown {
  if (typeof form !== "object" || form === null) return form;
  if (isList(form)) return form.map((part, i) => valueOf(part, `${path}[${i}]`, makeRef));
  const tag = tagOf(form);
  if (tag === undefined) {
    return Object.fromEntries(
      Object.entries(form).map(([key, part]) => [key, valueOf(part, `${path}.${key}`, makeRef)]),
    );
  }
  const ref = makeRef(tag, form, path);
  if (ref !== undefined) return ref;
  const content = form[tag]!;
  const refuse = (wanted: string): never => {
    throw new ConfigError(`The schema has no value at ${path}: \`${tag}\` takes ${wanted}.`);
  };
  const [other] = Object.keys(form).filter((key) => key !== tag);
  if (other !== undefined) refuse(`nothing beside it, and there is \`${other}\``);
  const within = (part: SchemaValue, i: number): unknown => valueOf(part, `${path}.${tag}[${i}]`, makeRef);
  const pairs = (): [unknown, unknown][] =>
    isList(content) && content.every((pair) => isList(pair) && pair.length === 2)
      ? content.map((pair, i) => {
        const [key, value] = isList(pair) ? pair.map((part) => within(part, i)) : [];
        return [key, value];
      })
      : refuse("a list of pairs, each a list of two");
  switch (tag) {
    case "$undefined":
      return content === true ? undefined : refuse("true");
    case "$number":
      return typeof content === "string" && /^(?:-0|NaN|-?Infinity)$/.test(content)
        ? Number(content)
        : refuse('"NaN", "Infinity", "-Infinity" or "-0"');
    case "$bigint":
      return typeof content === "string" && /^-?\d{1,100000}$/.test(content)
        ? BigInt(content)
        : refuse("the decimal digits of a whole number, as a string");
    case "$date": {
      const date = new Date(typeof content === "string" ? content : NaN);
      return Number.isNaN(date.getTime()) ? refuse("a time as toISOString() writes it") : date;
    }
    case "$map":
      return new Map(pairs());
    case "$set":
      return isList(content) ? new Set(content.map(within)) : refuse("a list");
    case "$object":
      return Object.fromEntries(
        pairs().map(([key, value]) => [typeof key === "string" ? key : refuse("keys that are strings"), value]),
      );
    case "$encoded":
      return typeof content === "string" ? decoded(content, path) : refuse("Base64");
    default:
      throw new ConfigError(
        `The schema has \`${tag}\` at ${path}, which stands for nothing; write an object with such a key as $object.`,
      );
  }
}

/** Whether data is an array. */
export function isList(form: SchemaValue): form is readonly SchemaValue[] {
  return Array.isArray(form);
}

function decoded(base64: string, path: string): unknown {
  try {
    return decode(Uint8Array.fromBase64(base64));
  } catch (error) {
    if (!(error instanceof FusewireError || error instanceof SyntaxError)) throw error;
    throw new ConfigError(`The schema has no value at ${path}: ${error.message}`, { cause: error });
  }
}
