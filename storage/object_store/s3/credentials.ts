/**
 * Where a store gets what it signs with, and when it asks again. None of it is in any message.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { ConfigError, FusewireError, PermissionError } from "../../../src/errors.ts";
import { variable } from "./environment.ts";
import type { S3Credentials, S3ObjectStoreOptions } from "./options.ts";

/** How long before they expire credentials are replaced, in ms. */
const EARLY = 60_000;
/** The shortest time for which the same credentials are used, in ms: some functions give those that have nearly expired. */
const LEAST = 1_000;

/** Credentials with the time at which to ask for others. */
interface Held {
  readonly credentials: S3Credentials;
  readonly until: number;
}

/** Gives credentials, the same until they expire. */
export class CredentialSource {
  readonly #given: S3ObjectStoreOptions["credentials"];
  readonly #place: string;
  readonly #clock: Clock;
  #held: Promise<Held> | undefined;
  #latest: S3Credentials | undefined;

  /** Asks for nothing yet. */
  constructor(given: S3ObjectStoreOptions["credentials"], place: string, clock: Clock) {
    this.#given = given;
    this.#place = place;
    this.#clock = clock;
  }

  /**
   * What to sign with now.
   *
   * @throws {ConfigError} If the environment has none, or what was given is none.
   * @throws {PermissionError} If the function that gives them failed.
   */
  async current(): Promise<S3Credentials> {
    const holding = this.#held;
    if (holding !== undefined) {
      const { credentials, until } = await holding;
      if (this.#clock.now() < until) return credentials;
      this.#forget(holding);
    }
    const asking = this.#held ??= this.#ask();
    try {
      return (await asking).credentials;
    } catch (error) {
      this.#forget(asking);
      throw error;
    }
  }

  /** Whether there are others, or others can be had, than these, which the server says have expired. */
  renew(expired: S3Credentials): boolean {
    if (typeof this.#given !== "function") return false;
    // Of many requests that hear it at once, one asks.
    if (this.#latest === expired) this.#held = undefined;
    return true;
  }

  #forget(held: Promise<Held>): void {
    if (this.#held === held) this.#held = undefined;
  }

  async #ask(): Promise<Held> {
    const given = this.#given ?? this.#ofEnvironment();
    const credentials = { ...this.#checked(typeof given === "function" ? await this.#call(given) : given) };
    this.#latest = credentials;
    const expiration = typeof given === "function" ? credentials.expiration?.getTime() : undefined;
    const until = expiration === undefined ? Infinity : Math.max(this.#clock.now() + LEAST, expiration - EARLY);
    return { credentials, until };
  }

  async #call(give: () => S3Credentials | Promise<S3Credentials>): Promise<S3Credentials> {
    try {
      return await give();
    } catch (error) {
      if (error instanceof FusewireError) throw error;
      const detail = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
      throw new PermissionError(
        `The function that gives the credentials of the store ${this.#place} failed: ${detail}.`,
        { cause: error },
      );
    }
  }

  #ofEnvironment(): S3Credentials {
    const accessKeyId = variable("AWS_ACCESS_KEY_ID");
    const secretAccessKey = variable("AWS_SECRET_ACCESS_KEY");
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      throw new ConfigError(
        `The store ${this.#place} has no credentials: set the environment variables AWS_ACCESS_KEY_ID and ` +
          "AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones) and let the program read them with " +
          "--allow-env, or give the option `credentials`.",
      );
    }
    return { accessKeyId, secretAccessKey, sessionToken: variable("AWS_SESSION_TOKEN") };
  }

  #checked(credentials: S3Credentials): S3Credentials {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials ?? {};
    const wrong = !isVisible(accessKeyId)
      ? "accessKeyId"
      : !isVisible(secretAccessKey)
      ? "secretAccessKey"
      : sessionToken !== undefined && !isVisible(sessionToken)
      ? "sessionToken"
      : undefined;
    if (wrong !== undefined) {
      throw new ConfigError(
        `The credentials of the store ${this.#place} are refused: \`${wrong}\` has to be a text of visible ASCII characters.`,
      );
    }
    if (expiration !== undefined && !(expiration instanceof Date && !Number.isNaN(expiration.getTime()))) {
      throw new ConfigError(
        `The credentials of the store ${this.#place} are refused: \`expiration\` has to be a date.`,
      );
    }
    return credentials;
  }
}

function isVisible(text: unknown): boolean {
  return typeof text === "string" && /^[!-~]+$/.test(text);
}
