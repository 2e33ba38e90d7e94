import type { Clock } from "../../../src/clock.ts";
import type { Fetch } from "../http/transport.ts";
import type { GcsServiceAccount } from "./service_account.ts";
import type { GcsTokenSource } from "./tokens.ts";

/** Options of `GcsObjectStore` and `GcsStorage`. */
export interface GcsObjectStoreOptions {
  /** Name of the bucket, which has to be there. */
  readonly bucket: string;
  /**
   * What the names of all objects begin with, before a "/": a key without a "/" at its end, or an empty text to have the whole bucket.
   *
   * @default {"fusewire"}
   */
  readonly prefix?: string;
  /**
   * Address of the service.
   *
   * @default {the environment variable `STORAGE_EMULATOR_HOST`, else `https://storage.googleapis.com`}
   */
  readonly endpoint?: string;
  /** The project, for who asks a store where it is. The service is not told: a bucket has one. */
  readonly projectId?: string;
  /**
   * An OAuth access token, or a function that gives one, with the time in ms since 1970 at which it expires. It is called when a token is needed:
   * the first time, shortly before the last one expires, and when the service refuses it.
   */
  readonly token?: GcsTokenSource;
  /**
   * The key of a service account, or the path of its JSON file.
   *
   * @default {the environment variable `GOOGLE_APPLICATION_CREDENTIALS`, if the service is Google's and there is no `token`}
   */
  readonly serviceAccount?: GcsServiceAccount | string;
  /**
   * Size of the parts in which large objects are sent and read, in bytes: a multiple of 262,144.
   *
   * @default {8388608}
   */
  readonly partBytes?: number;
  /**
   * How many requests one call has under way at once, for reading a large object, for beginnings in lists, and for removing.
   *
   * @default {8}
   */
  readonly concurrency?: number;
  /**
   * How often a request is sent at most.
   *
   * @default {6}
   */
  readonly maxAttempts?: number;
  /**
   * How long one attempt may take, in ms: no request moves more than one part.
   *
   * @default {120000}
   */
  readonly timeout?: number;
  /** Sends a request, in place of the platform's `fetch`. */
  readonly fetch?: Fetch;
  /**
   * Time, chance and ids.
   *
   * @default {systemClock}
   */
  readonly clock?: Clock;
}
