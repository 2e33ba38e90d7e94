/**
 * Sends signed requests to one bucket, and tells answers from refusals.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { PermissionError } from "../../../src/errors.ts";
import { retryAfterHeader } from "../../../src/retry_after.ts";
import { AgainError, type Fetch, Transport } from "../http/transport.ts";
import { requestBody } from "../http/request_body.ts";
import type { S3Address } from "./address.ts";
import type { BucketPlace } from "./bucket_place.ts";
import type { CredentialSource } from "./credentials.ts";
import { failureOf, saidBy } from "./failures.ts";
import type { S3Credentials, S3ObjectStoreOptions } from "./options.ts";
import { isExpired, isTemporary, readRefusal, type Refusal, refusalOf } from "./refusal.ts";
import { EMPTY_SHA256, Signer } from "./signer.ts";
import { readXml } from "./xml.ts";
import type { XmlElement } from "@rgrove/parse-xml";

/** How often an object is looked at that comes and goes meanwhile. */
const LOOKS = 5;

/** The body of a request. */
export interface S3Body {
  /** The bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Their SHA-256 in hexadecimal, or `UNSIGNED-PAYLOAD` where a checksum is among the headers. */
  readonly sha256: string;
}

/** What is signed of a request. */
export interface SignedRequest {
  /** Method of HTTP. */
  readonly method: string;
  /** Whole name of an object; without it, the request is for the bucket. */
  readonly name?: string;
  /** Parameters of the address. */
  readonly query?: Readonly<Record<string, string>>;
  /** Headers. */
  readonly headers?: HeadersInit;
  /** The body. */
  readonly body?: S3Body | undefined;
}

/** One request, sent until its answer is taken. */
export interface S3Request extends SignedRequest {
  /** What is tried, for messages, such as `read the object "a"`. */
  readonly doing: string;
  /** Headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Takes the answer to a request, like `Exchange.receive`. */
export type Take<T> = (response: Response) => T | Promise<T>;

/** Decides what a refusal means: a result, an error that it throws, or `undefined` for the error that everybody gets. */
export type OnRefusal<T> = (
  refusal: Refusal,
) => { readonly value: T } | undefined | Promise<{ readonly value: T } | undefined>;

/** Sends signed requests to one bucket. */
export class S3Client {
  /** Which bucket. */
  readonly place: BucketPlace;
  /** Where it is. */
  readonly address: S3Address;
  /** Time and chance. */
  readonly clock: Clock;
  readonly #credentials: CredentialSource;
  readonly #signer: Signer;
  readonly #transport: Transport;
  readonly #fetch: Fetch;
  /** Whether the bucket was seen to exist. */
  #isBucketKnown = false;

  /** Sends nothing yet. */
  constructor(
    place: BucketPlace,
    address: S3Address,
    credentials: CredentialSource,
    clock: Clock,
    options: S3ObjectStoreOptions,
  ) {
    this.place = place;
    this.address = address;
    this.clock = clock;
    this.#credentials = credentials;
    this.#signer = new Signer(address.region, clock);
    this.#fetch = options.fetch ?? ((request) => fetch(request));
    this.#transport = new Transport({
      place: place.place,
      clock,
      fetch: this.#fetch,
      ...(options.maxAttempts === undefined ? {} : { maxAttempts: options.maxAttempts }),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    });
  }

  /**
   * Sends a request until its answer is taken.
   *
   * @throws {PermissionError} If the credentials or Deno's permissions do not allow it.
   * @throws {ConfigError} If there is no such bucket, or it is elsewhere, or the server refuses the request.
   * @throws {UnavailableError} If all attempts failed.
   */
  async send<T>(request: S3Request, take: Take<T>, onRefusal: OnRefusal<T> = () => undefined): Promise<T> {
    let renewed = false;
    let used: S3Credentials | undefined;
    try {
      return await this.#transport.send<T>({
        doing: request.doing,
        request: async (signal) => {
          used = await this.#credentials.current();
          return await this.#signed(request, used, signal);
        },
        receive: (response) =>
          this.#closing(response, async () => {
            if (response.ok) {
              this.#isBucketKnown = true;
              return await take(response);
            }
            const refusal = await readRefusal(response, secretsOf(used));
            if (refusal.code === "NoSuchKey" || refusal.code === "NoSuchUpload") this.#isBucketKnown = true;
            if (isExpired(refusal) && !renewed && used !== undefined && this.#credentials.renew(used)) {
              renewed = true;
              throw new AgainError(saidBy(refusal));
            }
            return await this.#answerOf(request, refusal, onRefusal);
          }),
      });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new PermissionError(
        `The store ${this.place.place} could not ${request.doing}: ${error.message.replace(/\.$/, "")}.`,
        { cause: error },
      );
    }
  }

  /**
   * Sends a request whose answer is XML, which can be an error although its state is a success.
   */
  async sendForXml<T>(
    request: S3Request,
    take: (root: XmlElement, response: Response) => T,
    onRefusal: OnRefusal<T> = () => undefined,
  ): Promise<T> {
    return await this.send(request, async (response) => {
      const root = await readXml(response);
      if (root.name !== "Error") return take(root, response);
      const secrets = secretsOf(await this.#credentials.current());
      return await this.#answerOf(request, refusalOf(response, root, secrets), onRefusal);
    }, onRefusal);
  }

  /**
   * Asks for the headers of an object; `undefined` if there is none. The answer to HEAD has no body to say why it is a refusal, so that is
   * asked for by another request where it is not known.
   */
  async headersOf(name: string, doing: string): Promise<Headers | undefined> {
    for (let looks = 1;; looks++) {
      const found = await this.send<Headers | number | undefined>(
        { doing, method: "HEAD", name },
        (response) => response.headers,
        (refusal) => {
          if (refusal.status === 404 && this.#isBucketKnown) return { value: undefined };
          const { region = this.address.region } = refusal;
          return isTemporary(refusal) || region !== this.address.region ? undefined : { value: refusal.status };
        },
      );
      if (typeof found !== "number") return found;
      if (!await this.#isThere(name, doing)) return undefined;
      // It came in between, or the server lets one request pass and not the other.
      if (looks < LOOKS) continue;
      throw new PermissionError(
        `The store ${this.place.place} could not ${doing}: the server answers HEAD with ${found}, and does not refuse GET. Check the rights.`,
      );
    }
  }

  /** Whether there is an object, by a request whose refusal says why. */
  async #isThere(name: string, doing: string): Promise<boolean> {
    return await this.send<boolean>(
      { doing, method: "GET", name, headers: { range: "bytes=0-0" } },
      async (response) => {
        await response.body?.cancel();
        return true;
      },
      ({ status, code }) => {
        if (status === 416) return { value: true };
        return code === "NoSuchKey" || code === "" && status === 404 ? { value: false } : undefined;
      },
    );
  }

  /** Signs a request and sends it once, whatever the answer. */
  async sendOnce(request: SignedRequest, signal: AbortSignal | null): Promise<Response> {
    return await this.#fetch(await this.#signed(request, await this.#credentials.current(), signal));
  }

  async #signed(
    { method, name, query, headers, body }: SignedRequest,
    credentials: S3Credentials,
    signal: AbortSignal | null,
  ): Promise<Request> {
    const url = this.address.url(name, query);
    const bodySha256 = body?.sha256 ?? EMPTY_SHA256;
    const signed = await this.#signer.sign({ method, url, headers: new Headers(headers), bodySha256 }, credentials);
    return new Request(url, {
      method,
      headers: signed,
      body: body ? requestBody(body.bytes) : null,
      signal,
      // A signature holds for one host, and what was meant for one bucket should not go to another.
      redirect: "manual",
    });
  }

  /** Takes an answer, and lets go of its body if that was not read. */
  async #closing<T>(response: Response, take: () => Promise<T>): Promise<T> {
    try {
      return await take();
    } catch (error) {
      if (!response.bodyUsed) await response.body?.cancel().catch(() => {});
      throw error;
    }
  }

  async #answerOf<T>(request: S3Request, refusal: Refusal, onRefusal: OnRefusal<T>): Promise<T> {
    const answer = await onRefusal(refusal);
    if (answer !== undefined) return answer.value;
    if (isTemporary(refusal)) {
      throw new AgainError(saidBy(refusal), retryAfterHeader(refusal.headers, this.clock.now()));
    }
    const { place, bucket } = this.place;
    const { region } = this.address;
    throw failureOf(refusal, { place, bucket, region, doing: request.doing, now: this.clock.now() });
  }
}

/** What must not be shown of credentials. */
function secretsOf(credentials: S3Credentials | undefined): string[] {
  if (credentials === undefined) return [];
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return [secretAccessKey, ...(sessionToken ? [sessionToken] : []), accessKeyId];
}
