/**
 * Bytes as the body of a request, without the copies that `fetch` makes of them.
 *
 * @module
 */

/** How much is given to the network at once, in bytes. */
const CHUNK_BYTES = 256 * 1024;

/**
 * What to give `Request` as the body, with its length in a header. The bytes must not change until the request is answered.
 *
 * `Request` copies an array, and sending it copies it again: four parts of 8 MiB under way then take 160 MiB, and their garbage. A
 * stream is copied by chunks, but sent without a length, which S3 refuses. A blob has both, a length and a stream.
 */
export function requestBody(bytes: Uint8Array<ArrayBuffer>): BodyInit {
  return bytes.length <= CHUNK_BYTES ? bytes : new BytesBlob(bytes);
}

/** Bytes in memory as a blob, which copies none of them. */
class BytesBlob extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.#bytes = bytes;
  }

  override get size(): number {
    return this.#bytes.length;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = this.#bytes;
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
        at += CHUNK_BYTES;
        if (at >= bytes.length) controller.close();
      },
    }, { highWaterMark: 0 });
  }
}
