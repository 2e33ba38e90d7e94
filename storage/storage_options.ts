/**
 * The options of each kind of storage, as plain data that is checked before anything is made of it.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";
import type { FileStorageOptions } from "./file_storage.ts";
import type { GcsObjectStoreOptions } from "./object_store/gcs/options.ts";
import type { KvObjectStoreOptions } from "./object_store/kv/options.ts";
import type { S3ObjectStoreOptions } from "./object_store/s3/options.ts";

/** A record, as JSON and YAML have it. */
export type PlainRecord = Readonly<Record<string, unknown>>;

/** Options of a storage in memory: there are none. */
export type MemoryStorageOptions = Readonly<Record<string, never>>;

/** What one option may be. */
interface Rule<T> {
  /** In words, after "a" or "an". */
  readonly is: string;
  /** Whether a value is that. */
  readonly holds: (value: unknown) => value is T;
}

/** A rule for each option, and which of them there must be. */
type Rules<T> = { readonly [K in keyof T]-?: Rule<NonNullable<T[K]>> };

const text: Rule<string> = { is: "text", holds: (value): value is string => typeof value === "string" };
const filledText: Rule<string> = {
  is: "text that is not empty",
  holds: (value): value is string => typeof value === "string" && value !== "",
};
const flag: Rule<boolean> = { is: "true or false", holds: (value): value is boolean => typeof value === "boolean" };
const count: Rule<number> = {
  is: "whole number from 1 on",
  holds: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 1,
};

/** Something that only code can give; what it has to be, its type says. */
function given<T>(is: string, isOne: (value: unknown) => boolean): Rule<T> {
  return { is, holds: (value): value is T => isOne(value) };
}

const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
const hasText = (value: unknown, ...names: readonly string[]): boolean =>
  isPlainRecord(value) && names.every((name) => typeof value[name] === "string");

const fileRules: Rules<FileStorageOptions> = { path: { ...filledText, is: "folder" } };

const s3Rules: Rules<S3ObjectStoreOptions> = {
  bucket: { ...filledText, is: "name of a bucket" },
  prefix: text,
  endpoint: filledText,
  region: filledText,
  credentials: given(
    "record of `accessKeyId`, `secretAccessKey` and perhaps `sessionToken`, or a function that gives one",
    (value) => isFunction(value) || hasText(value, "accessKeyId", "secretAccessKey"),
  ),
  pathStyle: flag,
  partBytes: count,
  concurrency: count,
  maxAttempts: count,
  timeout: count,
  signParts: flag,
  pageSize: count,
  fetch: given("function", isFunction),
  clock: given("clock", isObject),
};

const gcsRules: Rules<GcsObjectStoreOptions> = {
  bucket: { ...filledText, is: "name of a bucket" },
  prefix: text,
  endpoint: filledText,
  projectId: filledText,
  token: given("text that is not empty, or a function that gives a token", (value) => {
    return isFunction(value) || filledText.holds(value);
  }),
  serviceAccount: given("path of a file, or a record of `client_email` and `private_key`", (value) => {
    return filledText.holds(value) || hasText(value, "client_email", "private_key");
  }),
  partBytes: count,
  concurrency: count,
  maxAttempts: count,
  timeout: count,
  fetch: given("function", isFunction),
  clock: given("clock", isObject),
};

const kvRules: Rules<KvObjectStoreOptions> = {
  kv: given("path, a URL, or an open Deno.Kv", (value) => filledText.holds(value) || isObject(value)),
  prefix: text,
  remote: flag,
  patience: count,
  clock: given("clock", isObject),
};

/** The options of a folder of local files. */
export function fileOptions(options: PlainRecord, source: string): FileStorageOptions {
  return checked(options, fileRules, ["path"], "file", source);
}

/** The options of a storage in memory. */
export function memoryOptions(options: PlainRecord, source: string): MemoryStorageOptions {
  return checked<MemoryStorageOptions>(options, {}, [], "memory", source);
}

/** The options of an S3 bucket. */
export function s3Options(options: PlainRecord, source: string): S3ObjectStoreOptions {
  return checked(options, s3Rules, ["bucket"], "s3", source);
}

/** The options of a bucket of Google Cloud Storage. */
export function gcsOptions(options: PlainRecord, source: string): GcsObjectStoreOptions {
  return checked(options, gcsRules, ["bucket"], "gcs", source);
}

/** The options of a storage on Deno KV. */
export function kvOptions(options: PlainRecord, source: string): KvObjectStoreOptions {
  return checked(options, kvRules, [], "kv", source);
}

/** Whether a value is a record. */
export function isPlainRecord(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as messages show it: a text may be a secret, so that it is never shown. */
export function shownValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null) return `a ${Array.isArray(value) ? "list" : "record"}`;
  return typeof value === "string" ? (value === "" ? "an empty text" : "a text") : String(value);
}

function checked<T>(
  options: PlainRecord,
  rules: Rules<T>,
  required: readonly (keyof T & string)[],
  kind: string,
  source: string,
): T {
  const known: Readonly<Record<string, Rule<unknown>>> = rules;
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const takes = Object.keys(rules).join(", ") || "none";
    throw new ConfigError(
      `${source} has the unknown option \`${unknown}\` for the kind "${kind}"; its options: ${takes}.`,
    );
  }
  for (const [name, rule] of Object.entries(known)) {
    const value = options[name];
    if (value === undefined && !required.some((one) => one === name)) continue;
    if (rule.holds(value)) continue;
    throw new ConfigError(
      `${source} needs the option \`${name}\` for the kind "${kind}": a ${rule.is}, not ${shownValue(value)}.`,
    );
  }
  // Each option was found to be what its type says.
  return options as T;
}
