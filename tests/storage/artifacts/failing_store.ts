/**
 * An object store that fails at one call.
 *
 * @module
 */
import {
  type ByteRange,
  type ListedObject,
  type ListOptions,
  type ObjectBody,
  type ObjectInfo,
  type ObjectReader,
  type ObjectStore,
  type PutOptions,
  type PutResult,
  UnavailableError,
} from "@fusewire/fusewire";

/**
 * How a call fails: it does nothing; it takes effect and its answer is lost; or the process ends before or after it, so that no call after
 * it does anything.
 */
export type Failure = "fails" | "loses its answer" | "ends the process" | "ends the process afterwards";

/** All of them. */
export const FAILURES: readonly Failure[] = [
  "fails",
  "loses its answer",
  "ends the process",
  "ends the process afterwards",
];

/** Passes every call on, but for the `at`-th. A list counts as one call. */
export class FailingStore implements ObjectStore {
  readonly kind: ObjectStore["kind"];
  readonly place: string;
  /** How many calls there were. */
  calls = 0;
  readonly #inner: ObjectStore;
  readonly #at: number;
  readonly #failure: Failure;

  constructor(inner: ObjectStore, at: number, failure: Failure) {
    this.kind = inner.kind;
    this.place = inner.place;
    this.#inner = inner;
    this.#at = at;
    this.#failure = failure;
  }

  uri(key: string): string {
    return this.#inner.uri(key);
  }

  get(key: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call(() => this.#inner.get(key, range));
  }

  open(key: string): Promise<ObjectReader> {
    return this.#call(() => this.#inner.open(key));
  }

  stream(key: string, range?: ByteRange): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.#call(() => this.#inner.stream(key, range));
  }

  put(key: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
    return this.#call(() => this.#inner.put(key, body, options));
  }

  sync(): Promise<void> {
    return this.#call(() => this.#inner.sync());
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return this.#call(() => this.#inner.head(key));
  }

  copy(from: string, to: string): Promise<void> {
    return this.#call(() => this.#inner.copy(from, to));
  }

  delete(key: string): Promise<void> {
    return this.#call(() => this.#inner.delete(key));
  }

  async deleteMany(keys: Iterable<string> | AsyncIterable<string>): Promise<void> {
    // Each may be the last one that is removed.
    for await (const key of keys) await this.delete(key);
  }

  async deletePrefix(prefix: string): Promise<void> {
    for (const { key } of await Array.fromAsync(this.#inner.list(prefix))) await this.delete(key);
  }

  async *list(prefix?: string, options?: ListOptions): AsyncGenerator<ListedObject, void> {
    yield* await this.#call(() => Array.fromAsync(this.#inner.list(prefix, options)));
  }

  async *pages(prefix?: string, options?: ListOptions): AsyncGenerator<readonly ListedObject[], void> {
    yield* await this.#call(() => Array.fromAsync(this.#inner.pages(prefix, options)));
  }

  async #call<T>(act: () => Promise<T>): Promise<T> {
    const number = ++this.calls;
    const isOver = this.#failure.startsWith("ends") && number > this.#at;
    if (isOver || (number === this.#at && !/answer|afterwards/.test(this.#failure))) throw broken(number);
    const result = await act();
    if (number === this.#at) throw broken(number);
    return result;
  }
}

function broken(number: number): UnavailableError {
  return new UnavailableError(`Call ${number} has failed, as this test wants it.`);
}
