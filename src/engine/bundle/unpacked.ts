/**
 * The bytes of a bundle without their compression.
 *
 * @module
 */
import { damagedBundle } from "./damage.ts";

/** Unpacks as it is read. What the source itself throws is thrown as it is. */
export async function* unpacked(
  bundle: Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let failure: { readonly error: unknown } | undefined;
  const source = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      if (bundle instanceof Uint8Array) yield ownBytes(bundle);
      else for await (const piece of bundle) yield ownBytes(piece);
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    yield* ReadableStream.from(source()).pipeThrough(new DecompressionStream("gzip"));
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw damagedBundle("it is no bundle, it is cut off, or its bytes are not those that were written", error);
  }
}

/** The same bytes, in memory that is not shared with other threads. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, length) : bytes.slice();
}
