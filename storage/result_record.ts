/**
 * The bytes of one stored result: one object that says by itself what it is and whether it is whole.
 *
 * ```text
 *  0  magic, 8 bytes          24  length of the body, u64
 *  8  version, u32            32  header: names of workflow and task, each after its length, u8;
 * 12  length of header, u32       meta: JSON, or nothing if there is none;
 * 16  length of pids, u32         files: JSON, or nothing if there are none
 * 20  length of meta, u32         CRC-32 of everything before it, u32
 *                                 pids: what serializers need to find their files, in the codec's encoding
 *                                 body: the value in the codec's encoding, an external object being an index into the pids
 *                                 CRC-32 of everything before it, u32
 *                                 SHA-256 of everything before it, 32 bytes
 * ```
 *
 * All numbers are little-endian, all texts UTF-8. The header has its own checksum, so that a plan can trust it without reading the body.
 * A load checks the CRC-32, which finds every accident that a disk or a copy has (0.1 µs for a small result, where SHA-256 takes 3; 30 ms
 * for 256 MiB, where it takes 210); the SHA-256 is for who wants to be certain.
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
// A byte-order mark at the beginning belongs to a name.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
  /** Where the files are, if there are any. */
  readonly files?: RecordFiles | undefined;
}

/** The files that belong to a record. */
export interface RecordFiles {
  /** Name of the folder that holds the files of this save. */
  readonly save: string;
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
  const workflow = encodeText(header.workflow);
  const task = encodeText(header.task);
  const meta = encodeText(metaText(header));
  const files = encodeText(header.files === undefined ? "" : JSON.stringify(header.files));
  const headerLength = 2 + workflow.length + task.length + meta.length + files.length;
  const pidsLength = lengthOf(pids);
  const bodyLength = lengthOf(body);
  const record = new Uint8Array(PREFIX_BYTES + headerLength + CRC_BYTES + pidsLength + bodyLength + TRAILER_BYTES);
  const view = new DataView(record.buffer);
  view.setUint32(0, MAGIC_START, true);
  view.setUint32(4, MAGIC_END, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, headerLength, true);
  view.setUint32(16, pidsLength, true);
  view.setUint32(20, meta.length, true);
  // Two halves are quicker than a bigint.
  view.setUint32(24, bodyLength % 2 ** 32, true);
  view.setUint32(28, Math.floor(bodyLength / 2 ** 32), true);
  let at = PREFIX_BYTES;
  const append = (bytes: Uint8Array): void => {
    record.set(bytes, at);
    at += bytes.length;
  };
  for (const name of [workflow, task]) {
    record[at++] = name.length;
    append(name);
  }
  append(meta);
  append(files);
  view.setUint32(at, crc32(record.subarray(0, at)), true);
  at += CRC_BYTES;
  for (const chunk of pids) append(chunk);
  for (const chunk of body) append(chunk);
  view.setUint32(at, crc32(record.subarray(0, at)), true);
  at += CRC_BYTES;
  record.subarray(at).setFromHex(sha256Hex(record.subarray(0, at)));
  return record;
}

/**
 * Reads the header of a record of `size` bytes from its beginning.
 *
 * @param expected The names that it should have: what is as expected need not be decoded.
 * @returns The header; how many bytes it takes to read it, if there are not enough; or what is wrong.
 */
export function parseHead(
  beginning: Uint8Array,
  size: number,
  expected: { readonly workflow: string; readonly task: string | undefined },
): RecordHead | { readonly need: number } | Damage {
  if (size === 0) return { damaged: "it is empty" };
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  const begins = view.byteLength < 8 ||
    (view.getUint32(0, true) === MAGIC_START && view.getUint32(4, true) === MAGIC_END);
  if (!begins) return { damaged: "it does not begin like a result" };
  if (size < PREFIX_BYTES + CRC_BYTES + TRAILER_BYTES) {
    return { damaged: `it ends after ${size} bytes, within its header` };
  }
  if (beginning.length < PREFIX_BYTES) return { need: PREFIX_BYTES };
  const end = PREFIX_BYTES + view.getUint32(12, true);
  const pidsAt = end + CRC_BYTES;
  if (pidsAt + TRAILER_BYTES > size) return { damaged: `it ends after ${size} bytes, within its header` };
  if (beginning.length < pidsAt) return { need: pidsAt };
  if (view.getUint32(end, true) !== crc32(beginning.subarray(0, end))) {
    return { damaged: "its header does not agree with its checksum" };
  }
  const version = view.getUint32(8, true);
  if (version !== VERSION) return { damaged: `it has version ${version}, and this release reads version ${VERSION}` };
  const bodyAt = pidsAt + view.getUint32(16, true);
  // A body that is too long for a number does not agree with the size.
  const bodyEnd = bodyAt + view.getUint32(24, true) + view.getUint32(28, true) * 2 ** 32;
  if (bodyEnd + TRAILER_BYTES !== size) {
    return { damaged: `it has ${size} bytes instead of ${bodyEnd + TRAILER_BYTES}` };
  }
  const header = parseHeader(beginning.subarray(PREFIX_BYTES, end), view.getUint32(20, true), expected);
  return header === undefined ? { damaged: "its header can not be read" } : { header, pidsAt, bodyAt, bodyEnd };
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

function metaText(header: RecordHeader): string {
  const keys = Object.keys(header.meta);
  if (keys.length === 0) return "";
  for (const key of keys) checkPlain(header.meta[key], `meta.${key}`, header);
  return JSON.stringify(header.meta);
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

function parseHeader(
  bytes: Uint8Array,
  metaLength: number,
  expected: { readonly workflow: string; readonly task: string | undefined },
): RecordHeader | undefined {
  const taskAt = 1 + (bytes[0] ?? 0);
  const metaAt = taskAt + 1 + (bytes[taskAt] ?? 0);
  const filesAt = metaAt + metaLength;
  if (filesAt > bytes.length) return undefined;
  try {
    const meta = metaLength === 0 ? {} : parseJson(bytes.subarray(metaAt, filesAt));
    const files = filesAt === bytes.length ? undefined : parseJson(bytes.subarray(filesAt));
    if (!isRecord(meta) || (files !== undefined && !isFiles(files))) return undefined;
    return {
      workflow: textAt(bytes.subarray(1, taskAt), expected.workflow),
      task: textAt(bytes.subarray(taskAt + 1, metaAt), expected.task),
      meta,
      files,
    };
  } catch {
    return undefined;
  }
}

/** A text in UTF-8. A short one of ASCII, like most names, is ten times quicker by hand. */
function encodeText(text: string): Uint8Array {
  if (text.length > 64) return encoder.encode(text);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return encoder.encode(text);
    bytes[i] = unit;
  }
  return bytes;
}

/** The text of bytes. Comparing them with what they should be is ten times quicker than decoding. */
function textAt(bytes: Uint8Array, expected: string | undefined): string {
  if (expected !== undefined && bytes.length === expected.length) {
    let i = 0;
    while (i < bytes.length && isAsciiAt(bytes, i, expected)) i++;
    if (i === bytes.length) return expected;
  }
  return decoder.decode(bytes);
}

function isAsciiAt(bytes: Uint8Array, i: number, text: string): boolean {
  const byte = bytes[i];
  return byte !== undefined && byte < 0x80 && byte === text.charCodeAt(i);
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}

function isFiles(value: unknown): value is RecordFiles {
  return isRecord(value) && typeof value["save"] === "string" && Array.isArray(value["externals"]) &&
    value["externals"].every(isExternal);
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
