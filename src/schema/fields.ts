/**
 * Reading of data that has to have certain fields, with the path of what has not.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { isList, isObject } from "./value_form.ts";
import type { SchemaValue } from "./workflow_schema.ts";

/** Takes data that it can use, and refuses all else by its path. */
export type Reader<T> = (form: SchemaValue, path: string) => T;

/** A reader for each field of `T`. */
export type Fields<T> = { readonly [K in keyof T]-?: Reader<Exclude<T[K], undefined>> };

/** Refuses data. */
export function wrong(form: SchemaValue, path: string, wanted: string): ConfigError {
  const shown = typeof form === "object" && form !== null
    ? isList(form) ? `a list of ${form.length}` : "an object"
    : JSON.stringify(form);
  const short = shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
  return new ConfigError(`The schema has ${short} at ${path}, where there must be ${wanted}.`);
}

/** Takes a string. */
export const text: Reader<string> = (form, path) => {
  if (typeof form === "string") return form;
  throw wrong(form, path, "a string; put quotes around it");
};

/** Takes a number. */
export const number: Reader<number> = (form, path) => {
  if (typeof form === "number") return form;
  throw wrong(form, path, "a number");
};

/** Takes true or false. */
export const flag: Reader<boolean> = (form, path) => {
  if (typeof form === "boolean") return form;
  throw wrong(form, path, "true or false");
};

/** Takes a string or a number. */
export const key: Reader<string | number> = (form, path) => {
  if (typeof form === "string" || typeof form === "number") return form;
  throw wrong(form, path, "a string or a number");
};

/** Takes any data. */
export const anything: Reader<SchemaValue> = (form) => form;

/** Takes one of several constants. */
export function oneOf<const T extends readonly (string | boolean)[]>(...constants: T): Reader<T[number]> {
  return (form, path) => {
    const found = constants.find((constant) => constant === form);
    if (found !== undefined) return found;
    const named = constants.map((constant) => JSON.stringify(constant));
    throw wrong(form, path, named.length === 1 ? named.join() : `one of ${named.join(", ")}`);
  };
}

/** Takes a list. */
export function listOf<T>(read: Reader<T>): Reader<readonly T[]> {
  return (form, path) => {
    if (!isList(form)) throw wrong(form, path, "a list");
    return form.map((part, i) => read(part, `${path}[${i}]`));
  };
}

/** Takes an object with these fields and no others. */
export function fieldsOf<T extends object>(fields: Fields<T>, required: readonly (string & keyof T)[]): Reader<T> {
  const known: Readonly<Record<string, Reader<unknown>>> = fields;
  return (form, path) => {
    if (!isObject(form)) throw wrong(form, path, `an object with ${required.join(", ") || "fields"}`);
    for (const name of required) {
      if (!Object.hasOwn(form, name)) throw new ConfigError(`The schema lacks \`${name}\` at ${path}.`);
    }
    const read = Object.entries(form).map(([name, part]) => {
      const reader = Object.hasOwn(known, name) ? known[name] : undefined;
      if (reader !== undefined) return [name, reader(part, `${path}.${name}`)];
      throw new ConfigError(
        `The schema has an unknown field ${JSON.stringify(name)} at ${path}; there may be ${
          Object.keys(known).join(", ")
        }.`,
      );
    });
    // Every field was read by the reader that gives its type, and none is missing.
    return Object.fromEntries(read) as T;
  };
}
