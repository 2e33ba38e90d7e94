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
import { withinSize } from "../range.ts";
import type { GcsOperations } from "./operations.ts";
import type { GcsObjectStoreOptions } from "./options.ts";
import { type GcsSettings, settingsOf } from "./settings.ts";

/**
 * An object store in a bucket of Google Cloud Storage, over its JSON API.
 *
 * A request that fails for a moment is sent again, later each time. The service compares what it was sent with a checksum, so that what
 * was cut or altered on its way is never taken for the object. A large object or a stream goes in parts of 8 MiB, one or two of which are in
 * memory; what has arrived is not sent again.
 *
 * All verbs throw `PermissionError` if access is denied, `ConfigError` if there is no such bucket, `UnavailableError` if the service goes
 * on failing. What the role `roles/storage.objectUser` on the bucket allows is enough.
 *
 * @example Put and get
 * ```ts ignore
 * import { GcsObjectStore } from "@fusewire/fusewire";
 *
 * const store = new GcsObjectStore({ bucket: "my-results", prefix: "etl" });
 * await store.put("a/b", new TextEncoder().encode("Hello"));
 * await store.get("a/b");
 * store.uri("a/b"); // "gs://my-results/etl/a/b"
 * ```
 *
 * @example Tokens of one's own
 * ```ts
 * import { GcsObjectStore } from "@fusewire/fusewire";
 *
 * const store = new GcsObjectStore({
 *   bucket: "my-results",
 *   endpoint: "https://storage.googleapis.com",
 *   token: () => ({ token: "an access token", expiresAt: Date.now() + 3_600_000 }),
 * });
 * store.uri("a/b"); // "gs://my-results/fusewire/a/b"
 * ```
 */
export class GcsObjectStore implements BucketObjectStore {
  /** Always `"gcs"`. */
  readonly kind = "gcs" as const;
  /** Where it is: the bucket, what the names of its objects begin with, and the service. */
  readonly place: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** What the names of its objects begin with, before a "/"; empty if it has the whole bucket. */
  readonly prefix: string;
  /** The project that was given. */
  readonly projectId: string | undefined;
  /** Sends requests of one's own to the XML API, with the token of the store: `GET` of a name gives the bytes of the object. */
  readonly client: BucketClient;
  readonly #settings: GcsSettings;
  #operations: Promise<GcsOperations> | undefined;

  /**
   * Names a place in a bucket without asking the service for anything.
   *
   * @throws {ConfigError} If an option can not be used, or credentials are missing; the message says what to set.
   */
  constructor(options: GcsObjectStoreOptions) {
    this.#settings = settingsOf(options);
    const { place, bucket, root } = this.#settings;
    this.place = place;
    this.bucket = bucket;
    this.prefix = root.slice(0, -1);
    this.projectId = options.projectId;
    this.client = { fetch: async (name, init = {}) => await (await this.#loaded()).fetch(name, init) };
  }

  /** `gs://`, the bucket, the prefix and the key, as they are. */
  uri(key: string): string {
    checkKey(key);
    return `gs://${this.bucket}/${this.#settings.root}${key}`;
  }

  /** The whole name in the bucket of what has this key, or begins so. */
  nameOf(key: string): string {
    return this.#settings.root + key;
  }

  /** Reads an object, or a part of it; a large one by several requests at once, all of the same version. */
  async get(key: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkKey(key);
    withinSize(range, 0);
    return await (await this.#loaded()).downloads.get(key, range);
  }

  /** Opens an object. Reading on after it was replaced or removed is a `ConflictError`, unless the bucket keeps old versions. */
  async open(key: string): Promise<ObjectReader> {
    checkKey(key);
    return await (await this.#loaded()).downloads.open(key);
  }

  /** Streams an object, or a part of it, up to four parts ahead. */
  async stream(key: string, range: ByteRange = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    checkKey(key);
    withinSize(range, 0);
    return await (await this.#loaded()).downloads.stream(key, range);
  }

  /**
   * Stores an object. Without `apart` it takes requests to see that nothing lies above or below it.
   *
   * @throws {ConflictError} If there is an object, with `onlyIfAbsent`.
   * @throws {IntegrityError} If what has arrived was something else, also when it was sent again.
   */
  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    checkPutOptions(key, options);
    const { metadata, apart = false } = options;
    const asked = { ...options, ...(metadata === undefined ? {} : { metadata: { ...metadata } }) };
    const operations = await this.#loaded();
    if (!apart) await operations.keepApart(key);
    return await operations.uploads.put(operations.uploads.object(key, asked), body);
  }

  /** Has nothing to do: what was put is durable. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  /** What is known of an object; `undefined` if there is none. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return await (await this.#loaded()).head(key);
  }

  /** Copies an object within the service. */
  async copy(from: string, to: string): Promise<void> {
    checkKey(from);
    checkKey(to);
    const operations = await this.#loaded();
    await operations.keepApart(to);
    await operations.changes.copy(from, to);
  }

  /** Removes an object; silent if there is none. */
  async delete(key: string): Promise<void> {
    checkKey(key);
    await (await this.#loaded()).changes.delete(key);
  }

  /** Removes many objects, several at once. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    await (await this.#loaded()).changes.deleteMany(checked(keys));
  }

  /** Removes every object whose key begins with `prefix`. */
  async deletePrefix(prefix: string): Promise<void> {
    checkPrefix(prefix);
    const { changes } = await this.#loaded();
    for await (const page of this.pages(prefix)) await changes.deleteMany(page.map(({ key }) => key));
  }

  /** Lists the objects whose keys begin with `prefix`. */
  async *list(prefix = "", options: ListOptions = {}): AsyncGenerator<ListedObject, void> {
    for await (const page of this.pages(prefix, options)) yield* page;
  }

  /** The same list, in pages of at most 1,000. */
  async *pages(prefix = "", { headBytes = 0 }: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void> {
    checkPrefix(prefix);
    yield* (await this.#loaded()).listing.pages(prefix, headBytes);
  }

  async #loaded(): Promise<GcsOperations> {
    this.#operations ??= import("./operations.ts").then(({ GcsOperations }) => new GcsOperations(this.#settings));
    return await this.#operations;
  }
}

async function* checked(keys: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const key of keys) {
    checkKey(key);
    yield key;
  }
}
