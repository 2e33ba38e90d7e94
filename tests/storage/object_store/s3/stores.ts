/**
 * Stores on servers of S3, for tests.
 *
 * @module
 */
import type { S3ObjectStoreOptions } from "../../../../storage/object_store/s3/options.ts";
import { S3ObjectStore } from "../../../../storage/object_store/s3/s3_object_store.ts";
import type { S3Server } from "../../../integration/servers/versitygw.ts";

/** A server that all tests of a file share, started by the first that needs it and stopped with the process. */
export class SharedServer<T extends S3Server> {
  readonly #start: () => Promise<T>;
  #starting: Promise<T> | undefined;
  #buckets = 0;

  constructor(start: () => Promise<T>) {
    this.#start = start;
  }

  /** The running server. */
  async running(): Promise<T> {
    return await (this.#starting ??= this.#start());
  }

  /** Options for a store in a new, empty bucket. */
  async options(): Promise<S3ObjectStoreOptions & { readonly endpoint: string }> {
    const server = await this.running();
    const bucket = `bucket-${++this.#buckets}`;
    await server.createBucket(bucket);
    return { bucket, endpoint: server.url, region: server.region, credentials: server.credentials };
  }

  /** A store in a new, empty bucket. */
  async store(options: Partial<S3ObjectStoreOptions> = {}): Promise<S3ObjectStore> {
    return new S3ObjectStore({ ...await this.options(), ...options });
  }

  /** Stops the server, if it was started. */
  async stop(): Promise<void> {
    const server = await this.#starting;
    await server?.[Symbol.asyncDispose]();
  }
}
