/**
 * What is kept beside the bytes of an object, as headers of HTTP.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { ObjectInfo, PutOptions } from "../object_store.ts";
import { OWN_METADATA } from "../put_options.ts";

const PREFIX = "x-amz-meta-";
const SHA256 = `${OWN_METADATA}sha256`;
const PUT = `${OWN_METADATA}put`;
/** Says that no content type was given: servers keep one of their own choice then. */
const UNTYPED = `${OWN_METADATA}untyped`;

/** The most that S3 takes, names and values together, in bytes. */
const MAX_BYTES = 2048;

/** What the store itself keeps with an object. */
export interface OwnMetadata {
  /** Name of the put, by which its result is told from that of another. */
  readonly put: string;
  /** SHA-256 of the bytes in hexadecimal, if it is known when the put begins. */
  readonly sha256?: string | undefined;
}

/**
 * The headers to put an object with.
 *
 * @throws {ConfigError} If S3 has no room for all of the metadata.
 */
export function headersOfPut(key: string, options: PutOptions, own: OwnMetadata): Record<string, string> {
  const entries: [name: string, value: string][] = Object.entries(options.metadata ?? {});
  entries.push([PUT, own.put]);
  if (own.sha256 !== undefined) entries.push([SHA256, own.sha256]);
  if (options.contentType === undefined) entries.push([UNTYPED, "1"]);
  const encoded = entries.map(([name, value]): [string, string] => [name, encodeValue(value)]);
  const bytes = encoded.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > MAX_BYTES) {
    throw new ConfigError(
      `The metadata of the object ${
        JSON.stringify(key)
      } is refused: encoded it takes ${bytes} bytes, and S3 keeps ${MAX_BYTES}. ` +
        "A text that is not plain ASCII takes a third more, and twelve bytes.",
    );
  }
  const headers = Object.fromEntries(encoded.map(([name, value]) => [PREFIX + name, value]));
  return options.contentType === undefined ? headers : { ...headers, "content-type": options.contentType };
}

/** What headers say of an object. */
export function infoOf(key: string, size: number, headers: Headers): ObjectInfo {
  const metadata: [string, string][] = [];
  for (const [name, value] of headers) {
    if (name.startsWith(PREFIX) && !name.startsWith(PREFIX + OWN_METADATA)) {
      metadata.push([name.slice(PREFIX.length), decodeValue(value)]);
    }
  }
  const sha256 = headers.get(PREFIX + SHA256);
  const contentType = headers.has(PREFIX + UNTYPED) ? null : headers.get("content-type");
  return {
    key,
    size,
    ...(sha256 === null ? {} : { sha256 }),
    ...(contentType === null ? {} : { contentType }),
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) }),
  };
}

/** The name of the put that an object is from; `undefined` if another program put it. */
export function putOf(headers: Headers): string | undefined {
  return headers.get(PREFIX + PUT) ?? undefined;
}

/** What a header can not carry as it is, in the form of RFC 2047 that S3 itself uses for it. */
function encodeValue(value: string): string {
  if (/^(?!=\?)[!-~]+(?: [!-~]+)*$/.test(value)) return value;
  return `=?UTF-8?B?${new TextEncoder().encode(value).toBase64()}?=`;
}

function decodeValue(value: string): string {
  const words = value.split(/ +/).map((word) => /^=\?utf-8\?([bq])\?([^?]*)\?=$/i.exec(word));
  if (!words.every((word) => word !== null)) return value;
  try {
    return words.map(([, kind = "", text = ""]) => kind.toLowerCase() === "b" ? base64Text(text) : quotedText(text))
      .join("");
  } catch {
    // Others write what they like.
    return value;
  }
}

function base64Text(text: string): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.fromBase64(text));
}

function quotedText(text: string): string {
  return decodeURIComponent(text.replace(/[%_=]/g, (char) => char === "%" ? "%25" : char === "_" ? " " : "%"));
}

/**
 * The headers to put a copy of an object with.
 *
 * @param headers The object's own.
 * @param put Name of the put that makes the copy.
 */
export function headersOfCopy(headers: Headers, put: string): Record<string, string> {
  const kept = [...headers].filter(([name]) => name.startsWith(PREFIX) || name === "content-type");
  return { ...Object.fromEntries(kept), [PREFIX + PUT]: put };
}
