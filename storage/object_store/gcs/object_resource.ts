/**
 * What the service knows of an object.
 *
 * @module
 */
import { AgainError } from "../http/transport.ts";
import type { ObjectInfo } from "../object_store.ts";
import { OWN_METADATA } from "../put_options.ts";
import { isRecord } from "./answers.ts";

/** Name in the metadata under which the SHA-256 of the bytes is kept. */
export const SHA256 = `${OWN_METADATA}sha256`;
/** Name in the metadata under which an upload marks its object as its own. */
export const NONCE = `${OWN_METADATA}upload`;
/** Name in the metadata of the content type that the service gives to what comes without, where somebody asked for it. */
export const TYPED = `${OWN_METADATA}content-type`;
/** The content type that the service gives to what comes without. */
export const UNTYPED = "application/octet-stream";

/** The fields that are asked for. */
export const FIELDS = "name,generation,size,contentType,crc32c,metadata";

/** An object as the service describes it. */
export interface ObjectResource {
  /** Its whole name. */
  readonly name: string;
  /** Which version it is: a number too large for a `number`. */
  readonly generation: string;
  /** Length in bytes. */
  readonly size: number;
  /** Media type. */
  readonly contentType: string | undefined;
  /** CRC-32C of the bytes in base64; absent where the service does not tell. */
  readonly crc32c: string | undefined;
  /** User metadata, those of the stores among them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the description of the object of this name. Throws `AgainError` if it is none. */
export function resourceOf(json: Readonly<Record<string, unknown>>, name: string): ObjectResource {
  const { generation, size, contentType, crc32c, metadata } = json;
  if (json["name"] !== name || !isDigits(generation) || !isDigits(size)) {
    throw new AgainError(`the answer does not describe the object ${JSON.stringify(name)}`);
  }
  return {
    name,
    generation: String(generation),
    size: Number(size),
    contentType: typeof contentType === "string" ? contentType : undefined,
    crc32c: typeof crc32c === "string" ? crc32c : undefined,
    metadata: isRecord(metadata) ? textsOf(metadata) : {},
  };
}

/** What users of a store get to know of it. */
export function infoOf(key: string, { size, contentType, metadata }: ObjectResource): ObjectInfo {
  const own = Object.entries(metadata).filter(([name]) => !name.startsWith(OWN_METADATA));
  const sha256 = metadata[SHA256];
  const isTyped = contentType !== undefined && (contentType !== UNTYPED || metadata[TYPED] !== undefined);
  return {
    key,
    size,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(isTyped ? { contentType } : {}),
    ...(own.length === 0 ? {} : { metadata: Object.fromEntries(own) }),
  };
}

/** Whether a value is a whole number from 0 on; the service writes them as texts. */
export function isDigits(value: unknown): value is string | number {
  return /^\d+$/.test(String(value)) && (typeof value === "string" || typeof value === "number");
}

function textsOf(record: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)]));
}
