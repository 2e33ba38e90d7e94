/**
 * Access tokens: kept until shortly before they expire, and asked for once, however many requests wait for one.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { ConfigError } from "../../../src/errors.ts";

/** An access token, and until when it can be used. */
export interface GcsToken {
  /** The token, without `Bearer`. */
  readonly token: string;
  /** When it expires, in ms since 1970. Absent: it is used until the service refuses it. */
  readonly expiresAt?: number;
}

/** Where access tokens come from: one that is used for ever, or a function that gives one whenever one is needed. */
export type GcsTokenSource = string | (() => string | GcsToken | Promise<string | GcsToken>);

/** How long before it expires a token is no longer used, in ms: a request takes its time. */
const MARGIN = 60_000;

/** The tokens of one store. */
export class Tokens {
  readonly #source: (() => unknown) | undefined;
  readonly #clock: Clock;
  /** Whether the source may give another one than it did. */
  readonly #renewable: boolean;
  #current: GcsToken | undefined;
  #asking: Promise<GcsToken> | undefined;
  /** The last two tokens: requests with the older one may still be under way. */
  #given: readonly string[] = [];

  /** Without a source, requests go without a token. */
  constructor(source: GcsTokenSource | undefined, clock: Clock) {
    this.#renewable = typeof source === "function";
    this.#source = typeof source === "function" || source === undefined ? source : () => source;
    this.#clock = clock;
  }

  /**
   * A token that can be used now; `undefined` if none is needed.
   *
   * @throws {ConfigError} If the source gives something else. What the source throws is thrown as it is.
   */
  async get(): Promise<string | undefined> {
    if (this.#source === undefined) return undefined;
    const { token, expiresAt = Infinity } = this.#current ?? {};
    if (token !== undefined && this.#clock.now() < expiresAt - MARGIN) return token;
    this.#asking ??= this.#ask(this.#source).finally(() => this.#asking = undefined);
    return (await this.#asking).token;
  }

  /** A text of others without a token in it: some servers show what they were sent. */
  conceal(text: string): string {
    return this.#given.reduce((concealed, token) => {
      // Shorter ones are those of tests.
      return token.length < 8 ? concealed : concealed.replaceAll(token, "…");
    }, text);
  }

  /** Takes note that a token was refused. Says whether there may be another one. */
  refused(token: string | undefined): boolean {
    if (!this.#renewable || token === undefined) return false;
    if (this.#current?.token === token) this.#current = undefined;
    return true;
  }

  async #ask(source: () => unknown): Promise<GcsToken> {
    this.#current = tokenFrom(await source());
    this.#given = [this.#current.token, ...this.#given.slice(0, 1)];
    return this.#current;
  }
}

function tokenFrom(given: unknown): GcsToken {
  const { token, expiresAt }: { token?: unknown; expiresAt?: unknown } = typeof given === "string"
    ? { token: given }
    : Object(given);
  // What was given is not shown: it may be a token after all.
  if (typeof token !== "string" || !/^[!-~]+$/.test(token)) {
    throw new ConfigError(
      "The option `token` of a store of Google Cloud Storage gave no access token: it has to be a text of printable " +
        "ASCII characters without spaces, or a function that gives one, or gives `{ token, expiresAt }`.",
    );
  }
  if (expiresAt === undefined) return { token };
  if (typeof expiresAt !== "number" || Number.isNaN(expiresAt)) {
    throw new ConfigError(
      "The option `token` of a store of Google Cloud Storage gave an `expiresAt` that is no number of milliseconds since 1970.",
    );
  }
  return { token, expiresAt };
}
