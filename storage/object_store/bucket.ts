/**
 * What a store in a bucket offers beside the verbs of every store: its own signed requests.
 *
 * @module
 */
import { ConfigError, InvalidKeyError } from "../../src/errors.ts";
import type { ObjectStore } from "./object_store.ts";

/** Sends requests to the objects of one bucket, signed like those of the store that it belongs to. What it signs with can not be read. */
export interface BucketClient {
  /**
   * Sends a request once, and gives the answer whatever its state, like `fetch`. Its body is held in memory.
   *
   * @param name The whole name of an object in the bucket.
   * @param init Method, headers, body and signal, as `fetch` takes them.
   */
  fetch(name: string, init?: RequestInit): Promise<Response>;
}

/** A store in a bucket, which also lets others use its signed requests. */
export interface BucketObjectStore extends ObjectStore {
  /** Only stores in buckets have a client. */
  readonly kind: "s3" | "gcs";
  /** Sends requests of one's own to the bucket. */
  readonly client: BucketClient;
  /** The whole name in the bucket of what has this key, or begins so: the store's prefix and the key. */
  nameOf(key: string): string;
}

/** Whether a store is in a bucket, and has a client. */
export function isInBucket(store: ObjectStore): store is BucketObjectStore {
  return (store.kind === "s3" || store.kind === "gcs") && "client" in store && "nameOf" in store;
}

/**
 * Checks a request that others make: the name of its object, and that it has no header that the store sets itself.
 *
 * @returns The segments of the name, and the headers.
 * @throws {InvalidKeyError} If an address can not say the name, and would be that of another object.
 * @throws {ConfigError} If it has a header of the store's own.
 */
export function checkedRequest(
  name: string,
  init: RequestInit,
  own: ReadonlySet<string>,
): { readonly segments: string[]; readonly headers: Headers } {
  const segments = name.split("/");
  if (name === "" || !name.isWellFormed() || segments.includes(".") || segments.includes("..")) {
    throw new InvalidKeyError(
      `The name ${
        JSON.stringify(name)
      } of an object is refused: it is empty, or has a segment "." or "..", or no UTF-8 form.`,
    );
  }
  const headers = new Headers(init.headers);
  for (const header of headers.keys()) {
    if (own.has(header)) throw new ConfigError(`The header "${header}" can not be given: the store sets it.`);
  }
  return { segments, headers };
}
