/**
 * What is wrong with a Zarr array, in words.
 *
 * @module
 */
import { IntegrityError, SerializationError } from "../../../src/errors.ts";

/** The error for an array that is not what was written; `what` is the end of a sentence. */
export function damagedArray(array: string, what: string, cause?: unknown): IntegrityError {
  return new IntegrityError(`${array} is damaged: ${what}.`, cause === undefined ? {} : { cause });
}

/** The error for an array that is sound but can not be read here; `what` is the end of a sentence. */
export function unreadableArray(array: string, what: string): SerializationError {
  return new SerializationError(`${array} can not be read: ${what}.`);
}

/** A value of metadata, cut short, for messages. */
export function shownJson(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value, (_key, each) => typeof each === "bigint" ? String(each) : each) ?? "nothing";
  } catch {
    return "too deep to be shown";
  }
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** What an error says, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
