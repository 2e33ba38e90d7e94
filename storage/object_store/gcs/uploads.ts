/**
 * How an object is put: at once, or in parts.
 *
 * @module
 */
import { FusewireError } from "../../../src/errors.ts";
import { joined, piecesOf } from "../body.ts";
import { type BodyPart, partsOf } from "../http/parts.ts";
import type { ObjectBody, PutOptions, PutResult } from "../object_store.ts";
import type { GcsClient } from "./client.ts";
import { uploadAtOnce } from "./multipart_upload.ts";
import { NewObject, Summing, type Sums } from "./new_object.ts";
import type { ObjectResource } from "./object_resource.ts";
import { ResumableUpload } from "./resumable_upload.ts";

/** After how many bytes others get a turn while a large body is summed up. */
const TURN_BYTES = 16 * 1024 * 1024;

/** Puts objects. */
export class Uploads {
  readonly #client: GcsClient;

  /** Puts them by this client. */
  constructor(client: GcsClient) {
    this.#client = client;
  }

  /** What is to be put, as it is said now. */
  object(key: string, options: PutOptions): NewObject {
    return new NewObject(this.#client, key, options);
  }

  /** Stores an object at once or not at all. */
  async put(object: NewObject, body: ObjectBody): Promise<PutResult> {
    const { partBytes } = this.#client.settings;
    if (body instanceof Uint8Array) {
      return await (body.length <= partBytes ? this.#small(object, body) : this.#known(object, body));
    }
    if (isList(body)) {
      const size = body.reduce((sum, { length }) => sum + length, 0);
      return await (size <= partBytes ? this.#small(object, joined(body, size)) : this.#known(object, body));
    }
    const parts = partsOf(body, partBytes);
    try {
      const first = await parts.next();
      if (first.done) throw new Error("A body has no part.");
      if (first.value.isLast) return await this.#small(object, first.value.bytes);
      return await this.#stream(object, withFirst(first.value, parts));
    } finally {
      // A stream that was not read to its end is let go.
      await parts.return();
    }
  }

  async #small(object: NewObject, bytes: Uint8Array): Promise<PutResult> {
    const summing = new Summing();
    summing.add(bytes);
    const sums = summing.sums();
    await uploadAtOnce(this.#client, object, bytes, sums);
    return resultOf(sums);
  }

  /** Bytes that are all there: the service hears their checksum before it gets them. */
  async #known(object: NewObject, body: Uint8Array | readonly Uint8Array[]): Promise<PutResult> {
    const summing = new Summing();
    let turn = 0;
    for await (const piece of piecesOf(body)) {
      summing.add(piece);
      turn += piece.length;
      if (turn < TURN_BYTES) continue;
      turn = 0;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const known = summing.sums();
    const parts = (): AsyncIterable<BodyPart> => partsOf(body, this.#client.settings.partBytes);
    await new ResumableUpload(this.#client, object, { parts, known }).run();
    return resultOf(known);
  }

  async #stream(object: NewObject, parts: AsyncIterable<BodyPart>): Promise<PutResult> {
    const { stored, sums } = await new ResumableUpload(this.#client, object, { parts: () => parts }).run();
    await this.#tellSha256(object, stored, sums);
    return resultOf(sums);
  }

  /** Adds the SHA-256 to what is stored. The object is whole without it, so that nothing is lost if this fails. */
  async #tellSha256(object: NewObject, { generation }: ObjectResource, sums: Sums): Promise<void> {
    try {
      await this.#client.send({
        doing: `tell the SHA-256 of the object ${JSON.stringify(object.key)}`,
        method: "PATCH",
        url: this.#client.urls.object(object.key, { ifGenerationMatch: generation, fields: "name" }),
        headers: { "content-type": "application/json; charset=UTF-8" },
        body: JSON.stringify({ metadata: object.metadata(sums) }),
        take: (response) => this.#client.errorOf(response),
      });
    } catch (error) {
      if (!(error instanceof FusewireError)) throw error;
    }
  }
}

async function* withFirst(first: BodyPart, rest: AsyncIterable<BodyPart>): AsyncGenerator<BodyPart, void> {
  yield first;
  yield* rest;
}

function resultOf({ size, sha256 }: Sums): PutResult {
  return { size, sha256 };
}

function isList(body: ObjectBody): body is readonly Uint8Array[] {
  return Array.isArray(body);
}
