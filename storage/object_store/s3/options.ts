/**
 * What a store on S3 is told.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import type { Fetch } from "../http/transport.ts";

/** What requests to S3 are signed with. */
export interface S3Credentials {
  /** Who signs. */
  readonly accessKeyId: string;
  /** What only the server and the one who signs know; it is never sent. */
  readonly secretAccessKey: string;
  /** Belongs to temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** When they end: a function that gave them is called again a minute before. */
  readonly expiration?: Date | undefined;
}

/** Options of {@linkcode S3ObjectStore} and `S3Storage`. */
export interface S3ObjectStoreOptions {
  /** Name of the bucket. It is never created. */
  readonly bucket: string;
  /**
   * What the names of all objects begin with, before a `/`; `""` for the whole bucket. At most 255 UTF-8 bytes.
   *
   * @default {"fusewire"}
   */
  readonly prefix?: string | undefined;
  /**
   * URL of the server, such as `http://127.0.0.1:9000`. Without it, the environment's `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, else AWS
   * in the region.
   */
  readonly endpoint?: string | undefined;
  /** Region of the bucket. Without it, the environment's `AWS_REGION` or `AWS_DEFAULT_REGION`, else `us-east-1`. */
  readonly region?: string | undefined;
  /**
   * Credentials, or a function that gives them: it is called with the first request, a minute before their `expiration`, and once more when
   * the server says that they have expired. Without it, the environment's `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
   * `AWS_SESSION_TOKEN`, which are read with the first request.
   */
  readonly credentials?: S3Credentials | (() => S3Credentials | Promise<S3Credentials>) | undefined;
  /**
   * Whether the bucket is named in the path of URLs, in place of their host.
   *
   * @default {true with an endpoint, and for a bucket whose name can be no part of a host; else false}
   */
  readonly pathStyle?: boolean | undefined;
  /**
   * How large a part of an upload or a download is, in bytes; at least 5 MiB, and at most 5 GiB. Larger bodies go in several parts. An upload of
   * unknown length takes larger ones after 32 GiB (with the default), so that it never needs more than 10,000.
   *
   * @default {8 MiB}
   */
  readonly partBytes?: number | undefined;
  /**
   * How many parts of one object are under way at once. An upload or a download of a stream holds one part more in memory.
   *
   * @default {4}
   */
  readonly concurrency?: number | undefined;
  /**
   * How often a request is sent at most, while the server is busy or the connection breaks.
   *
   * @default {6}
   */
  readonly maxAttempts?: number | undefined;
  /**
   * How long one attempt may take, in ms, with its body and that of its answer.
   *
   * @default {120000}
   */
  readonly timeout?: number | undefined;
  /**
   * Whether the parts of large uploads are signed with their SHA-256. Otherwise a signed CRC-32 guards them against damage, and TLS against
   * those who would change them; that spares a second SHA-256 of all bytes. What fits into one part is signed with its SHA-256 in any case.
   *
   * @default {true over http, false over https}
   */
  readonly signParts?: boolean | undefined;
  /**
   * How many objects one request lists, from 1 to 1,000.
   *
   * @default {1000}
   */
  readonly pageSize?: number | undefined;
  /** Sends one request. Default: the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Time and chance. Default: those of this machine. */
  readonly clock?: Clock | undefined;
}
