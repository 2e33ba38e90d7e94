/**
 * What the parts of the conformance suite of object stores share.
 *
 * @module
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { sha256Hex } from "../storage/digest.ts";
import type { ListedObject, ObjectReader, ObjectStore } from "../storage/object_store/object_store.ts";
import { ConflictError } from "../src/errors.ts";
import { SeededRandom } from "./seeded_random.ts";

/** An object store that was opened for one test. */
export interface OpenedObjectStore {
  /** The store, empty. */
  readonly store: ObjectStore;
  /** Lets go of whatever is open, and removes the store. */
  close?(): Promise<void>;
  /** Another store over the same place, as another process has it. Absent: the one store is used in its place. */
  beside?(): Promise<ObjectStore>;
  /**
   * What lies around the store and must never change: the files outside of its folder, the objects outside of its prefix, in a form that
   * `deepStrictEqual` compares. Absent: nothing is looked at.
   */
  around?(): Promise<unknown>;
}

/** Opens an empty object store for one test. */
export type OpenObjectStore = () => Promise<OpenedObjectStore>;

/** What an object store may do differently, and how much is tried on it. */
export interface ObjectStoreConformanceOptions {
  /**
   * Whether an open reader goes on with what it was opened on when the object is replaced or removed. If not, reading on may be a
   * `ConflictError`.
   *
   * @default {true}
   */
  readonly keepsReplaced?: boolean;
  /**
   * Whether the tests are registered as ignored, such as where a server is not installed.
   *
   * @default {false}
   */
  readonly ignore?: boolean;
  /**
   * Size of a large object, in bytes: at least so large that the store takes more than one part, chunk or request for it.
   *
   * @default {20_971_527}
   */
  readonly largeBytes?: number;
  /**
   * How many hostile keys are tried with every verb.
   *
   * @default {400}
   */
  readonly hostileKeys?: number;
  /**
   * What all chance of the tests comes from.
   *
   * @default {"1"}
   */
  readonly seed?: string;
}

/** A store at the time of a test, and what its tests often need. */
export class ObjectBench {
  /** The store. */
  readonly store: ObjectStore;
  /** See {@linkcode ObjectStoreConformanceOptions}. */
  readonly keepsReplaced: boolean;
  /** See {@linkcode ObjectStoreConformanceOptions}. */
  readonly largeBytes: number;
  /** See {@linkcode ObjectStoreConformanceOptions}. */
  readonly hostileKeys: number;
  /** Chance of this test. */
  readonly random: SeededRandom;
  readonly #opened: OpenedObjectStore;
  #beside: ObjectStore | undefined;

  /** Works with a store that was opened. */
  constructor(opened: OpenedObjectStore, options: ObjectStoreConformanceOptions, name: string) {
    this.#opened = opened;
    this.store = opened.store;
    this.keepsReplaced = options.keepsReplaced ?? true;
    this.largeBytes = options.largeBytes ?? 20_971_527;
    this.hostileKeys = options.hostileKeys ?? 400;
    this.random = new SeededRandom(options.seed ?? "1").fork(name);
  }

  /** The store as another process has it, if there can be one; else the same. */
  async other(): Promise<ObjectStore> {
    return this.#beside ??= await this.#opened.beside?.() ?? this.store;
  }

  /** What lies around the store. */
  async around(): Promise<unknown> {
    return await this.#opened.around?.();
  }

  /** Puts many objects of a few bytes, 50 at once. */
  async putMany(keys: readonly string[], size = 3): Promise<void> {
    for (let at = 0; at < keys.length; at += 50) {
      const batch = keys.slice(at, at + 50);
      await Promise.all(
        batch.map((key) => this.store.put(key, bytesOf(size), { syncLater: true, apart: true })),
      );
    }
  }

  /** That a reader still gives what it was opened on, or says that it can not. */
  async readsOn(reader: ObjectReader, expected: Uint8Array): Promise<void> {
    const into = new Uint8Array(expected.length + 10);
    try {
      strictEqual(await reader.read(into, 0), expected.length);
      sameBytes(into.subarray(0, expected.length), expected);
    } catch (error) {
      if (this.keepsReplaced || !(error instanceof ConflictError)) throw error;
    }
  }
}

/** Registers a test with an empty store. */
export type TestOnObjects = (what: string, body: (on: ObjectBench) => Promise<void>) => void;

/** Bytes that differ from one place to the next, and from one seed to the other. */
export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(size);
  for (let i = 0, value = seed; i < size; i++) {
    value = Math.imul(value, 1664525) + 1013904223 | 0;
    made[i] = value >>> 24;
  }
  return made;
}

/** That bytes are equal, without going through large ones piece by piece where they are. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  strictEqual(actual.length, expected.length);
  if (sha256Hex(actual) === sha256Hex(expected)) return;
  const different = actual.findIndex((byte, i) => byte !== expected[i]);
  strictEqual(different, -1, `the first byte that differs is at ${different}`);
}

/** All of a list. */
export async function listed(list: AsyncIterable<ListedObject>): Promise<ListedObject[]> {
  return await Array.fromAsync(list);
}

/** The keys that a store lists. */
export async function keysOf(store: ObjectStore, prefix?: string): Promise<string[]> {
  return (await listed(store.list(prefix))).map(({ key }) => key);
}

/** All bytes of a stream. */
export async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(stream).bytes();
}

/** That a call fails with an error of a class, whose message has a text in it. */
export async function fails(
  call: () => Promise<unknown>,
  // deno-lint-ignore no-explicit-any -- the constructors of the errors take different arguments, and none is called
  kind: abstract new (...args: any[]) => Error,
  text = "",
): Promise<void> {
  await rejects(call, (error: unknown) => {
    if (!(error instanceof kind)) throw error;
    ok(error.message.includes(text), `${JSON.stringify(error.message)} has no ${JSON.stringify(text)}`);
    return true;
  });
}

/** That a store has exactly these objects, each with its bytes. */
export async function holds(store: ObjectStore, objects: ReadonlyMap<string, Uint8Array>): Promise<void> {
  deepStrictEqual((await keysOf(store)).toSorted(), [...objects.keys()].toSorted());
  for (const [key, bytes] of objects) sameBytes(await store.get(key), bytes);
}

/** That all of several calls at once succeed, once all of them have ended. */
export async function together(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(calls)) {
    if (outcome.status === "rejected") throw outcome.reason;
  }
}
