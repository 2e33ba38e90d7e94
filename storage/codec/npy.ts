import type { TypedArray } from "./dtype.ts";
import type { NdArray } from "./ndarray.ts";

export interface ReadNpyOptions {
  /** Length of the whole file in bytes, where it is known. */
  readonly byteLength?: number;
}

export function readNpy(
  _source: Uint8Array | ReadableStream<Uint8Array>,
  _options: ReadNpyOptions = {},
): Promise<NdArray> {
  throw new Error("not written yet");
}

export function writeNpy(_array: NdArray | TypedArray): ReadableStream<Uint8Array> {
  throw new Error("not written yet");
}
