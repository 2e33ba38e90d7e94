/**
 * Signs requests.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { AwsV4Signer } from "aws4fetch";
import type { S3Credentials } from "./options.ts";

/** The SHA-256 of nothing: most requests have no body. */
export const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What a request is signed with, beside its address. */
export interface Unsigned {
  /** Method of HTTP. */
  readonly method: string;
  /** The address, encoded strictly. */
  readonly url: string;
  /** Headers, all of which are signed. */
  readonly headers: Headers;
  /** SHA-256 of the body in hexadecimal, or what S3 takes in its place. */
  readonly bodySha256: string;
}

/** Signs requests for one region. */
export class Signer {
  readonly #region: string;
  readonly #clock: Clock;
  /** Keys derived for a day. */
  #keys = new Map<string, ArrayBuffer>();
  #keysOf: S3Credentials | undefined;

  /** Knows no credentials. */
  constructor(region: string, clock: Clock) {
    this.#region = region;
    this.#clock = clock;
  }

  /** The headers to send: those of the request and its signature. */
  async sign(request: Unsigned, credentials: S3Credentials): Promise<Headers> {
    if (this.#keysOf !== credentials || this.#keys.size > 10) {
      this.#keysOf = credentials;
      this.#keys = new Map();
    }
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const headers = new Headers(request.headers);
    headers.set("x-amz-content-sha256", request.bodySha256);
    const signer = new AwsV4Signer({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      method: request.method,
      url: request.url,
      headers,
      service: "s3",
      region: this.#region,
      cache: this.#keys,
      datetime: new Date(this.#clock.now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    });
    return (await signer.sign()).headers;
  }
}
