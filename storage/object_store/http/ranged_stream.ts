/**
 * A stream of an object over a protocol that answers with parts of it.
 *
 * @module
 */
import { RangedReader, type RangedReaderOptions, type RangedSource } from "./ranged_reader.ts";

/**
 * How much of a stream is fetched before it is asked for, in bytes, and the least that is worth a request: what is fetched is held until it is
 * read, so that a long stream takes a bounded, small part of memory however it is divided.
 */
const MOST_AHEAD = 16 * 1024 * 1024;
const LEAST_PART = 1024 * 1024;

/**
 * Streams the bytes of an object from `start` to `end`. Parts ahead of the consumer are fetched, at most `concurrency` at once and at most
 * 16 MiB of them, and kept in order. A buffer that the consumer brings (`getReader({ mode: "byob" })`) is filled as it is, by several requests at once if it is large.
 *
 * @param first The bytes from `start` on that are there already.
 */
export function rangedStream(
  source: RangedSource,
  start: number,
  end: number,
  options: RangedReaderOptions,
  first: Uint8Array<ArrayBuffer> = new Uint8Array(0),
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const ahead = new PartsAhead(source, start + first.length, end, options);
  let part = first.subarray(0, end - start);
  const fill = async (into: Uint8Array<ArrayBuffer>): Promise<number> => {
    if (part.length === 0) part = await ahead.fetched() ?? part;
    if (part.length === 0) return await ahead.fill(into);
    const known = part.subarray(0, into.length);
    into.set(known);
    part = part.subarray(known.length);
    return known.length + (part.length === 0 && !ahead.hasFetched ? await ahead.fill(into.subarray(known.length)) : 0);
  };
  return new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      try {
        const request = controller.byobRequest;
        if (request?.view) {
          const { buffer, byteOffset, byteLength } = request.view;
          const filled = await fill(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
          if (filled > 0) request.respond(filled);
        } else {
          const whole = part.length > 0 ? part : await ahead.next();
          part = new Uint8Array(0);
          if (whole !== undefined) controller.enqueue(whole);
        }
      } catch (error) {
        await ahead.stop();
        throw error;
      }
      if (part.length > 0 || !ahead.isDone) return;
      controller.close();
      // Whoever asked for more hears that there is none.
      controller.byobRequest?.respond(0);
    },
    async cancel() {
      await ahead.stop();
    },
  });
}

/** Parts of an object in order, some of them fetched before they are asked for. */
class PartsAhead {
  readonly #source: RangedSource;
  readonly #reader: RangedReader;
  readonly #concurrency: number;
  readonly #partBytes: number;
  readonly #end: number;
  /** The first byte that is not asked for. */
  #position: number;
  #fetching: Promise<Uint8Array<ArrayBuffer>>[] = [];

  constructor(source: RangedSource, start: number, end: number, options: RangedReaderOptions) {
    this.#source = source;
    this.#reader = new RangedReader(
      { size: source.size, fill: (into, position) => source.fill(into, position) },
      options,
    );
    const { concurrency, partBytes } = options;
    this.#partBytes = Math.min(partBytes, Math.max(LEAST_PART, Math.floor(MOST_AHEAD / concurrency)));
    this.#concurrency = Math.max(1, Math.min(concurrency, Math.floor(MOST_AHEAD / this.#partBytes)));
    this.#position = start;
    this.#end = end;
  }

  get isDone(): boolean {
    return this.#fetching.length === 0 && this.#position >= this.#end;
  }

  get hasFetched(): boolean {
    return this.#fetching.length > 0;
  }

  /** The next part, if it was asked for. */
  async fetched(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#fetching.shift();
  }

  /** The next part, while others are fetched; `undefined` after the last. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#fetch();
    const part = await this.#fetching.shift();
    this.#fetch();
    return part;
  }

  /** Fills a buffer with what was not asked for. */
  async fill(into: Uint8Array<ArrayBuffer>): Promise<number> {
    const count = Math.min(into.length, this.#end - this.#position);
    if (count <= 0) return 0;
    const position = this.#position;
    this.#position += count;
    return await this.#reader.read(into.subarray(0, count), position);
  }

  /** Asks for no more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#position = this.#end;
    await Promise.allSettled(this.#fetching);
    this.#fetching = [];
  }

  #fetch(): void {
    while (this.#position < this.#end && this.#fetching.length < this.#concurrency) {
      const into = new Uint8Array(Math.min(this.#partBytes, this.#end - this.#position));
      const fetching = this.#source.fill(into, this.#position).then(() => into);
      // Its failure is that of the stream when its turn comes.
      fetching.catch(() => {});
      this.#fetching.push(fetching);
      this.#position += into.length;
    }
  }
}
