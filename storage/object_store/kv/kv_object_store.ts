import { systemClock } from "../../../src/clock.ts";
import { ConfigError } from "../../../src/errors.ts";
import { checkKey, checkPrefix } from "../../keys.ts";
import type {
  ByteRange,
  ListedObject,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectReader,
  ObjectStore,
  PutOptions,
  PutResult,
} from "../object_store.ts";
import { streamOf } from "../object_stream.ts";
import { checkPutOptions } from "../put_options.ts";
import { withinSize } from "../range.ts";
import type { KvLike } from "../../kv/kv_like.ts";
import type { KvObjects } from "./kv_objects.ts";
import type { KvObjectStoreOptions } from "./options.ts";

/**
 * An object store in Deno KV: a file, memory, a `denokv` server, Deno Deploy.
 *
 * Small objects are one entry. Larger ones lie in chunks that are written first and become the object in one commit, so that none is ever half
 * visible; chunks that a killed process leaves are removed an hour later. `docs/kv-layout.md` describes every key.
 *
 * @example
 * ```ts
 * import { KvObjectStore } from "@fusewire/fusewire";
 * import { expect } from "@std/expect";
 *
 * using kv = await Deno.openKv(":memory:");
 * const store = new KvObjectStore({ kv });
 * await store.put("reports/may.txt", new TextEncoder().encode("all is well"), { contentType: "text/plain" });
 * expect(new TextDecoder().decode(await store.get("reports/may.txt", { start: 7 }))).toBe("well");
 * expect((await store.head("reports/may.txt"))?.contentType).toBe("text/plain");
 * ```
 */
export class KvObjectStore implements ObjectStore {
  /** Always `"kv"`. */
  readonly kind = "kv" as const;
  /** The prefix, for messages. */
  readonly place: string;
  /** First part of every key. */
  readonly prefix: string;
  readonly #options: KvObjectStoreOptions;
  #loading: Promise<KvObjects> | undefined;
  #opened: KvLike | undefined;

  /**
   * Names a place without touching it.
   *
   * @throws {ConfigError} If the KV can not be one, or the prefix.
   */
  constructor(options: KvObjectStoreOptions = {}) {
    const { kv, prefix = "fusewire" } = options;
    if (kv !== undefined && typeof kv !== "string" && !(kv instanceof URL) && typeof kv?.atomic !== "function") {
      throw new ConfigError(
        "A store of objects in a KV was given a `kv` that is none; give it `await Deno.openKv()`, a path or a URL.",
      );
    }
    if (typeof prefix !== "string" || !/^[^/\p{C}]{1,200}$/u.test(prefix)) {
      throw new ConfigError(
        `The prefix ${JSON.stringify(prefix)} of a store in a KV is refused: one has 1 to 200 characters, and no "/".`,
      );
    }
    this.prefix = prefix;
    this.place = `in the KV under the prefix ${JSON.stringify(prefix)}`;
    this.#options = options;
  }

  /** `kv:`, the prefix, `/` and the key. */
  uri(key: string): string {
    checkKey(key);
    return `kv:${this.prefix}/${key}`;
  }

  /** Reads an object, or a part of it. */
  async get(key: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkKey(key);
    return await (await this.#objects()).get(key, range);
  }

  /** Opens an object for reading; that is a `ConflictError` once a large one was replaced or removed. */
  async open(key: string): Promise<ObjectReader> {
    checkKey(key);
    return await (await this.#objects()).open(key);
  }

  /** Streams an object, or a part of it. */
  async stream(key: string, range: ByteRange = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const reader = await this.open(key);
    const { start, end } = withinSize(range, reader.size);
    return streamOf(reader, start, end);
  }

  /** Stores an object at once or not at all, durably; `syncLater` makes no difference. */
  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    const description = checkPutOptions(key, options);
    const { onlyIfAbsent = false, apart = false } = options;
    return await (await this.#objects()).put(key, body, description, { onlyIfAbsent, apart });
  }

  /** Has nothing to do: what was put is durable. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  /** Size, SHA-256, content type and metadata of an object; `undefined` if there is none. */
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return await (await this.#objects()).head(key);
  }

  /** Copies an object. */
  async copy(from: string, to: string): Promise<void> {
    checkKey(from);
    checkKey(to);
    await (await this.#objects()).copy(from, to);
  }

  /** Removes an object; silent if there is none. */
  async delete(key: string): Promise<void> {
    await this.deleteMany([key]);
  }

  /** Removes many objects. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    await (await this.#objects()).remove(checked(keys));
  }

  /** Removes every object whose key begins with `prefix`. */
  async deletePrefix(prefix: string): Promise<void> {
    checkPrefix(prefix);
    await (await this.#objects()).removeAll(prefix);
  }

  /** Lists the objects whose keys begin with `prefix`. */
  async *list(prefix = "", options: ListOptions = {}): AsyncGenerator<ListedObject, void> {
    for await (const page of this.pages(prefix, options)) yield* page;
  }

  /** The same list, in pages. */
  async *pages(prefix = "", { headBytes = 0 }: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void> {
    checkPrefix(prefix);
    yield* (await this.#objects()).list(prefix, headBytes);
  }

  /** Closes the KV, if the store has opened it. Nothing can be done with the store afterwards. Closing twice is no error. */
  async close(): Promise<void> {
    await this.#loading?.catch(() => {});
    this.#opened?.close();
    this.#opened = undefined;
  }

  /** The same as `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What does the work is loaded, and the KV opened, with the first of it; after a failure they are tried again. */
  #objects(): Promise<KvObjects> {
    return this.#loading ??= this.#open().catch((error) => {
      this.#loading = undefined;
      throw error;
    });
  }

  async #open(): Promise<KvObjects> {
    const { KvObjects } = await import("./kv_objects.ts");
    const { kv, patience = 30_000, clock = systemClock } = this.#options;
    const { prefix } = this;
    if (typeof kv === "object" && !(kv instanceof URL)) {
      return new KvObjects({ kv, prefix, remote: this.#options.remote ?? false, patience, clock });
    }
    const { openKvAt } = await import("../../kv/open_kv.ts");
    const opened = await openKvAt(kv, { patience, makeFolder: true });
    this.#opened = opened.kv;
    return new KvObjects({ kv: opened.kv, prefix, remote: this.#options.remote ?? opened.remote, patience, clock });
  }
}

async function* checked(keys: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string, void> {
  for await (const key of keys) {
    checkKey(key);
    yield key;
  }
}
