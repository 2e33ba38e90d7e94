/**
 * Sends requests again that may succeed the next time, and none else.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { FusewireError, UnavailableError } from "../../../src/errors.ts";
import { retryAfterHeader } from "../../../src/retry_after.ts";
import { delayAfter, type RetryOptions, wait } from "./backoff.ts";

/** The part of `fetch` that is used; tests give their own. */
export type Fetch = (request: Request) => Promise<Response>;

/** What a transport is made of. */
export interface TransportOptions extends RetryOptions {
  /** Which store it serves, for messages: "in the bucket b at https://…". Without secrets. */
  readonly place: string;
  /** Time and chance. */
  readonly clock: Clock;
  /** Sends one request. Default: the platform's `fetch`. */
  readonly fetch?: Fetch | undefined;
  /**
   * How long one attempt may take, in ms, its body and that of its answer included: no request moves more than one part.
   *
   * @default {120000}
   */
  readonly timeout?: number;
}

/** What one request is for, and how its answer is taken. */
export interface Exchange<T> {
  /** What is tried, for messages, such as `read the object "a"`. */
  readonly doing: string;
  /**
   * Makes the request anew for each attempt, with this signal: a signature holds for some minutes, and a body can be used once. What it throws is
   * thrown at once.
   */
  request(signal: AbortSignal, attempt: number): Request | Promise<Request>;
  /**
   * Takes an answer. What it throws is thrown at once if it is an error of this package, and else counts as a broken connection: so it may
   * simply read the body. `AgainError` asks for another attempt.
   */
  receive(response: Response, attempt: number): Promise<T>;
}

/** Thrown by `receive`: the answer is one that another attempt may change. */
export class AgainError extends Error {
  override readonly name = "AgainError";
  /** What the server wants to be waited for, in ms. */
  readonly retryAfter: number;

  /** Takes what the server said. */
  constructor(message: string, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** States of HTTP that another attempt may change. */
const AGAIN: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Sends requests with attempts, pauses and a limit of silence. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #fetch: Fetch;

  /** Opens nothing. */
  constructor(options: TransportOptions) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((request) => fetch(request));
  }

  /**
   * Sends a request until its answer is taken.
   *
   * @throws {UnavailableError} If all attempts failed.
   */
  async send<T>(exchange: Exchange<T>): Promise<T> {
    for (let attempt = 1;; attempt++) {
      const outcome = await this.sendOnce(exchange, attempt);
      if ("value" in outcome) return outcome.value;
      await this.pauseAfter(exchange.doing, attempt, outcome.failure);
    }
  }

  /** Sends a request once, for who has something to ask before the next attempt. */
  async sendOnce<T>({ request, receive }: Exchange<T>, attempt: number): Promise<Outcome<T>> {
    const { clock, timeout = 120_000 } = this.#options;
    const late = new AbortController();
    const limit = clock.setTimer(timeout, () => late.abort(new Error(`it took longer than ${timeout} ms`)));
    try {
      const made = await request(late.signal, attempt);
      try {
        return { value: await receive(await this.#fetch(made), attempt) };
      } catch (error) {
        if (error instanceof FusewireError || error instanceof Deno.errors.NotCapable) throw error;
        return { failure: error };
      }
    } finally {
      limit.cancel();
    }
  }

  /**
   * Waits as long as is due after so many failed attempts.
   *
   * @throws {UnavailableError} If there were enough of them.
   */
  async pauseAfter(doing: string, attempts: number, failure: unknown): Promise<void> {
    const { place, clock, maxAttempts = 6 } = this.#options;
    if (attempts >= maxAttempts) {
      throw new UnavailableError(
        `The store ${place} could not ${doing}: ${attempts} attempts failed, the last with: ${reasonOf(failure)}.`,
        { cause: failure },
      );
    }
    const retryAfter = failure instanceof AgainError ? failure.retryAfter : 0;
    await wait(clock, delayAfter(attempts, this.#options, clock.random(), retryAfter));
  }

  /** Whether the state of an answer asks for another attempt. */
  static isTemporary(status: number): boolean {
    return AGAIN.has(status);
  }

  /** The error for an answer whose state asks for another attempt. */
  again(response: Response, detail: string): AgainError {
    const shown = detail === "" ? response.statusText : detail;
    return new AgainError(
      `${response.status} ${shown}`.trim(),
      retryAfterHeader(response.headers, this.#options.clock.now()),
    );
  }
}

/** What became of an attempt. */
export type Outcome<T> =
  | {
    /** What `receive` made of the answer. */
    readonly value: T;
  }
  | {
    /** Why there is none; another attempt may help. */
    readonly failure: unknown;
  };

/** What went wrong, in words: `fetch` hides it in a cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`.replace(/\.$/, "");
}
