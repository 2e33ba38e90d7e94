import { systemClock } from "../../../src/clock.ts";
import { ConfigError } from "../../../src/errors.ts";
import { checkKey, checkPrefix } from "../../keys.ts";
import type { BucketClient, BucketObjectStore } from "../bucket.ts";
import type {
  ByteRange,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectReader,
  PutOptions,
  PutResult,
} from "../object_store.ts";
import { checkPutOptions } from "../put_options.ts";
import { BucketPlace } from "./bucket_place.ts";
import type { S3ObjectStoreOptions } from "./options.ts";
import type { S3Verbs, VerbOptions } from "./verbs.ts";

const MIB = 1024 ** 2;

/**
 * Objects in a bucket on S3, or on a server that speaks its protocol.
 *
 * A body that fits into one part goes by one request, any other in parts, several at once; every request carries a checksum of its body. What
 * fails for a time is tried again. An object is there as a whole or not at all, and a failed put leaves no part behind.
 *
 * Without `apart`, `put` and `copy` ask the server first whether the key lies below an object or has objects below it: one request for each
 * `/` in the key, and one more, all at once.
 *
 * The credentials need the rights s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucket: without the last, S3
 * does not tell a missing object from one that may not be read. `onlyIfAbsent` needs a server that knows `If-None-Match`, as AWS does.
 *
 * Metadata that is not plain ASCII takes a third more, and twelve bytes a value: what is more than 2,048 bytes then is a `ConfigError`.
 *
 * Uploads whose process was killed leave their parts in the bucket, where no list shows them: let a lifecycle rule of the bucket abort
 * incomplete uploads after some days.
 *
 * @example Results on a server of one's own
 * ```ts ignore
 * import { S3ObjectStore } from "@fusewire/fusewire";
 *
 * const store = new S3ObjectStore({ bucket: "results", endpoint: "http://127.0.0.1:9000" });
 * await store.put("a/b.txt", new TextEncoder().encode("hello"), { contentType: "text/plain" });
 * for await (const { key, size } of store.list("a/")) console.log(key, size); // a/b.txt 5
 * ```
 *
 * @example Where an object is
 * ```ts
 * import { S3ObjectStore } from "@fusewire/fusewire";
 *
 * const store = new S3ObjectStore({ bucket: "results", prefix: "team/7" });
 * store.uri("a/b.txt"); // s3://results/team/7/a/b.txt
 * ```
 */
export class S3ObjectStore implements BucketObjectStore {
  /** Always `"s3"`. */
  readonly kind = "s3" as const;
  /** Bucket and endpoint, for messages. */
  readonly place: string;
  /** Sends requests of one's own to the bucket, with the credentials of the store. */
  readonly client: BucketClient;
  readonly #place: BucketPlace;
  readonly #load: () => Promise<S3Verbs>;
  #loading: Promise<S3Verbs> | undefined;

  /**
   * Sends nothing, and reads nothing of the environment, yet.
   *
   * @throws {ConfigError} If the bucket, the prefix, the endpoint or a number can not be one.
   */
  constructor(options: S3ObjectStoreOptions) {
    const place = new BucketPlace(options);
    const verbOptions = checkedOptions(options);
    this.#place = place;
    this.place = place.place;
    this.#load = async () => new (await import("./verbs.ts")).S3Verbs(place, verbOptions);
    this.client = { fetch: async (name, init = {}) => await (await this.#verbs()).fetch(name, init) };
  }

  /** `s3://`, the bucket, the prefix and the key. */
  uri(key: string): string {
    checkKey(key);
    return `s3://${this.#place.bucket}/${this.#place.nameOf(key)}`;
  }

  /** The whole name in the bucket of what has this key, or begins so. */
  nameOf(key: string): string {
    return this.#place.nameOf(key);
  }

  /** Reads an object, or a part of it: a large one by several requests at once, all from one version of it. */
  async get(key: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkKey(key);
    return await (await this.#verbs()).get(key, range);
  }

  /** Opens an object for reading. Its first 128 KiB are read at once. */
  async open(key: string): Promise<ObjectReader> {
    checkKey(key);
    return await (await this.#verbs()).open(key);
  }

  /** Streams an object, or a part of it, a few parts ahead of the consumer. */
  async stream(key: string, range: ByteRange = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    checkKey(key);
    return await (await this.#verbs()).stream(key, range);
  }

  /** Stores an object at once or not at all, durably. */
  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    checkPutOptions(key, options);
    const kept = { ...options, ...(options.metadata === undefined ? {} : { metadata: { ...options.metadata } }) };
    return await (await this.#verbs()).put(key, body, kept);
  }

  /** Has nothing to do: what was put is durable. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  /** What is known of an object; `undefined` if there is none. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return await (await this.#verbs()).head(key);
  }

  /** Copies an object within the bucket; its bytes stay there. */
  async copy(from: string, to: string): Promise<void> {
    checkKey(from);
    checkKey(to);
    await (await this.#verbs()).copy(from, to);
  }

  /** Removes an object; silent if there is none. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await (await this.#verbs()).delete(key);
  }

  /** Removes many objects, 1,000 by one request. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    await (await this.#verbs()).deleteMany(keys);
  }

  /** Removes every object whose key begins with `prefix`. */
  async deletePrefix(prefix: string): Promise<void> {
    checkPrefix(prefix);
    await (await this.#verbs()).deletePrefix(prefix);
  }

  /** Lists the objects whose keys begin with `prefix`. */
  async *list(prefix = "", options: ListOptions = {}): AsyncGenerator<ListedObject, void> {
    for await (const page of this.pages(prefix, options)) yield* page;
  }

  /** The same list, in pages. */
  async *pages(prefix = "", { headBytes = 0 }: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void> {
    checkPrefix(prefix);
    yield* (await this.#verbs()).pages(prefix, headBytes);
  }

  #verbs(): Promise<S3Verbs> {
    if (this.#loading !== undefined) return this.#loading;
    const loading = this.#load();
    this.#loading = loading;
    // What was wrong with the environment may be right the next time.
    loading.catch(() => this.#loading = undefined);
    return loading;
  }
}

function checkedOptions(options: S3ObjectStoreOptions): VerbOptions {
  const { partBytes = 8 * MIB, concurrency = 4, pageSize = 1000, clock = systemClock } = options;
  checkNumber("partBytes", partBytes, 5 * MIB, 5 * 1024 * MIB);
  checkNumber("concurrency", concurrency, 1, 1000);
  checkNumber("pageSize", pageSize, 1, 1000);
  checkNumber("maxAttempts", options.maxAttempts ?? 1, 1, 1000);
  checkNumber("timeout", options.timeout ?? 1, 1, Number.MAX_SAFE_INTEGER);
  return { ...options, partBytes, concurrency, pageSize, clock };
}

function checkNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new ConfigError(
    `The option \`${name}\` of a store on S3 is refused: it is ${value}, and has to be a whole number from ${least} to ${most}.`,
  );
}
