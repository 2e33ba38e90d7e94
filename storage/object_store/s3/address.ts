/**
 * Where the objects of a store are: bucket, prefix, endpoint and region, and the URLs that follow.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import { checkKey, utf8Length } from "../../keys.ts";
import type { S3ObjectStoreOptions } from "./options.ts";
import { firstVariable } from "./environment.ts";

/** The longest name of an object is 1,024 bytes, the longest key 768. */
const MAX_PREFIX_BYTES = 255;

/** The name of a bucket, as S3 allows it. */
const BUCKET = /^(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

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
        } is refused: one has 3 to 63 lower-case letters, digits, "-" and ".", ` +
          `and begins and ends with a letter or a digit.`,
      );
    }
    this.bucket = bucket;
    this.prefix = checkedPrefix(prefix);
    const at = endpoint === undefined ? "" : ` at ${endpointUrl(endpoint).href.replace(/\/$/, "")}`;
    this.place = `in the S3 bucket ${JSON.stringify(bucket)}${at}`;
  }

  /** The whole name of an object in the bucket. */
  nameOf(key: string): string {
    return this.prefix + key;
  }
}

/** How URLs are made: from the options, and what they leave to the environment. */
export class S3Address {
  /** The region that requests are signed for. */
  readonly region: string;
  /** Whether requests travel encrypted. */
  readonly isSecure: boolean;
  readonly #base: string;

  /** Reads the environment for what the options leave out. */
  constructor({ bucket }: BucketPlace, options: S3ObjectStoreOptions) {
    this.region = checkedRegion(options.region ?? firstVariable("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1");
    const given = options.endpoint ?? firstVariable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    const url = endpointUrl(given ?? `https://s3.${this.region}.${domainOf(this.region)}`);
    const pathStyle = options.pathStyle ?? (given !== undefined || bucket.includes("."));
    if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
    this.isSecure = url.protocol === "https:";
    this.#base = url.href.replace(/\/$/, "") + (pathStyle ? `/${bucket}` : "");
  }

  /** The URL of an object, or of the bucket. */
  url(name: string | undefined, query: Readonly<Record<string, string>> = {}): string {
    const path = name === undefined ? "" : `/${encoded(name).replaceAll("%2F", "/")}`;
    const search = Object.entries(query).map((pair) => pair.map(encoded).join("=")).join("&");
    return `${this.#base}${path}${search === "" ? "" : `?${search}`}`;
  }
}

/** A text in a URL, encoded as strictly as signatures ask for. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
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

function endpointUrl(endpoint: string): URL {
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

function checkedRegion(region: string): string {
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(region)) return region;
  throw new ConfigError(
    `The region ${JSON.stringify(region)} of a store on S3 is refused: one looks like "eu-west-1".`,
  );
}

function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
