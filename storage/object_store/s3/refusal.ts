/**
 * What a server says when it does not do what it was asked.
 *
 * @module
 */
import type { XmlElement } from "@rgrove/parse-xml";
import { readXml, textOfChild } from "./xml.ts";

/** An answer that is an error. */
export interface Refusal {
  /** State of HTTP: 200 if the error came in the body of a success. */
  readonly status: number;
  /** The server's name for the error; empty if it gave none. */
  readonly code: string;
  /** What the server says; without anything that requests are signed with. */
  readonly message: string;
  /** The headers of the answer. */
  readonly headers: Headers;
  /** The region that the server names. */
  readonly region: string | undefined;
  /** The time at the server in ms since 1970, as it says itself. */
  readonly serverTime: number | undefined;
}

/** Codes that another attempt may change. */
const TEMPORARY: ReadonlySet<string> = new Set([
  "BadDigest",
  "BandwidthLimitExceeded",
  "ConditionalRequestConflict",
  "IncompleteBody",
  "InternalError",
  "OperationAborted",
  "RequestLimitExceeded",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "XAmzContentChecksumMismatch",
  "XAmzContentSHA256Mismatch",
]);

/** Codes that other credentials may change. */
const EXPIRED: ReadonlySet<string> = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]);

/** Whether another attempt may change a refusal. */
export function isTemporary({ status, code }: Refusal): boolean {
  if (TEMPORARY.has(code)) return true;
  return status === 408 || status === 429 || status === 500 || status >= 502 && status <= 504;
}

/** Whether the credentials have expired. */
export function isExpired({ code }: Refusal): boolean {
  return EXPIRED.has(code);
}

/**
 * Reads a refusal, its body too.
 *
 * @param secrets Texts that must not be in a message, whatever the server says.
 */
export async function readRefusal(response: Response, secrets: readonly string[]): Promise<Refusal> {
  let element: XmlElement | undefined;
  // Gateways before the server answer in HTML, or in nothing.
  if (response.body !== null) element = await readXml(response).catch(() => undefined);
  return refusalOf(response, element, secrets);
}

/** The refusal that an element `<Error>` is. */
export function refusalOf(
  { status, statusText, headers }: Response,
  element: XmlElement | undefined,
  secrets: readonly string[],
): Refusal {
  const text = (name: string): string | undefined => element && textOfChild(element, name);
  const serverTime = Date.parse(headers.get("date") ?? text("ServerTime") ?? "");
  return {
    status,
    code: safe(text("Code") ?? "", secrets),
    message: safe(text("Message") ?? (element === undefined ? statusText : ""), secrets),
    headers,
    region: headers.get("x-amz-bucket-region") ?? text("Region"),
    serverTime: Number.isNaN(serverTime) ? undefined : serverTime,
  };
}

function safe(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, "…"), text).slice(0, 500);
}
