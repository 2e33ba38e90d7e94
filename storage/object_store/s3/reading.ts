/**
 * Reads objects: the first request tells how large one is and which version it is, others read on from that version.
 *
 * @module
 */
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { bodyInto } from "../http/body_into.ts";
import { RangedReader, type RangedReaderOptions, type RangedSource } from "../http/ranged_reader.ts";
import { rangedStream } from "../http/ranged_stream.ts";
import { AgainError } from "../http/transport.ts";
import type { ByteRange, ObjectReader } from "../object_store.ts";
import { withinSize } from "../range.ts";
import type { S3Client, S3Request } from "./client.ts";

/** How much is read by opening an object, in bytes: what follows in the same place is mostly small. */
const OPEN_BYTES = 128 * 1024;

/** How often an object that is replaced while it is read is read from its beginning. */
const READS = 4;

/** An object, as its first answer told of it. */
interface Found {
  readonly size: number;
  readonly etag: string;
  /** The bytes from the place that was asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads the objects of one bucket. */
export class ObjectReading {
  readonly #client: S3Client;
  readonly #options: RangedReaderOptions;

  /** Asks for nothing yet. */
  constructor(client: S3Client, options: RangedReaderOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Reads an object, or a part of it: all of it from one version. */
  async get(key: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    for (let reads = 1;; reads++) {
      try {
        return await this.#get(key, range);
      } catch (error) {
        if (!(error instanceof ConflictError) || reads === READS) throw error;
      }
    }
  }

  /** Opens an object for reading at any position. */
  async open(key: string): Promise<ObjectReader> {
    const { size, etag, bytes } = await this.#find(key, 0, OPEN_BYTES);
    return new RangedReader({ ...this.#source(key, size, etag), beginning: bytes }, this.#options);
  }

  /** Streams an object, or a part of it. */
  async stream(key: string, range: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { found, start, end } = await this.#begin(key, range);
    return rangedStream(this.#source(key, found.size, found.etag), start, end, this.#options, found.bytes);
  }

  /** The first bytes of an object, at most so many, and its size; `undefined` if it is gone. */
  async head(key: string, count: number): Promise<{ size: number; bytes: Uint8Array<ArrayBuffer> } | undefined> {
    try {
      return await this.#find(key, 0, count);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  async #get(key: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const { found, start, end } = await this.#begin(key, range);
    if (found.bytes.length === end - start) return found.bytes;
    const whole = new Uint8Array(end - start);
    whole.set(found.bytes);
    const reader = new RangedReader(this.#source(key, found.size, found.etag), this.#options);
    await reader.read(whole.subarray(found.bytes.length), start + found.bytes.length);
    return whole;
  }

  /** Reads the first part of a range, and gives the range within the object. */
  async #begin(key: string, range: ByteRange): Promise<{ found: Found; start: number; end: number }> {
    const { start, end } = withinSize(range, Number.MAX_SAFE_INTEGER);
    const count = Math.min(this.#options.partBytes, end - start);
    // A range of HTTP is never empty; whether there is such an object is to be found out in any case.
    const found = await this.#find(key, count === 0 ? 0 : start, Math.max(1, count));
    const within = withinSize(range, found.size);
    return { found: { ...found, bytes: found.bytes.subarray(0, within.end - within.start) }, ...within };
  }

  async #find(key: string, start: number, count: number): Promise<Found> {
    const request = this.#request(key, start, count);
    return await this.#client.send<Found>(request, async (response) => {
      const etag = response.headers.get("etag") ?? "";
      const range = contentRange(response);
      if (range === undefined) {
        // The server knows no ranges.
        const all = await response.bytes();
        checkLength(response, all.length);
        return { size: all.length, etag, bytes: all.slice(start, start + count) };
      }
      const expected = Math.min(count, range.size - start);
      if (range.start !== start) throw new AgainError(`it answered from byte ${range.start} on in place of ${start}`);
      const bytes = new Uint8Array(expected);
      await bodyInto(response, bytes);
      return { size: range.size, etag, bytes };
    }, ({ status, code, headers }) => {
      if (status === 416) {
        const size = Number(/\*\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1] ?? start);
        return { value: { size, etag: "", bytes: new Uint8Array(0) } };
      }
      if (code === "NoSuchKey" || status === 404 && code === "") throw missingObject(this.#client, key);
      return undefined;
    });
  }

  #source(key: string, size: number, etag: string): RangedSource {
    const fill = async (into: Uint8Array<ArrayBuffer>, position: number): Promise<void> => {
      const { headers, ...request } = this.#request(key, position, into.length);
      await this.#client.send<void>({ ...request, headers: { ...headers, "if-match": etag } }, async (response) => {
        const range = contentRange(response);
        if (range?.start !== position || range.size !== size) throw new AgainError("it answered with another range");
        await bodyInto(response, into);
      }, ({ status, code }) => {
        if (status === 412 || status === 416 || code === "NoSuchKey") throw this.#changed(key);
        return undefined;
      });
    };
    return { size, fill };
  }

  #request(key: string, start: number, count: number): S3Request {
    return {
      doing: `read the object ${JSON.stringify(key)}`,
      method: "GET",
      name: this.#client.place.nameOf(key),
      headers: { range: `bytes=${start}-${start + count - 1}` },
    };
  }

  #changed(key: string): ConflictError {
    return new ConflictError(
      `The object ${
        JSON.stringify(key)
      } ${this.#client.place.place} was changed or removed while it was read. Read it again.`,
    );
  }
}

/** The error for an object that is not there. */
export function missingObject({ place }: S3Client, key: string): NotFoundError {
  return new NotFoundError(`There is no object ${JSON.stringify(key)} ${place.place}.`);
}

/** What a part of an object is a part of; `undefined` if the answer is the whole object. */
function contentRange(response: Response): { readonly start: number; readonly size: number } | undefined {
  if (response.status !== 206) return undefined;
  const header = response.headers.get("content-range") ?? "";
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(header) ?? [];
  if (start === undefined || size === undefined) throw new AgainError(`it answered with the range "${header}"`);
  return { start: Number(start), size: Number(size) };
}

function checkLength(response: Response, length: number): void {
  const header = response.headers.get("content-length");
  // What was sent compressed has another length when it is here.
  if (header === null || response.headers.has("content-encoding") || Number(header) === length) return;
  throw new AgainError(`it answered with ${length} bytes in place of ${header}`);
}
