/**
 * Fields of the options of steps.
 *
 * @module
 */
import type { CacheMode } from "../options.ts";
import { fieldsOf, flag, listOf, number, oneOf, type Reader, text } from "./fields.ts";
import { isObject } from "./value_form.ts";
import type { CodeSchema, NumberSchema, OptionsSchema, RetrySchema } from "./workflow_schema.ts";

/** Takes a list of names. */
export const texts: Reader<readonly string[]> = listOf(text);
/** Takes a cache mode. */
export const cache: Reader<CacheMode> = oneOf("name", "content", false);
/** Takes a number, also one that JSON has not. */
export const numbers: Reader<NumberSchema> = (form, path) => {
  if (typeof form === "number") return form;
  return fieldsOf<Exclude<NumberSchema, number>>({ $number: text }, ["$number"])(form, path);
};
const fromTask = fieldsOf<{ readonly from: "task" }>({ from: oneOf("task") }, ["from"]);
const code: Reader<CodeSchema> = (form, path) =>
  isObject(form) && Object.hasOwn(form, "from")
    ? fromTask(form, path)
    : fieldsOf<{ readonly function: string }>({ function: text }, ["function"])(form, path);
const retry = fieldsOf<RetrySchema>({
  maxAttempts: numbers,
  initialDelay: numbers,
  maxDelay: numbers,
  factor: numbers,
  jitter: numbers,
  retryIf: code,
}, []);
/** Takes the options of a step. */
export const options: Reader<OptionsSchema> = fieldsOf<OptionsSchema>({
  version: text,
  retry,
  timeout: numbers,
  cache,
  seed: (form, path) => typeof form === "string" ? form : numbers(form, path),
  onFailure: (form, path) => typeof form === "string" ? oneOf("fail", "skip")(form, path) : code(form, path),
  concurrency: fieldsOf({ key: text, limit: number }, ["key", "limit"]),
  rateLimit: fieldsOf({ key: text, limit: number, interval: number }, ["key", "limit", "interval"]),
  policies: (form, path) => Array.isArray(form) ? texts(form, path) : fromTask(form, path),
  hooks: (form, path) => typeof form === "string" ? form : fromTask(form, path),
  pure: flag,
  transfer: flag,
}, []);
