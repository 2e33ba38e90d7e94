/**
 * What a store of Google Cloud Storage is made of, checked.
 *
 * @module
 */
import { type Clock, systemClock } from "../../../src/clock.ts";
import { ConfigError } from "../../../src/errors.ts";
import type { Fetch } from "../http/transport.ts";
import { checkBucketName, rootOf } from "./bucket_rules.ts";
import { endpointOf, isGoogle, variable } from "./endpoint.ts";
import type { GcsObjectStoreOptions } from "./options.ts";
import type { GcsServiceAccount } from "./service_account.ts";
import type { GcsTokenSource } from "./tokens.ts";

/** The unit of uploads in parts, in bytes. */
export const UPLOAD_UNIT = 256 * 1024;

/** Options with all that follows from them. */
export interface GcsSettings {
  /** Name of the bucket. */
  readonly bucket: string;
  /** What the names of all objects begin with; empty or ending in "/". */
  readonly root: string;
  /** Address of the service, without "/" at its end. */
  readonly endpoint: string;
  /** Where the store is, for messages. */
  readonly place: string;
  /** Size of a part, in bytes. */
  readonly partBytes: number;
  /** How many requests are under way at once. */
  readonly concurrency: number;
  /** How often a request is sent at most. */
  readonly maxAttempts: number;
  /** How long one attempt may take, in ms. */
  readonly timeout: number;
  /** Time and chance. */
  readonly clock: Clock;
  /** What sends requests; `undefined` for the platform's. */
  readonly fetch: Fetch | undefined;
  /** What it proves with who asks. */
  readonly credentials: GcsCredentials;
}

/** What a store proves with who asks. */
export type GcsCredentials =
  | {
    /** Nothing: the service is not Google's. */
    readonly kind: "none";
  }
  | {
    /** Tokens that are given to it. */
    readonly kind: "token";
    /** Where they come from. */
    readonly token: GcsTokenSource;
  }
  | {
    /** Tokens that it gets for a service account. */
    readonly kind: "account";
    /** The key of the account, or the path of its file. */
    readonly account: GcsServiceAccount | string;
  };

/**
 * Checks options, and reads the environment where they leave something open.
 *
 * @throws {ConfigError} Names what can not be used, and what to do.
 */
export function settingsOf(options: GcsObjectStoreOptions): GcsSettings {
  const { bucket, prefix = "fusewire", partBytes = 8 * 1024 * 1024, concurrency = 8, maxAttempts = 6 } = options;
  const { timeout = 120_000, clock = systemClock, fetch } = options;
  checkBucketName(bucket);
  checkCount("partBytes", partBytes);
  if (partBytes % UPLOAD_UNIT !== 0) {
    throw new ConfigError(
      `The option \`partBytes\` can not be ${partBytes}: it has to be a multiple of ${UPLOAD_UNIT}.`,
    );
  }
  checkCount("concurrency", concurrency);
  checkCount("maxAttempts", maxAttempts);
  checkCount("timeout", timeout);
  const root = rootOf(prefix);
  const endpoint = endpointOf(options.endpoint);
  const below = root === "" ? "" : `, below ${JSON.stringify(root)},`;
  const place = `in the bucket ${JSON.stringify(bucket)}${below} at ${endpoint}`;
  const credentials = credentialsOf(options, endpoint, bucket);
  return { bucket, root, endpoint, place, partBytes, concurrency, maxAttempts, timeout, clock, fetch, credentials };
}

function credentialsOf(
  { token, serviceAccount }: GcsObjectStoreOptions,
  endpoint: string,
  bucket: string,
): GcsCredentials {
  if (token !== undefined && serviceAccount !== undefined) {
    throw new ConfigError("The options `token` and `serviceAccount` exclude each other; give one of them.");
  }
  if (token !== undefined) {
    if (typeof token === "function" || /^[!-~]+$/.test(token)) return { kind: "token", token };
    throw new ConfigError("The option `token` is no access token: one has printable ASCII characters, and no spaces.");
  }
  // The environment's credentials are for Google, and for nobody else.
  const account = serviceAccount ?? (isGoogle(endpoint) ? variable("GOOGLE_APPLICATION_CREDENTIALS") : undefined);
  if (account !== undefined) return { kind: "account", account };
  if (!isGoogle(endpoint)) return { kind: "none" };
  throw new ConfigError(
    `The bucket ${
      JSON.stringify(bucket)
    } needs credentials: give the option \`token\` or \`serviceAccount\`, or set the ` +
      "environment variable GOOGLE_APPLICATION_CREDENTIALS to the path of the JSON file of a service account's key " +
      "(and allow to read both: --allow-env=GOOGLE_APPLICATION_CREDENTIALS --allow-read=<the file>).",
  );
}

function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ConfigError(`The option \`${name}\` can not be ${value}: it has to be a whole number from 1 on.`);
}
