/**
 * How objects are read: by ranges of one version.
 *
 * @module
 */
import { ConflictError, NotFoundError } from "../../../src/errors.ts";
import { bodyInto } from "../http/body_into.ts";
import { RangedReader, type RangedSource } from "../http/ranged_reader.ts";
import { rangedStream } from "../http/ranged_stream.ts";
import type { ByteRange, ObjectReader } from "../object_store.ts";
import { withinSize } from "../range.ts";
import { textOf } from "./answers.ts";
import type { GcsClient } from "./client.ts";
import { lengthIn, sizeIn } from "./ranged_answer.ts";

/** How much is read of an object that is opened, in bytes: small ones need no other request then. */
const OPENING_BYTES = 64 * 1024;
/** How often an object is read from the beginning again because it was replaced meanwhile. */
const MAX_BEGINNINGS = 10;

/** One version of an object, and bytes of it. */
export interface OpenedVersion {
  /** Length in bytes. */
  readonly size: number;
  /** Which version it is; `undefined` where the service does not tell, as some servers for tests. */
  readonly generation: string | undefined;
  /** The bytes that were asked for, as far as there are any. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads objects. */
export class Downloads {
  readonly #client: GcsClient;

  /** Reads them by this client. */
  constructor(client: GcsClient) {
    this.#client = client;
  }

  /** All of an object, or of a part of it. */
  async get(key: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const { start, end } = withinSize(range, Number.MAX_SAFE_INTEGER);
    const { partBytes } = this.#client.settings;
    for (let beginning = 1;; beginning++) {
      const version = await this.begin(key, start, Math.min(end, start + partBytes));
      const { start: from, end: to } = withinSize(range, version.size);
      if (to - from <= version.bytes.length) return version.bytes.subarray(0, to - from);
      const bytes = new Uint8Array(to - from);
      bytes.set(version.bytes);
      const known = version.bytes.length;
      try {
        const reader = new RangedReader(this.#source(key, version), this.#client.settings);
        await reader.read(bytes.subarray(known), from + known);
        return bytes;
      } catch (error) {
        if (!(error instanceof ConflictError) || beginning === MAX_BEGINNINGS) throw error;
      }
    }
  }

  /** Opens an object. */
  async open(key: string): Promise<ObjectReader> {
    const version = await this.begin(key, 0, Math.min(OPENING_BYTES, this.#client.settings.partBytes));
    return new RangedReader(this.#source(key, version, version.bytes), this.#client.settings);
  }

  /** Streams an object, or a part of it. */
  async stream(key: string, range: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const asked = withinSize(range, Number.MAX_SAFE_INTEGER);
    const { partBytes, concurrency } = this.#client.settings;
    const version = await this.begin(key, asked.start, Math.min(asked.end, asked.start + partBytes));
    const { start, end } = withinSize(range, version.size);
    return rangedStream(this.#source(key, version), start, end, { partBytes, concurrency }, version.bytes);
  }

  /**
   * Reads bytes of whatever version is there.
   *
   * @throws {NotFoundError} If there is none.
   */
  async begin(key: string, start: number, end: number): Promise<OpenedVersion> {
    const doing = `read the object ${JSON.stringify(key)}`;
    return await this.#client.send({
      doing,
      url: this.#client.urls.object(key, { alt: "media" }),
      // Who asks for no bytes has to hear all the same whether there is an object.
      headers: rangeHeaders(start, Math.max(end, start + 1)),
      take: async (response) => {
        const generation = response.headers.get("x-goog-generation") ?? undefined;
        if (response.status === 416) {
          await textOf(response);
          return { size: sizeIn(response) ?? start, generation, bytes: new Uint8Array(0) };
        }
        if (!response.ok) throw await this.#missing(key, doing, response);
        const size = lengthIn(response, start, end);
        const bytes = new Uint8Array(Math.max(0, Math.min(Math.max(end, start + 1), size) - start));
        await bodyInto(response, bytes);
        return { size, generation, bytes: bytes.subarray(0, Math.max(0, end - start)) };
      },
    });
  }

  #source(key: string, version: OpenedVersion, beginning?: Uint8Array): RangedSource {
    const fill = (into: Uint8Array<ArrayBuffer>, position: number): Promise<void> => {
      return this.#fill(key, version, into, position);
    };
    return { size: version.size, beginning, fill };
  }

  async #fill(
    key: string,
    { size, generation }: OpenedVersion,
    into: Uint8Array<ArrayBuffer>,
    position: number,
  ): Promise<void> {
    const doing = `read the object ${JSON.stringify(key)}`;
    await this.#client.send({
      doing,
      url: this.#client.urls.object(key, { alt: "media", generation }),
      headers: rangeHeaders(position, position + into.length),
      take: async (response) => {
        if (response.status === 404 || response.status === 416) {
          const answer = await this.#client.errorOf(response);
          if (response.status === 404 && !await this.#client.hasBucket(answer)) throw this.#client.missingBucket();
          throw this.#replaced(key);
        }
        if (!response.ok) throw await this.#client.refusal(doing, response);
        const told = response.headers.get("x-goog-generation") ?? generation;
        if (told !== generation || lengthIn(response, position, position + into.length) !== size) {
          await response.body?.cancel();
          throw this.#replaced(key);
        }
        await bodyInto(response, into);
      },
    });
  }

  async #missing(key: string, doing: string, response: Response): Promise<Error> {
    const { place } = this.#client.settings;
    if (response.status !== 404) return await this.#client.refusal(doing, response);
    const answer = await this.#client.errorOf(response);
    if (!await this.#client.hasBucket(answer)) return this.#client.missingBucket();
    return new NotFoundError(`There is no object ${JSON.stringify(key)} ${place}.`);
  }

  #replaced(key: string): ConflictError {
    return new ConflictError(
      `The object ${
        JSON.stringify(key)
      } was replaced or removed while it was read, ${this.#client.settings.place}; read it again.`,
    );
  }
}

/** For bytes as they are stored: without the second header, the service would unpack what is stored packed, and ignore the range. */
function rangeHeaders(start: number, end: number): Readonly<Record<string, string>> {
  return { range: `bytes=${start}-${end - 1}`, "accept-encoding": "gzip" };
}
