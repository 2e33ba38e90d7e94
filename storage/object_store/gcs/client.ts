/**
 * Requests to the JSON API: with a token, sent again where that helps, their refusals as errors.
 *
 * @module
 */
import { ConfigError, ConflictError, type FusewireError, PermissionError } from "../../../src/errors.ts";
import { requestBody } from "../http/request_body.ts";
import { AgainError, type Exchange, type Fetch, type Outcome, Transport } from "../http/transport.ts";
import { type ErrorAnswer, errorOf, jsonOf, textOf } from "./answers.ts";
import { ServiceAccountTokens } from "./service_account.ts";
import type { GcsSettings } from "./settings.ts";
import { type GcsTokenSource, Tokens } from "./tokens.ts";
import { GcsUrls } from "./urls.ts";

/** One request, and how its answer is taken. */
export interface Call<T> {
  /** What is tried, for messages, such as `read the object "a"`. */
  readonly doing: string;
  /** The method. @default {"GET"} */
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The address. */
  readonly url: string;
  /** Headers beside the token. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent. */
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /**
   * Takes an answer, but for those that ask for another token or another attempt. What it throws is dealt with as `Exchange.receive` says.
   */
  take(response: Response, attempt: number): Promise<T>;
}

/** 403 stands for too many requests too. */
const TOO_MANY: ReadonlySet<string> = new Set(["rateLimitExceeded", "userRateLimitExceeded"]);

/** The service as one store uses it. */
export class GcsClient {
  /** Addresses within the bucket. */
  readonly urls: GcsUrls;
  /** What the store is made of. */
  readonly settings: GcsSettings;
  /** What sends requests without a token. */
  readonly transport: Transport;
  readonly #tokens: Tokens;
  readonly #fetch: Fetch;
  #bucketSeen = false;

  /** Opens nothing. */
  constructor(settings: GcsSettings) {
    const { endpoint, bucket, root, place, clock, maxAttempts, timeout } = settings;
    this.settings = settings;
    this.urls = new GcsUrls(endpoint, bucket, root);
    this.#fetch = guarded(settings);
    this.transport = new Transport({ place, clock, fetch: this.#fetch, maxAttempts, timeout });
    this.#tokens = new Tokens(sourceOf(settings, this.transport), clock);
  }

  /**
   * Sends a request until its answer is taken.
   *
   * @throws {PermissionError} If access is denied, also with a new token.
   * @throws {UnavailableError} If all attempts failed.
   */
  async send<T>(call: Call<T>): Promise<T> {
    return await this.#withToken((exchange) => this.transport.send(exchange), call);
  }

  /** Sends a request once. Throws what another attempt would not change. */
  async sendOnce<T>(call: Call<T>): Promise<Outcome<T>> {
    return await this.#withToken(async (exchange) => {
      const outcome = await this.transport.sendOnce(exchange, 1);
      if ("failure" in outcome) return outcome;
      return outcome.value instanceof Refused ? outcome.value : { value: outcome.value };
    }, call);
  }

  /** Sends a request of others with a token, once, and gives the answer whatever it is. */
  async fetch(request: Request): Promise<Response> {
    const token = await this.#tokens.get();
    if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
    const response = await this.#fetch(request);
    // Whoever asks again gets another token.
    if (response.status === 401) this.#tokens.refused(token);
    return response;
  }

  /** The JSON object of an answer. Throws `AgainError` if it is none. */
  async jsonOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
    return await jsonOf(response, (text) => this.#tokens.conceal(text));
  }

  /** What an answer says that went wrong. */
  async errorOf(response: Response): Promise<ErrorAnswer> {
    return await errorOf(response, (text) => this.#tokens.conceal(text));
  }

  /** The error for an answer that nothing else is known to be. */
  async refusal(doing: string, response: Response): Promise<FusewireError | AgainError> {
    const answer = await this.errorOf(response);
    if (answer.status === 404 && !await this.hasBucket(answer)) return this.missingBucket();
    return this.refusalOf(doing, answer);
  }

  /** The error for an answer that was read. */
  refusalOf(doing: string, { status, reason, message }: ErrorAnswer): FusewireError | AgainError {
    const { place } = this.settings;
    const said = `the service answered ${[status, reason].join(" ").trim()}: ${message.replace(/\.$/, "")}`;
    if (TOO_MANY.has(reason)) return new AgainError(`${status} ${reason}`);
    if (status === 401 || status === 403) {
      return new PermissionError(
        `The store ${place} may not ${doing}; ${said}. Check the credentials, and the roles they have on the bucket.`,
      );
    }
    if (status === 412) return new ConflictError(`The store ${place} could not ${doing}; ${said}.`);
    return new ConfigError(`The store ${place} could not ${doing}; ${said}. Check the endpoint and the bucket.`);
  }

  /** Whether the bucket is there, as far as an answer of 404 and a look at the bucket tell. */
  async hasBucket({ message }: ErrorAnswer): Promise<boolean> {
    if (/bucket does not exist/i.test(message)) return false;
    // Google says so; servers for tests do not.
    if (this.#bucketSeen || /no such object/i.test(message)) return true;
    return await this.send({
      doing: "look for the bucket",
      url: this.urls.list({ maxResults: 1, fields: "kind" }),
      take: async (response) => {
        await textOf(response);
        // Who may not list can not know, and is told of the object.
        return response.status !== 404;
      },
    });
  }

  /** The error for a bucket that is not there. */
  missingBucket(): ConfigError {
    const { bucket, endpoint } = this.settings;
    return new ConfigError(
      `There is no bucket ${JSON.stringify(bucket)} at ${endpoint}: create it, or give the name of one that is there.`,
    );
  }

  async #withToken<T, R>(
    send: (exchange: Exchange<T | Refused>) => Promise<R | Refused>,
    call: Call<T>,
  ): Promise<R> {
    for (let refused = 0;; refused++) {
      const outcome = await send(this.#exchange(call));
      if (!(outcome instanceof Refused)) return outcome;
      if (!this.#tokens.refused(outcome.token) || refused > 0) throw this.refusalOf(call.doing, outcome.answer);
    }
  }

  #exchange<T>({ doing, method = "GET", url, headers = {}, body, take }: Call<T>): Exchange<T | Refused> {
    let token: string | undefined;
    return {
      doing,
      request: async (signal) => {
        token = this.urls.isOwn(url) ? await this.#tokens.get() : undefined;
        const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
        return new Request(url, {
          method,
          headers: { ...headers, ...authorization },
          // A redirect is never followed: 308 says that an upload goes on, and no other server gets the token.
          redirect: "manual",
          signal,
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : requestBody(body) }),
        });
      },
      receive: async (response, attempt) => {
        if (response.status === 401) return new Refused(token, await this.errorOf(response));
        if (response.status >= 500 || Transport.isTemporary(response.status)) {
          const { message } = await this.errorOf(response);
          throw this.transport.again(response, message);
        }
        this.#bucketSeen ||= response.ok;
        try {
          return await take(response, attempt);
        } catch (error) {
          // Whoever does not want the answer has not read it.
          if (!response.bodyUsed) await response.body?.cancel();
          throw error;
        }
      },
    };
  }
}

/** A token was not taken. */
class Refused {
  readonly token: string | undefined;
  readonly answer: ErrorAnswer;

  constructor(token: string | undefined, answer: ErrorAnswer) {
    this.token = token;
    this.answer = answer;
  }
}

function sourceOf({ credentials, clock }: GcsSettings, transport: Transport): GcsTokenSource | undefined {
  if (credentials.kind === "none") return undefined;
  if (credentials.kind === "token") return credentials.token;
  const tokens = new ServiceAccountTokens(credentials.account, transport, clock);
  return () => tokens.token();
}

/** Sends a request, and keeps out of its error what would let others in: who knows the address of an upload may go on with it. */
function guarded({ place, fetch: send = (request) => fetch(request) }: GcsSettings): Fetch {
  return async (request) => {
    try {
      return await send(request);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        const { host } = new URL(request.url);
        throw new PermissionError(
          `The store ${place} needs the permission to reach ${host}: run with --allow-net=${host}.`,
          { cause: error },
        );
      }
      if (!(error instanceof Error) || !error.message.includes("upload_id=")) throw error;
      throw new Error(error.message.replaceAll(/upload_id=[^&\s)]*/g, "upload_id=…"));
    }
  };
}
