/**
 * Parcels: values on their way between threads. They travel by structured clone; what that would lose without a word is refused,
 * and what it would flatten but is ours is packed and unpacked here.
 *
 * Which arrays are moved (transferred) and which are copied is said in `transfer.ts`.
 *
 * @module
 */
import { NdArray } from "../../storage/codec/ndarray.ts";
import type { Dtype, TypedArray } from "../../storage/codec/dtype.ts";
import { SerializationError } from "../errors.ts";
import { decodeError, encodeError, type ErrorMessage } from "./error_message.ts";
import { LiveHandle } from "./live_handle.ts";
import { copyArrays } from "./transfer.ts";
import { replaceIn } from "./replace.ts";
import { survey } from "./survey.ts";

/** What stands in a parcel for something that a structured clone does not keep. */
export type Packed =
  | { readonly kind: "ndarray"; readonly data: TypedArray; readonly shape: readonly number[]; readonly dtype: Dtype }
  | { readonly kind: "error"; readonly error: ErrorMessage }
  | { readonly kind: "live"; readonly key: number };

/** A value on its way. */
export interface Parcel {
  /** The value, with objects of `packed` in it. */
  readonly value: unknown;
  /** The very objects that stand for something else in `value`. */
  readonly packed: readonly Packed[];
}

/** A parcel with what goes beside it. */
export interface PackedParcel {
  readonly parcel: Parcel;
  /** Buffers to move. */
  readonly transfer: readonly ArrayBuffer[];
  /** All buffers in the parcel. */
  readonly buffers: readonly ArrayBuffer[];
}

/**
 * Packs a value.
 *
 * @param value The value; it is not changed, but arrays that `mayMove` are detached when the parcel is posted.
 * @param name What the value is, as messages show it: `result`, `arguments`.
 * @param mayMove Whether nobody but the receiver needs a buffer.
 * @throws {SerializationError} If a part can not be kept, naming its path.
 */
export function pack(value: unknown, name: string, mayMove: (buffer: ArrayBuffer) => boolean): PackedParcel {
  if (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol" || value === null) {
    return { parcel: { value, packed: [] }, transfer: [], buffers: [] };
  }
  const { special, views } = survey(value, name);
  const replaced = copyArrays(views, mayMove);
  const packed: Packed[] = [];
  for (const original of special) {
    const stand = packOne(original, replaced.arrays);
    packed.push(stand);
    replaced.arrays.set(original, stand);
  }
  return {
    parcel: { value: replaceIn(value, replaced.arrays), packed },
    transfer: replaced.transfer,
    buffers: replaced.buffers,
  };
}

function packOne(value: object, arrays: ReadonlyMap<object, object>): Packed {
  if (value instanceof LiveHandle) return { kind: "live", key: value.key };
  if (value instanceof NdArray) {
    const data = arrays.get(value.data) ?? value.data;
    // copyArrays() puts an array of the same class in the place of an array.
    return { kind: "ndarray", data: data as TypedArray, shape: value.shape, dtype: value.dtype };
  }
  return { kind: "error", error: encodeError(value) };
}

/** The value of a parcel. `liveObject` gives the objects that live in this thread. */
export function unpack({ value, packed }: Parcel, liveObject?: (key: number) => object): unknown {
  if (packed.length === 0) return value;
  const originals = new Map<object, unknown>();
  for (const stand of packed) originals.set(stand, unpackOne(stand, liveObject));
  return replaceIn(value, originals);
}

function unpackOne(stand: Packed, liveObject: ((key: number) => object) | undefined): unknown {
  switch (stand.kind) {
    case "ndarray":
      return new NdArray(stand.data, stand.shape, stand.dtype === "bool" ? { dtype: "bool" } : {});
    case "error":
      return decodeError(stand.error);
    case "live":
      return liveObject?.(stand.key);
  }
}

/**
 * Sends something that may be refused on its way: memory of WebAssembly can not be moved, so that everything is copied then.
 *
 * @param name What is sent, as messages show it.
 * @throws {SerializationError} If a part can not go to another thread, although nothing that was looked at says so.
 */
export function sendCarefully(name: string, send: (moving: boolean) => void): void {
  try {
    try {
      send(true);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      send(false);
    }
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new SerializationError(
      `In ${name} is a part that can not go to another thread (${error.message}) pass plain data instead.`,
      { cause: error },
    );
  }
}
