/**
 * Errors on their way between threads. A structured clone would lose the class, the name and every property of one's own.
 *
 * @module
 */
import { systemClock } from "../clock.ts";
import * as errors from "../errors.ts";
import { ownRetryAfter } from "../retry_after.ts";
import { survey } from "./survey.ts";

/** What was thrown, as data. */
export type ErrorMessage =
  | {
    readonly kind: "error";
    /** The nearest built-in class, by the key of {@linkcode BUILT_IN}. */
    readonly builtIn: string;
    /** Name of the class, which may be one of the user's. */
    readonly className: string;
    /** Properties, `message` and `stack` included. */
    readonly fields: readonly ErrorField[];
  }
  /** Several errors. */
  | { readonly kind: "list"; readonly list: readonly ErrorMessage[] }
  /** Something that is no error. */
  | { readonly kind: "value"; readonly value: unknown };

/** One property of an error. */
interface ErrorField {
  readonly key: string;
  readonly enumerable: boolean;
  readonly content: ErrorMessage;
}

/** A class that every thread has. */
interface BuiltInClass {
  readonly prototype: Error;
  /** Makes an error, to be given its properties. */
  readonly make: () => Error;
}

/** After this many causes of causes the rest is left out. */
const DEPTH = 16;

const BUILT_IN: ReadonlyMap<string, BuiltInClass> = new Map([
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((
    Class,
  ): [string, BuiltInClass] => [Class.name, { prototype: Class.prototype, make: () => new Class() }]),
  ["AggregateError", { prototype: AggregateError.prototype, make: () => new AggregateError([]) }],
  ["SuppressedError", { prototype: SuppressedError.prototype, make: () => new SuppressedError(undefined, undefined) }],
  ["DOMException", { prototype: DOMException.prototype, make: () => new DOMException() }],
  ...classesIn(errors),
  ...classesIn(Deno.errors),
]);

const KEYS: ReadonlyMap<unknown, string> = new Map(
  Array.from(BUILT_IN, ([key, { prototype }]): [unknown, string] => [prototype, key]),
);

/** Property names whose values are errors. */
const PARTS: ReadonlySet<string> = new Set(["cause", "errors", "error", "suppressed"]);

function classesIn(classes: object): [string, BuiltInClass][] {
  return Object.entries(classes).flatMap(([name, Class]: [string, unknown]): [string, BuiltInClass][] => {
    const prototype: unknown = typeof Class === "function" ? Class.prototype : undefined;
    if (!(prototype instanceof Error)) return [];
    return [[name, { prototype, make: () => Object.setPrototypeOf(new Error(), prototype) }]];
  });
}

/** Anything that was thrown, as data. */
export function encodeError(thrown: unknown): ErrorMessage {
  try {
    return encode(thrown, 0);
  } catch (error) {
    // An error may be a trap: a getter that throws, a proxy.
    return encode(new Error(`An error was thrown that can not be read: ${kept(error)}`), 0);
  }
}

function encode(thrown: unknown, depth: number): ErrorMessage {
  if (!(thrown instanceof Error)) return { kind: "value", value: kept(thrown) };
  const builtIn = builtInOf(thrown);
  const fields: ErrorField[] = [];
  for (const key of new Set(["name", "message", "stack", ...Object.getOwnPropertyNames(thrown)])) {
    const value: unknown = Reflect.get(thrown, key);
    const isOwn = Object.hasOwn(thrown, key);
    if (value === undefined || PARTS.has(key) && depth >= DEPTH) continue;
    if (key === "name" && !isOwn && value === BUILT_IN.get(builtIn)?.make().name) continue;
    fields.push({
      key,
      enumerable: isOwn && Object.prototype.propertyIsEnumerable.call(thrown, key),
      content: encodeField(key, value, depth + 1),
    });
  }
  // What carries it may not come along, such as a Response.
  const wait = Object.hasOwn(thrown, "retryAfter") ? undefined : ownRetryAfter(thrown, systemClock.now());
  if (wait !== undefined) {
    fields.push({ key: "retryAfter", enumerable: false, content: { kind: "value", value: wait } });
  }
  return { kind: "error", builtIn, className: thrown.constructor?.name ?? builtIn, fields };
}

function encodeField(key: string, value: unknown, depth: number): ErrorMessage {
  if (!PARTS.has(key)) return { kind: "value", value: kept(value) };
  if (key !== "errors" || !Array.isArray(value)) return encode(value, depth);
  return { kind: "list", list: value.map((each: unknown) => encode(each, depth)) };
}

/** What was thrown, from data. */
export function decodeError(message: ErrorMessage): unknown {
  switch (message.kind) {
    case "value":
      return message.value;
    case "list":
      return message.list.map(decodeError);
    case "error":
      break;
  }
  const { builtIn, className, fields } = message;
  const made = (BUILT_IN.get(builtIn) ?? { make: () => new Error() }).make();
  for (const key of ["message", "stack", ...PARTS]) Reflect.deleteProperty(made, key);
  if (className !== builtIn) standForClass(made, className);
  for (const { key, enumerable, content } of fields) {
    Object.defineProperty(made, key, { value: decodeError(content), enumerable, writable: true, configurable: true });
  }
  return made;
}

/** Puts an empty class between an error and its built-in class, so that its class has the name of the user's. */
function standForClass(error: Error, className: string): void {
  const prototype: object = Object.create(Object.getPrototypeOf(error));
  const Stand = { [className]: class {} }[className];
  Object.defineProperty(prototype, "constructor", { value: Stand, writable: true, configurable: true });
  Object.setPrototypeOf(error, prototype);
}

function builtInOf(error: Error): string {
  let prototype: unknown = Object.getPrototypeOf(error);
  while (typeof prototype === "object" && prototype !== null) {
    const key = KEYS.get(prototype);
    if (key !== undefined) return key;
    prototype = Object.getPrototypeOf(prototype);
  }
  return "Error";
}

/** The value if a structured clone keeps it, else as text. */
function kept(value: unknown): unknown {
  try {
    if (survey(value, "").special.length === 0) return value;
  } catch {
    // Said as text.
  }
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
