/**
 * The bytes of one stored result: one object that says by itself what it is and whether it is whole.
 *
 * ```text
 *  0  magic, 8 bytes          24  length of the body, u64
 *  8  version, u32            32  header: JSON in UTF-8
 * 12  length of header, u32       CRC-32 of everything before it, u32
 * 16  length of pids, u32         pids: what serializers need to find their files, in the codec's encoding
 * 20  zero, u32                   body: the value in the codec's encoding, an external object being an index into the pids
 *                                 CRC-32 of everything before it, u32
 *                                 SHA-256 of everything before it, 32 bytes
 * ```
 *
 * All numbers are little-endian. The header has its own checksum, so that a plan can trust it without reading the body. A load checks the
 * CRC-32, which finds every accident that a disk or a copy has (0.1 µs for a small result, where SHA-256 takes 3; 30 ms for 256 MiB,
 * where it takes 210); the SHA-256 is for who wants to be certain.
 *
 * @module
 */
import { SerializationError } from "../src/errors.ts";
import { crc32, sha256Hex } from "./digest.ts";

/** 0x89 "FWR" and \r\n 0x1a \n: like PNG's, damaged by whatever takes it for text. */
const MAGIC_START = 0x52574689;
const MAGIC_END = 0x0a1a0a0d;
const VERSION = 1;
const PREFIX_BYTES = 32;
const CRC_BYTES = 4;
const TRAILER_BYTES = CRC_BYTES + 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** What was stored of one file of a serializer. */
export interface FileStamp {
  /** Name that the serializer gave it. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
  /** CRC-32: what every load checks, for a fraction of the time that the SHA-256 takes. */
  readonly crc32: number;
}

/** One object that a serializer keeps. */
export interface ExternalValue {
  /** Name of the serializer. */
  readonly serializer: string;
  /** Its files. */
  readonly files: readonly FileStamp[];
}

/** What a record says of itself. */
export interface RecordHeader {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Name of the task. */
  readonly task: string;
  /** What the caller of `prepare` wants to know again without reading the value. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** Name of the folder that holds the files of this save, if there are any. */
  readonly save?: string;
  /** The objects that serializers keep, in the order of the pids. */
  readonly externals: readonly ExternalValue[];
}

/** A header, and where the rest is. */
export interface RecordHead {
  /** What the record says of itself. */
  readonly header: RecordHeader;
  /** Offset of the pids. */
  readonly pidsAt: number;
  /** Offset of the body. */
  readonly bodyAt: number;
  /** Offset of the checksums. */
  readonly bodyEnd: number;
}

/** Why bytes are no whole record, as the end of a sentence that begins with "it". */
export interface Damage {
  /** The reason. */
  readonly damaged: string;
}

/**
 * A record in one piece, which shares no memory with its parts.
 *
 * @throws {SerializationError} If `meta` is more than plain JSON data.
 */
export function buildRecord(
  header: RecordHeader,
  pids: readonly Uint8Array[],
  body: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const headerBytes = encoder.encode(headerText(header));
  const pidsLength = lengthOf(pids);
  const bodyLength = lengthOf(body);
  const headLength = PREFIX_BYTES + headerBytes.length + CRC_BYTES;
  const record = new Uint8Array(headLength + pidsLength + bodyLength + TRAILER_BYTES);
  const view = new DataView(record.buffer);
  view.setUint32(0, MAGIC_START, true);
  view.setUint32(4, MAGIC_END, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerBytes.length, true);
  view.setUint32(16, pidsLength, true);
  view.setBigUint64(24, BigInt(bodyLength), true);
  record.set(headerBytes, PREFIX_BYTES);
  view.setUint32(headLength - CRC_BYTES, crc32(record.subarray(0, headLength - CRC_BYTES)), true);
  let at = headLength;
  for (const chunks of [pids, body]) {
    for (const chunk of chunks) {
      record.set(chunk, at);
      at += chunk.length;
    }
  }
  view.setUint32(at, crc32(record.subarray(0, at)), true);
  record.subarray(at + CRC_BYTES).setFromHex(sha256Hex(record.subarray(0, at + CRC_BYTES)));
  return record;
}

/**
 * Reads the header of a record of `size` bytes from its beginning.
 *
 * @returns The header; how many bytes it takes to read it, if there are not enough; or what is wrong.
 */
export function parseHead(beginning: Uint8Array, size: number): RecordHead | { readonly need: number } | Damage {
  if (size === 0) return { damaged: "it is empty" };
  if (size < PREFIX_BYTES + CRC_BYTES + TRAILER_BYTES) {
    return { damaged: `it ends after ${size} bytes, within its header` };
  }
  if (beginning.length < PREFIX_BYTES) return { need: PREFIX_BYTES };
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  if (view.getUint32(0, true) !== MAGIC_START || view.getUint32(4, true) !== MAGIC_END) {
    return { damaged: "it does not begin like a result" };
  }
  const headerLength = view.getUint32(12, true);
  const headLength = PREFIX_BYTES + headerLength + CRC_BYTES;
  if (headLength + TRAILER_BYTES > size) return { damaged: `it ends after ${size} bytes, within its header` };
  if (beginning.length < headLength) return { need: headLength };
  const before = headLength - CRC_BYTES;
  if (view.getUint32(before, true) !== crc32(beginning.subarray(0, before))) {
    return { damaged: "its header does not agree with its checksum" };
  }
  const version = view.getUint32(8, true);
  if (version !== VERSION) return { damaged: `it has version ${version}, and this release reads version ${VERSION}` };
  const bodyAt = headLength + view.getUint32(16, true);
  const bodyEnd = bodyAt + Number(view.getBigUint64(24, true));
  if (bodyEnd + TRAILER_BYTES !== size) {
    return { damaged: `it has ${size} bytes instead of ${bodyEnd + TRAILER_BYTES}` };
  }
  const header = parseHeader(beginning.subarray(PREFIX_BYTES, before));
  if (header === undefined) return { damaged: "its header can not be read" };
  return { header, pidsAt: headLength, bodyAt, bodyEnd };
}

/** What is wrong with a whole record whose header is sound, by its CRC-32; `undefined` if nothing is. */
export function damageOf(record: Uint8Array, head: RecordHead): Damage | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (view.getUint32(head.bodyEnd, true) === crc32(record.subarray(0, head.bodyEnd))) return undefined;
  return { damaged: "it does not agree with its checksum" };
}

/** Like {@linkcode damageOf}, by its SHA-256. */
export function certainDamageOf(record: Uint8Array, head: RecordHead): Damage | undefined {
  const shaAt = head.bodyEnd + CRC_BYTES;
  if (record.subarray(shaAt).toHex() === sha256Hex(record.subarray(0, shaAt))) return undefined;
  return { damaged: "it does not agree with its SHA-256" };
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

function headerText(header: RecordHeader): string {
  for (const key of Object.keys(header.meta)) checkPlain(header.meta[key], `meta.${key}`, header);
  return JSON.stringify(header);
}

/** JSON drops or changes what it can not keep without a word, so it is refused first. */
function checkPlain(value: unknown, path: string, place: RecordHeader): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value) && !Object.is(value, -0)) return;
      break;
    case "object": {
      if (value === null) return;
      if (Array.isArray(value)) return value.forEach((item, i) => checkPlain(item, `${path}[${i}]`, place));
      const prototype = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) break;
      for (const [key, item] of Object.entries(value)) checkPlain(item, `${path}.${key}`, place);
      return;
    }
    default:
  }
  throw new SerializationError(
    `The result of task ${JSON.stringify(place.task)} of workflow ${
      JSON.stringify(place.workflow)
    } can not be stored: ` +
      `${path} is no plain JSON data (strings, finite numbers, booleans, null, arrays and plain objects).`,
    { workflow: place.workflow, node: place.task },
  );
}

function parseHeader(bytes: Uint8Array): RecordHeader | undefined {
  try {
    const header: unknown = JSON.parse(decoder.decode(bytes));
    return isHeader(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is RecordHeader {
  return isRecord(value) && typeof value["workflow"] === "string" && typeof value["task"] === "string" &&
    isRecord(value["meta"]) && ["string", "undefined"].includes(typeof value["save"]) &&
    Array.isArray(value["externals"]) && value["externals"].every(isExternal);
}

function isExternal(value: unknown): value is ExternalValue {
  return isRecord(value) && typeof value["serializer"] === "string" && Array.isArray(value["files"]) &&
    value["files"].every(isStamp);
}

function isStamp(value: unknown): value is FileStamp {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["size"] === "number" &&
    typeof value["sha256"] === "string" && typeof value["crc32"] === "number";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
