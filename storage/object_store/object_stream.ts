/**
 * A stream of bytes over an open object.
 *
 * @module
 */
import type { ObjectReader } from "./object_store.ts";

/** How much a reader without a buffer of its own gets at once, in bytes. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Streams the bytes of `reader` from `start` to `end`, then closes it. A buffer that the consumer brings (`getReader({ mode: "byob" })`) is
 * filled as it is, however large.
 */
export function streamOf(reader: ObjectReader, start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = start;
  return new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      const request = controller.byobRequest;
      try {
        const left = end - position;
        const view = request?.view;
        const length = Math.min(view?.byteLength ?? CHUNK_BYTES, left);
        const into = view ? new Uint8Array(view.buffer, view.byteOffset, length) : new Uint8Array(length);
        const filled = length === 0 ? 0 : await reader.read(into, position);
        position += filled;
        if (filled > 0) {
          if (request) request.respond(filled);
          else controller.enqueue(into.subarray(0, filled));
        }
        if (filled === 0 || position >= end) {
          await reader.close();
          controller.close();
          // Whoever asked for more, also while the object was being closed, hears that there is none.
          controller.byobRequest?.respond(0);
        }
      } catch (error) {
        await reader.close();
        throw error;
      }
    },
    async cancel() {
      await reader.close();
    },
  });
}
