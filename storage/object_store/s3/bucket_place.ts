/**
 * Which objects of which bucket a store is for.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import { checkKey, utf8Length } from "../../keys.ts";
import type { S3ObjectStoreOptions } from "./options.ts";

/** The longest name of an object is 1,024 bytes, the longest key 768. */
const MAX_PREFIX_BYTES = 255;

/** The name of a bucket, as S3 has ever allowed it, or a server that speaks its protocol: it has no part of a path or a query in it. */
const BUCKET = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?$/i;
/** A name that can also be the first part of a host, as S3 asks of every new bucket. */
const HOST_PART = /^(?!xn--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** A bucket and a prefix in it. */
export class BucketPlace {
  /** Name of the bucket. */
  readonly bucket: string;
  /** What the names of all objects begin with: empty, or ending in `/`. */
  readonly prefix: string;
  /** For messages. */
  readonly place: string;

  /** Refuses what can be neither. */
  constructor({ bucket, prefix = "fusewire", endpoint }: S3ObjectStoreOptions) {
    if (typeof bucket !== "string" || bucket === "") throw new ConfigError("A store on S3 needs `bucket`, its name.");
    if (!BUCKET.test(bucket)) {
      throw new ConfigError(
        `The bucket name ${
          JSON.stringify(bucket)
        } is refused: one has letters, digits, "-", "_" and ".", begins and ends with a letter or a digit, ` +
          "and is no IP address.",
      );
    }
    this.bucket = bucket;
    this.prefix = checkedPrefix(prefix);
    const at = endpoint === undefined ? "" : ` at ${endpointUrl(endpoint).href.replace(/\/$/, "")}`;
    this.place = `in the S3 bucket ${JSON.stringify(bucket)}${at}`;
  }

  /** Whether the bucket can be named in a host: one with a dot can not, because certificates cover one part. */
  get fitsIntoHost(): boolean {
    return HOST_PART.test(this.bucket);
  }

  /** The whole name of an object in the bucket. */
  nameOf(key: string): string {
    return this.prefix + key;
  }
}

function checkedPrefix(prefix: unknown): string {
  if (typeof prefix !== "string") throw new ConfigError("The `prefix` of a store on S3 has to be a text.");
  const name = prefix.replace(/\/$/, "");
  if (name === "" && prefix === "") return "";
  let problem = utf8Length(name) > MAX_PREFIX_BYTES ? `it is longer than ${MAX_PREFIX_BYTES} UTF-8 bytes` : undefined;
  let cause: unknown;
  try {
    checkKey(name);
  } catch (error) {
    cause = error;
    problem ??= error instanceof Error ? error.message.replace(/^.* is refused: |\.$/g, "") : String(error);
  }
  if (problem === undefined) return `${name}/`;
  throw new ConfigError(
    `The prefix ${JSON.stringify(prefix.slice(0, 300))} of a store on S3 is refused: ${problem}.`,
    cause === undefined ? {} : { cause },
  );
}

/**
 * The URL of a server.
 *
 * @throws {ConfigError} If it can not be one; the message has nothing of it that may be secret.
 */
export function endpointUrl(endpoint: string): URL {
  const url = URL.parse(endpoint);
  // The text is not shown: it may hold a password.
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError("The endpoint of a store on S3 has to be a URL that begins with http:// or https://.");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new ConfigError(
      `The endpoint at ${url.origin} of a store on S3 is refused: it has a user, a query or a fragment. ` +
        "Give credentials in the option `credentials`.",
    );
  }
  return url;
}
