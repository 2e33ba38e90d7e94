/**
 * Results that are kept for the steps of other runs: made of a value that is stored with its run, and made the value of another run.
 * Large ones are copied, so that each lives as long as the one it belongs to.
 *
 * @module
 */
import { decode } from "../../storage/codec/structured.ts";
import { newSha256, sha256Hex } from "../../storage/digest.ts";
import type { ObjectStore } from "../../storage/object_store/object_store.ts";
import type { CachedResult, StoredValue } from "../../storage/runtime/records.ts";
import { IntegrityError, NotFoundError } from "../errors.ts";
import { isRecordKey } from "./serialized_values.ts";
import { objectFolder, type StoredValues } from "./stored_values.ts";

/** Folder of the object store in which the value that is kept under a key lies, if it is large. */
export function cachedFolder(key: string): string {
  return `cached/${sha256Hex(key).slice(0, 32)}/`;
}

/** A result to be kept under a key, from the value of a run; one in the object store is copied there when the promise has resolved. */
export function keptResult(
  objects: ObjectStore | undefined,
  key: string,
  value: StoredValue,
  content: string | undefined,
  keptAt: number,
): CachedResult | undefined | Promise<CachedResult | undefined> {
  const of = (value: StoredValue): CachedResult => {
    const hash = content === undefined ? {} : { content };
    return { key, value, ...hash, check: checkOf(key, content, value), keptAt };
  };
  if (value.kind === "bytes") return of(value);
  // What serializers keep lies in files of their own.
  if (value.kind === "error" || objects === undefined || isRecordKey(value.key)) return undefined;
  const own = { ...value, key: cachedFolder(key) + value.sha256 };
  return objects.copy(value.key, own.key).then(() => of(own));
}

/** A result that was found, as the value of another run. */
export interface TakenResult {
  /** How it is stored there. */
  readonly stored: StoredValue;
  /** The value. */
  readonly value: unknown;
}

/**
 * Makes a result the value of another run.
 *
 * @throws {IntegrityError} If it is not what was kept under the key; as a rejection if it lies in the object store.
 */
export function takeResult(
  codec: StoredValues,
  runId: string,
  key: string,
  { value, content, check, key: keptUnder }: CachedResult,
): TakenResult | Promise<TakenResult> {
  if (keptUnder !== key || value.kind === "error" || checkOf(key, content, value) !== check) {
    throw new IntegrityError("its bytes are not those that were kept");
  }
  if (value.kind === "object") return takeObject(codec, runId, value);
  return { stored: value, value: decode(value.bytes) };
}

async function takeObject(
  codec: StoredValues,
  runId: string,
  kept: Extract<StoredValue, { kind: "object" }>,
): Promise<TakenResult> {
  const { objects } = codec;
  if (objects === undefined) throw new IntegrityError("it lies in an object store, and none is attached");
  const own = { ...kept, key: objectFolder(runId) + kept.sha256 };
  try {
    const value = await codec.decode(kept);
    await objects.copy(kept.key, own.key);
    return { stored: own, value };
  } catch (error) {
    if (error instanceof NotFoundError) throw new IntegrityError("the object store has lost it", { cause: error });
    throw error;
  }
}

/** What is wrong with a kept result, if anything; with `verify` one in the object store is read, else it is only looked whether it is there. */
export async function damageOf(
  codec: StoredValues,
  key: string,
  { value, content, check, key: keptUnder }: CachedResult,
  verify: boolean,
): Promise<string | undefined> {
  if (keptUnder !== key || checkOf(key, content, value) !== check) return "its bytes are not those that were kept";
  if (value.kind !== "object") return undefined;
  if (codec.objects === undefined) return "it lies in an object store, and none is attached";
  const info = await codec.objects.head(value.key);
  if (info === undefined) return "the object store has lost it";
  if (info.size !== value.size) return `it has ${info.size} bytes in the object store in place of ${value.size}`;
  if (!verify) return undefined;
  return await codec.decode(value).then(() => undefined, (error: unknown) => String(error));
}

/** A hash over all of a result but when it was kept. */
function checkOf(key: string, content: string | undefined, value: StoredValue): string {
  switch (value.kind) {
    case "bytes":
      return newSha256().update(`fusewire/kept/1 bytes ${key} ${content}\n`).update(value.bytes).digest("hex");
    case "object":
      return newSha256().update(`fusewire/kept/1 object ${key} ${content}\n${value.size} ${value.sha256}`).digest(
        "hex",
      );
    case "error":
      return "";
  }
}
