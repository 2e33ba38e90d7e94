/**
 * Reading a known number of bytes, from bytes or from a stream.
 *
 * @module
 */

/** Gives bytes in the numbers that are asked for. */
export interface ExactReader {
  /** Reads into a buffer from one place to another. Gives the buffer, which may be another one, and where it ended. */
  fill(buffer: ArrayBuffer, start: number, end: number): Promise<{ buffer: ArrayBuffer; end: number }>;
  /** Says that no more is read. */
  close(cause?: unknown): Promise<void>;
}

/**
 * A reader of bytes, or of a stream.
 *
 * @param inPlace Whether a stream of bytes fills the buffers that are given, without a copy. Ask for it only where the
 * end is known: a source that forgets to answer its last request, as a simple one does, never ends for such a reader.
 */
export function exactReader(source: Uint8Array | ReadableStream<Uint8Array>, inPlace: boolean): ExactReader {
  if (source instanceof Uint8Array) return new BytesReader(source);
  if (!inPlace) return new ChunkReader(source.getReader());
  try {
    return new ByteStreamReader(source.getReader({ mode: "byob" }));
  } catch (error) {
    if (!(error instanceof TypeError) || source.locked) throw error;
    return new ChunkReader(source.getReader());
  }
}

class BytesReader implements ExactReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  fill(buffer: ArrayBuffer, start: number, end: number): Promise<{ buffer: ArrayBuffer; end: number }> {
    const part = this.#bytes.subarray(this.#position, this.#position + end - start);
    new Uint8Array(buffer).set(part, start);
    this.#position += part.length;
    return Promise.resolve({ buffer, end: start + part.length });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class ByteStreamReader implements ExactReader {
  readonly #reader: ReadableStreamBYOBReader;

  constructor(reader: ReadableStreamBYOBReader) {
    this.#reader = reader;
  }

  async fill(buffer: ArrayBuffer, start: number, end: number): Promise<{ buffer: ArrayBuffer; end: number }> {
    let position = start;
    let filled = buffer;
    while (position < end) {
      const { value, done } = await this.#reader.read(new Uint8Array(filled, position, end - position));
      if (value !== undefined) {
        filled = value.buffer;
        position += value.byteLength;
      }
      if (done) break;
    }
    return { buffer: filled, end: position };
  }

  async close(cause?: unknown): Promise<void> {
    await this.#reader.cancel(cause);
  }
}

class ChunkReader implements ExactReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
  }

  async fill(buffer: ArrayBuffer, start: number, end: number): Promise<{ buffer: ArrayBuffer; end: number }> {
    const target = new Uint8Array(buffer);
    let position = start;
    while (position < end) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, end - position);
      target.set(part, position);
      this.#rest = this.#rest.subarray(part.length);
      position += part.length;
    }
    return { buffer, end: position };
  }

  async close(cause?: unknown): Promise<void> {
    await this.#reader.cancel(cause);
  }
}
