import { ConflictError, NotFoundError } from "../../src/errors.ts";
import { sha256Hex } from "../digest.ts";
import { aboveObjects, belowObject, checkKey, checkPrefix } from "../keys.ts";
import { joined, piecesOf } from "./body.ts";
import { KeyTree } from "./key_tree.ts";
import { streamOf } from "./object_stream.ts";
import { checkPutOptions } from "./put_options.ts";
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
} from "./object_store.ts";
import { withinSize } from "./range.ts";

/** How many objects a page has. */
const PAGE = 1000;

interface Entry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly info: ObjectInfo;
}

/** An object store in memory: for tests, and for results that need not outlive the process. */
export class MemoryObjectStore implements ObjectStore {
  /** Always `"memory"`. */
  readonly kind = "memory" as const;
  /** Always `"in memory"`. */
  readonly place = "in memory";
  readonly #entries = new Map<string, Entry>();
  readonly #keys = new KeyTree();

  /** `memory:` and the key. */
  uri(key: string): string {
    checkKey(key);
    return `memory:${key}`;
  }

  /** Reads an object, or a part of it, as a copy. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async get(key: string, range: ByteRange = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes } = this.#entry(key);
    const { start, end } = withinSize(range, bytes.length);
    return bytes.slice(start, end);
  }

  /** Opens an object for reading; it keeps what the object was when it was opened. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async open(key: string): Promise<ObjectReader> {
    const { bytes } = this.#entry(key);
    const close = (): Promise<void> => Promise.resolve();
    return {
      size: bytes.length,
      read(into, position): Promise<number> {
        const part = bytes.subarray(position, position + into.length);
        into.set(part);
        return Promise.resolve(part.length);
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  /** Streams an object, or a part of it. */
  async stream(key: string, range: ByteRange = {}): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const reader = await this.open(key);
    const { start, end } = withinSize(range, reader.size);
    return streamOf(reader, start, end);
  }

  /** Keeps a copy of the bytes. */
  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkKey(key);
    const described = checkPutOptions(key, options);
    const chunks: Uint8Array[] = [];
    let size = 0;
    // A piece of a stream may be reused by its producer, so it is copied when it comes; what is there at once is copied once.
    const streamed = !(body instanceof Uint8Array || Array.isArray(body));
    for await (const piece of piecesOf(body)) {
      chunks.push(streamed ? piece.slice() : piece);
      size += piece.length;
    }
    const bytes = joined(chunks, size);
    this.#checkPlace(key);
    if (options.onlyIfAbsent && this.#entries.has(key)) {
      throw new ConflictError(`There is an object ${JSON.stringify(key)} in memory already.`);
    }
    const sha256 = sha256Hex(bytes);
    const info: ObjectInfo = { key, size, sha256, ...described };
    this.#set(key, { bytes, info });
    return { size, sha256 };
  }

  /** Has nothing to do: nothing here outlives the process. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  /** What is known of an object; `undefined` if there is none. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    return this.#entries.get(key)?.info;
  }

  /** Copies an object; the bytes are shared, because they never change. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async copy(from: string, to: string): Promise<void> {
    checkKey(to);
    const { bytes, info } = this.#entry(from);
    this.#checkPlace(to);
    this.#set(to, { bytes, info: { ...info, key: to } });
  }

  /** Removes an object; silent if there is none. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async delete(key: string): Promise<void> {
    checkKey(key);
    if (this.#entries.delete(key)) this.#keys.delete(key);
  }

  /** Removes many objects. */
  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    for await (const key of keys) await this.delete(key);
  }

  /** Removes every object whose key begins with `prefix`. */
  // deno-lint-ignore require-await -- an error has to come as a rejection
  async deletePrefix(prefix: string): Promise<void> {
    checkPrefix(prefix);
    for (const key of this.#keys.below(prefix)) {
      this.#entries.delete(key);
      this.#keys.delete(key);
    }
  }

  /** Lists the objects whose keys begin with `prefix`, as they were when the list was begun. */
  async *list(prefix = "", options: ListOptions = {}): AsyncGenerator<ListedObject, void> {
    for await (const page of this.pages(prefix, options)) yield* page;
  }

  /** The same list, in pages. */
  async *pages(prefix = "", { headBytes = 0 }: ListOptions = {}): AsyncGenerator<readonly ListedObject[], void> {
    checkPrefix(prefix);
    const keys = this.#keys.below(prefix);
    for (let at = 0; at < keys.length; at += PAGE) {
      const page: ListedObject[] = [];
      for (const key of keys.slice(at, at + PAGE)) {
        const entry = this.#entries.get(key);
        if (entry === undefined) continue;
        const { size } = entry.info;
        page.push(headBytes > 0 ? { key, size, head: entry.bytes.slice(0, headBytes) } : { key, size });
      }
      yield page;
    }
  }

  #set(key: string, entry: Entry): void {
    if (!this.#entries.has(key)) this.#keys.add(key);
    this.#entries.set(key, entry);
  }

  #entry(key: string): Entry {
    checkKey(key);
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new NotFoundError(`There is no object ${JSON.stringify(key)} in memory.`);
    return entry;
  }

  #checkPlace(key: string): void {
    if (this.#keys.isFolder(key)) throw aboveObjects(key);
    for (const folder of foldersOf(key)) if (this.#entries.has(folder)) throw belowObject(key);
  }
}

function* foldersOf(key: string): Generator<string, void> {
  for (let at = key.indexOf("/"); at !== -1; at = key.indexOf("/", at + 1)) yield key.slice(0, at);
}
