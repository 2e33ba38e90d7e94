/**
 * Fingerprints: what a result was made from, so that a later run can tell whether it would come out the same, and if not, why.
 *
 * @module
 */
import { contentHash } from "../../storage/codec/content_hash.ts";
import { newSha256 } from "../../storage/digest.ts";
import { SerializationError } from "../errors.ts";
import type { ProgramInput } from "../program.ts";

/** One input of a call. */
export interface InputPrint {
  /** Name of the parameter. */
  readonly name: string;
  /** Content hash of the value. */
  readonly hash: string;
  /** For an argument made of parts of results: a hash over which parts of results of which content it is made of. */
  readonly via?: string;
  /** A constant in a few characters, for messages. */
  readonly preview?: string;
}

/** What a result was made from. */
export interface Fingerprint {
  /** Tagged hash of the function's source. */
  readonly source: string;
  /** Version of the task, or empty. */
  readonly version: string;
  /** What the option `seed` seeds random numbers with, in a few characters, or empty. */
  readonly seed: string;
  /** The arguments. */
  readonly inputs: readonly InputPrint[];
}

/** A fingerprint without its inputs. */
export type CallPrint = Omit<Fingerprint, "inputs">;

/** A way in which two fingerprints differ. */
export type FingerprintChange =
  | { readonly kind: "source-changed"; readonly task: string }
  | { readonly kind: "version-changed"; readonly from: string; readonly to: string }
  | { readonly kind: "seed-changed"; readonly from: string; readonly to: string }
  | {
    readonly kind: "input-changed";
    readonly input: string;
    /** The old value in a few characters, if it was a constant. */
    readonly from?: string;
    /** The new value in a few characters, if it is a constant. */
    readonly to?: string;
  };

/**
 * Tagged hash of a function's source.
 *
 * @throws {SerializationError} If the engine does not show the source, and no version stands for it.
 */
export function sourceHash(func: (...args: never[]) => unknown, version: string | undefined): string {
  const source = Function.prototype.toString.call(func);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    if (version === undefined) {
      throw new SerializationError(
        `The source of \`${func.name}\` can not be read, because it is built in or bound; give the task a \`version\`.`,
      );
    }
    return "native";
  }
  return newSha256().update("fusewire/source/1\n").update(source).digest("hex");
}

/** How many characters of a constant a message shows. */
const PREVIEW = 40;

/** A constant in a few characters, or `undefined` if there is no short form. */
export function previewOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value.length > PREVIEW ? `${JSON.stringify(value.slice(0, PREVIEW))}…` : JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`.slice(0, PREVIEW);
    case "boolean":
    case "undefined":
      return String(value);
    case "object": {
      if (value === null) return "null";
      if (value instanceof Date) return String(value.getTime());
      return shortJson(value);
    }
    default:
      return undefined;
  }
}

function shortJson(value: object): string | undefined {
  let budget = 20;
  try {
    const text = JSON.stringify(value, (_, inner) => {
      if (--budget < 0) throw new RangeError("too much to show");
      return inner;
    });
    return text === undefined || text.length > PREVIEW ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Content hash of the value of the node at a place, as far as it is known. */
export type HashOf = (place: number) => string | undefined;

/** Fingerprints the inputs of a call whose arguments are there. `hashOf` gives hashes of whole results. */
export function printInputs(
  names: readonly string[],
  inputs: readonly ProgramInput[],
  args: readonly unknown[],
  hashOf: (place: number) => string,
): InputPrint[] {
  return inputs.map((input, i) => {
    const name = names[i] ?? `argument ${i + 1}`;
    switch (input.kind) {
      case "constant":
        return constantPrint(name, input.value);
      case "node":
        return { name, hash: named(name, () => hashOf(input.place)) };
      case "parts": {
        const via = partsHash(input, (place) => orUnknown(() => hashOf(place)));
        return { name, hash: hashInput(name, args[i]), ...(via === undefined ? {} : { via }) };
      }
    }
  });
}

/** Fingerprint of a constant. */
export function constantPrint(name: string, value: unknown): InputPrint {
  const preview = previewOf(value);
  return { name, hash: hashInput(name, value), ...(preview === undefined ? {} : { preview }) };
}

function hashInput(name: string, value: unknown): string {
  return named(name, () => contentHash(value));
}

function orUnknown(hash: () => string): string | undefined {
  try {
    return hash();
  } catch (error) {
    if (error instanceof SerializationError) return undefined;
    throw error;
  }
}

/**
 * What `hash` gives, for an input of this name.
 *
 * @throws {SerializationError} If the input has no canonical form; the message names it and says why.
 */
export function named(name: string, hash: () => string): string {
  try {
    return hash();
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    // What the message says of storing does not hold here: the value may well be stored, by a serializer.
    const what = error.message.replace(/^The value can not be stored: /, "").replace(/; register a serializer .*$/, "");
    throw new SerializationError(`Input \`${name}\` has no content to compare: ${what.replace(/\.$/, "")}.`, {
      cause: error,
    });
  }
}

/** Hash over which parts of which results stand in an argument, or `undefined` if one of those results is not known. */
export function partsHash(input: Extract<ProgramInput, { kind: "parts" }>, hashOf: HashOf): string | undefined {
  let known = true;
  const filled = input.fill((place, path) => {
    const hash = hashOf(place);
    if (hash === undefined) known = false;
    return { "fusewire/part": hash, path: path.map((key) => typeof key === "symbol" ? String(key) : key) };
  });
  return known ? contentHash(filled) : undefined;
}

/** Whether two calls were made of the same things. */
export function isSameCall(old: Fingerprint, now: Fingerprint): boolean {
  return callChanges("", old, now).length === 0 && old.inputs.length === now.inputs.length &&
    old.inputs.every(({ hash }, i) => hash === now.inputs[i]!.hash);
}

/** In what two calls of a task differ, inputs left aside. */
export function callChanges(
  task: string,
  old: CallPrint,
  now: CallPrint,
): FingerprintChange[] {
  const changes: FingerprintChange[] = [];
  if (old.source !== now.source) changes.push({ kind: "source-changed", task });
  if (old.version !== now.version) changes.push({ kind: "version-changed", from: old.version, to: now.version });
  if (old.seed !== now.seed) changes.push({ kind: "seed-changed", from: old.seed, to: now.seed });
  return changes;
}

/** A changed input, with both values where they are short constants. */
export function inputChange(old: InputPrint, now: Pick<InputPrint, "name" | "preview">): FingerprintChange {
  return {
    kind: "input-changed",
    input: now.name,
    ...(old.preview === undefined ? {} : { from: old.preview }),
    ...(now.preview === undefined ? {} : { to: now.preview }),
  };
}
