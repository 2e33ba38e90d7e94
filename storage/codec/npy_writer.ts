/**
 * Writes `.npy` files.
 *
 * @module
 */
import { SerializationError } from "../../src/errors.ts";
import { storableBytes } from "./buffers.ts";
import { dtypeOf, type TypedArray } from "./dtype.ts";
import { NdArray } from "./ndarray.ts";
import { formatNpyHeader } from "./npy_header.ts";

/** How much of the array is given at once, in bytes. */
const SLICE = 4 * 1024 * 1024;

/** The header and the elements of the file of an array, without a copy of the elements. */
export function npyParts(
  array: NdArray | TypedArray,
): [header: Uint8Array<ArrayBuffer>, elements: Uint8Array<ArrayBuffer>] {
  const isNd = array instanceof NdArray;
  const bytes = storableBytes(isNd ? array.data : array);
  if (typeof bytes === "string") throw new SerializationError(`The array can not be stored: it is on ${bytes}.`);
  const header = isNd ? formatNpyHeader(array.dtype, array.shape) : formatNpyHeader(dtypeOf(array), [array.length]);
  return [header, bytes];
}

/**
 * Writes an array as a `.npy` file, byte for byte as `np.save` does. A typed array gets one dimension.
 *
 * @returns The file in pieces of 4 MiB, which are views of the array: do not change it before the stream ends.
 * @throws {SerializationError} If the array is on memory shared between threads, or is detached.
 */
export function writeNpy(array: NdArray | TypedArray): ReadableStream<Uint8Array<ArrayBuffer>> {
  const [header, elements] = npyParts(array);
  let position = 0;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(header);
    },
    pull(controller) {
      if (position < elements.length) controller.enqueue(elements.subarray(position, position += SLICE));
      if (position >= elements.length) controller.close();
    },
  });
}
