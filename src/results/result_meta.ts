/**
 * What is recorded with a stored result, as a plain record and back. What comes from a file is checked before it is believed.
 *
 * @module
 */
import type { ResultMeta } from "./decisions.ts";
import { SerializationError } from "../errors.ts";
import type { Fingerprint, InputPrint } from "./fingerprint.ts";

/** The record that is stored with a result. */
export function metaRecord(
  made: Fingerprint | SerializationError | undefined,
  content: string | undefined,
): Record<string, unknown> {
  return {
    ...(made === undefined ? {} : made instanceof SerializationError ? { uncacheable: made.message } : { made }),
    ...(content === undefined ? {} : { content }),
  };
}

/** A record as it was stored; whatever is not of the right form counts as not recorded. */
export function readMeta(record: Readonly<Record<string, unknown>>): ResultMeta {
  const { made, uncacheable, content } = record;
  const print = readFingerprint(made);
  return {
    ...(print === undefined ? {} : { made: print }),
    ...(typeof uncacheable === "string" ? { uncacheable } : {}),
    ...(typeof content === "string" ? { content } : {}),
  };
}

function readFingerprint(value: unknown): Fingerprint | undefined {
  if (!isRecord(value)) return undefined;
  const { source, version, seed = "", inputs } = value;
  if (typeof source !== "string" || typeof version !== "string" || typeof seed !== "string" || !Array.isArray(inputs)) {
    return undefined;
  }
  const prints: InputPrint[] = [];
  for (const input of inputs) {
    if (!isRecord(input)) return undefined;
    const { name, hash, via, preview } = input;
    if (typeof name !== "string" || typeof hash !== "string") return undefined;
    prints.push({
      name,
      hash,
      ...(typeof via === "string" ? { via } : {}),
      ...(typeof preview === "string" ? { preview } : {}),
    });
  }
  return { source, version, seed, inputs: prints };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
