/**
 * The verbs of a store on S3: what is loaded with the first of them.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { keepApart } from "../http/folder_rule.ts";
import { inParallel } from "../../in_parallel.ts";
import type {
  ByteRange,
  ListedObject,
  ObjectBody,
  ObjectInfo,
  ObjectReader,
  PutOptions,
  PutResult,
} from "../object_store.ts";
import { S3Address } from "./address.ts";
import type { BucketPlace } from "./bucket_place.ts";
import { S3Client } from "./client.ts";
import { copyObject, MAX_COPY_BYTES } from "./copying.ts";
import { CredentialSource } from "./credentials.ts";
import { hasBelow } from "./folders.ts";
import { type Listed, pagesOf } from "./listing.ts";
import { infoOf } from "./metadata.ts";
import type { S3ObjectStoreOptions } from "./options.ts";
import { type PutLimits, putObject } from "./putting.ts";
import { missingObject, ObjectReading } from "./reading.ts";
import { removeObject, removeObjects } from "./removing.ts";
import { sendForOthers } from "./requests_of_others.ts";

/** How many beginnings of objects are read at once. */
const HEADS = 16;
/** What is not larger is read as a whole for its beginning, in bytes: servers have it at hand, and some take longer for a part. */
const SMALL_BYTES = 16 * 1024;

/** What the verbs are done with. Keys and options are checked. */
export interface VerbOptions extends S3ObjectStoreOptions {
  /** Size of a part in bytes. */
  readonly partBytes: number;
  /** How many parts are under way at once. */
  readonly concurrency: number;
  /** How many objects one request lists. */
  readonly pageSize: number;
  /** Time and chance. */
  readonly clock: Clock;
}

/** The verbs of a store on S3. */
export class S3Verbs {
  readonly #client: S3Client;
  readonly #reading: ObjectReading;
  readonly #limits: PutLimits;
  readonly #pageSize: number;

  /** Reads the environment for what the options leave out. */
  constructor(place: BucketPlace, options: VerbOptions) {
    const { partBytes, concurrency, pageSize, clock } = options;
    const address = new S3Address(place, options);
    const credentials = new CredentialSource(options.credentials, place.place, clock);
    this.#client = new S3Client(place, address, credentials, clock, options);
    this.#reading = new ObjectReading(this.#client, { partBytes, concurrency });
    this.#limits = { partBytes, concurrency, signParts: options.signParts ?? !address.isSecure };
    this.#pageSize = pageSize;
  }

  get(key: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    return this.#reading.get(key, range);
  }

  open(key: string): Promise<ObjectReader> {
    return this.#reading.open(key);
  }

  stream(key: string, range: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#reading.stream(key, range);
  }

  async put(key: string, body: ObjectBody, options: PutOptions): Promise<PutResult> {
    if (!options.apart) await this.#keepApart(key);
    return await putObject(this.#client, key, body, options, this.#limits);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const headers = await this.#headersOf(key);
    return headers && infoOf(key, Number(headers.get("content-length")), headers);
  }

  async copy(from: string, to: string): Promise<void> {
    const [source] = await Promise.all([this.#headersOf(from), from === to ? undefined : this.#keepApart(to)]);
    if (source === undefined) throw missingObject(this.#client, from);
    // S3 refuses a copy that would change nothing.
    if (from === to) return;
    const { concurrency } = this.#limits;
    await copyObject(this.#client, from, to, source, { copyBytes: MAX_COPY_BYTES, concurrency });
  }

  delete(key: string): Promise<void> {
    return removeObject(this.#client, key);
  }

  deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    return removeObjects(this.#client, keys);
  }

  async deletePrefix(prefix: string): Promise<void> {
    await removeObjects(this.#client, this.#keys(prefix));
  }

  async *pages(prefix: string, headBytes: number): AsyncGenerator<readonly ListedObject[], void> {
    for await (const page of pagesOf(this.#client, prefix, this.#pageSize)) {
      yield headBytes > 0 ? await this.#withHeads(page, headBytes) : page;
    }
  }

  fetch(name: string, init: RequestInit): Promise<Response> {
    return sendForOthers(this.#client, name, init);
  }

  async #withHeads(page: readonly Listed[], headBytes: number): Promise<ListedObject[]> {
    const objects: (ListedObject | undefined)[] = new Array(page.length);
    await inParallel(page.entries(), HEADS, async ([i, { key, size }]) => {
      if (size === 0) {
        objects[i] = { key, size, head: new Uint8Array(0) };
        return;
      }
      const found = await this.#reading.head(key, size <= SMALL_BYTES ? Math.max(size, headBytes) : headBytes);
      if (found !== undefined) objects[i] = { key, size: found.size, head: found.bytes.slice(0, headBytes) };
    });
    return objects.filter((object) => object !== undefined);
  }

  async *#keys(prefix: string): AsyncGenerator<string, void> {
    for await (const page of pagesOf(this.#client, prefix, this.#pageSize)) for (const { key } of page) yield key;
  }

  async #keepApart(key: string): Promise<void> {
    await keepApart(key, {
      has: async (ancestor) => await this.#headersOf(ancestor) !== undefined,
      hasBelow: async (prefix) => await hasBelow(this.#client, prefix),
    });
  }

  #headersOf(key: string): Promise<Headers | undefined> {
    return this.#client.headersOf(this.#client.place.nameOf(key), `look at the object ${JSON.stringify(key)}`);
  }
}
