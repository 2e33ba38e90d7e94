/**
 * Where requests go: endpoint and region, and the URLs that follow.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import { type BucketPlace, endpointUrl } from "./bucket_place.ts";
import { firstVariable } from "./environment.ts";
import type { S3ObjectStoreOptions } from "./options.ts";

/** How URLs are made: from the options, and what they leave to the environment. */
export class S3Address {
  /** The region that requests are signed for. */
  readonly region: string;
  /** Whether requests travel encrypted. */
  readonly isSecure: boolean;
  readonly #base: string;

  /** Reads the environment for what the options leave out. */
  constructor({ bucket, fitsIntoHost }: BucketPlace, options: S3ObjectStoreOptions) {
    this.region = checkedRegion(options.region ?? firstVariable("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1");
    const given = options.endpoint ?? firstVariable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    const url = endpointUrl(given ?? `https://s3.${this.region}.${domainOf(this.region)}`);
    const pathStyle = options.pathStyle ?? (given !== undefined || !fitsIntoHost);
    if (!pathStyle) nameBucket(url, bucket);
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

/** Puts the bucket into the host of a URL. Setting a host that can not be one changes nothing, and says nothing. */
function nameBucket(url: URL, bucket: string): void {
  const hostname = `${bucket}.${url.hostname}`;
  url.hostname = hostname;
  if (url.hostname === hostname) return;
  throw new ConfigError(
    `The bucket ${
      JSON.stringify(bucket)
    } can not be named in the host ${url.hostname} of the endpoint: leave out \`pathStyle\`, or give ` +
      "the endpoint a name in place of a number.",
  );
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
