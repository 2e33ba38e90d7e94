/**
 * The error that a refusal is.
 *
 * @module
 */
import { ConfigError, ConflictError, type FusewireError, NotFoundError, PermissionError } from "../../../src/errors.ts";
import type { Refusal } from "./refusal.ts";

/** What was refused. */
export interface Refused {
  /** Which store: "in the S3 bucket …". */
  readonly place: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** The region that the request was signed for. */
  readonly region: string;
  /** What was tried, such as `read the object "a"`. */
  readonly doing: string;
  /** The time of this machine, in ms since 1970. */
  readonly now: number;
}

/** What is wrong with credentials, by the code of the server. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  AccessDenied: "the credentials have no right to do it (where listing is not allowed either, S3 says the same of an " +
    "object that is not there). Grant the right, or use others",
  AccountProblem: "there is a problem with the account. Ask its owner",
  AllAccessDisabled: "all access to the bucket is disabled. Ask its owner",
  ExpiredToken: "the credentials have expired. Give new ones, or a function as `credentials` that gives them",
  InvalidAccessKeyId: "the server does not know the access key id. Check `accessKeyId` and the endpoint",
  InvalidToken: "the session token is not valid. Check `sessionToken`",
  SignatureDoesNotMatch: "the signature does not match. Check `secretAccessKey`",
};

const WRONG_REGION: ReadonlySet<string> = new Set([
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
  "PermanentRedirect",
  "TemporaryRedirect",
]);

const FULL: ReadonlySet<string> = new Set(["InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"]);

/** The error for a refusal that no other attempt changes. */
export function failureOf(refusal: Refusal, refused: Refused): FusewireError {
  const { status, code, region } = refusal;
  const { place, bucket, doing } = refused;
  const could = `The store ${place} could not ${doing}: `;
  const said = saidBy(refusal);
  if (code === "NoSuchBucket") {
    return new ConfigError(
      `${could}there is no bucket ${JSON.stringify(bucket)} (${said}). Create it, or name another.`,
    );
  }
  if (code === "RequestTimeTooSkewed" || code === "RequestExpired") {
    return new ConfigError(`${could}${skew(refusal, refused.now)} (${said}).`);
  }
  if (
    region !== undefined && region !== refused.region && (WRONG_REGION.has(code) || status === 301 || status === 400)
  ) {
    return new ConfigError(
      `${could}the bucket is in the region ${JSON.stringify(region)}, and the request was for ${
        JSON.stringify(refused.region)
      } (${said}). Set the option \`region\`, or AWS_REGION.`,
    );
  }
  if (WRONG_REGION.has(code) || status >= 300 && status < 400) {
    return new ConfigError(
      `${could}the server sends the request elsewhere, or does not take its region ${
        JSON.stringify(refused.region)
      } (${said}). Check the options \`region\` and \`endpoint\`.`,
    );
  }
  const credentials = Object.hasOwn(CREDENTIALS, code) ? CREDENTIALS[code] : undefined;
  if (credentials !== undefined) return new PermissionError(`${could}${credentials} (${said}).`);
  if (status === 401 || status === 403) {
    return new PermissionError(`${could}the server denied access (${said}). Check the credentials.`);
  }
  if (status === 404) return new NotFoundError(`${could}there is none (${said}).`);
  if (status === 412) return new ConflictError(`${could}it was changed by another (${said}).`);
  if (status === 507 || FULL.has(code)) {
    return new ConfigError(
      `${could}no space is left there (${said}). Free some or use another bucket; what was stored before is unchanged.`,
    );
  }
  return new ConfigError(`${could}the server refused the request (${said}).`);
}

/** What the server said, in short. */
export function saidBy({ status, code, message }: Refusal): string {
  const text = [code, message.replace(/\.$/, "")].filter((part) => part !== "").join(": ");
  return text === "" ? `HTTP ${status}` : `HTTP ${status}, ${text}`;
}

function skew({ serverTime }: Refusal, now: number): string {
  const set = "set the clock, or let it be kept right by NTP";
  if (serverTime === undefined) return `the clock of this machine differs too much from that of the server; ${set}`;
  const seconds = Math.round(Math.abs(now - serverTime) / 1000);
  const shown = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return `the clock of this machine is ${shown} ${now < serverTime ? "behind" : "ahead of"} that of the server; ${set}`;
}
