/**
 * Keys as `Deno.Kv` orders them: encoded as it encodes them, one UTF-16 code unit a byte, so that comparing strings compares keys.
 *
 * @module
 */
import type { KvKey, KvKeyPart } from "../storage/kv/kv_like.ts";

const BYTES = "\x01";
const STRING = "\x02";
const INTEGER_ZERO = 0x14;
const DOUBLE = "\x21";
const FALSE = "\x26";
const TRUE = "\x27";

/** The longest integer whose length is in its tag, in bytes. */
const LONGEST_SHORT_INTEGER = 8;
const LONGEST_INTEGER = 255;

const encoder = new TextEncoder();
const double = new DataView(new ArrayBuffer(8));

/** The bytes of a key in the order of keys, each as one character. */
export function encodeKey(key: KvKey): string {
  let encoded = "";
  for (const part of key) encoded += encodePart(part);
  return encoded;
}

/** A key that shares nothing with the given one, as it is when it is read back. */
export function copyKey(key: KvKey): KvKey {
  return key.map((part) =>
    typeof part === "string" ? part.toWellFormed() : ArrayBuffer.isView(part) ? new Uint8Array(bytesOf(part)) : part
  );
}

/** One character for each byte. */
export function binaryString(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function encodePart(part: KvKeyPart): string {
  switch (typeof part) {
    case "string":
      // deno-lint-ignore no-control-regex -- zeros are escaped
      return /^[\x01-\x7f]*$/.test(part)
        ? STRING + part + "\0"
        : STRING + escaped(binaryString(encoder.encode(part))) + "\0";
    case "number":
      return encodeDouble(part);
    case "bigint":
      return encodeInteger(part);
    case "boolean":
      return part ? TRUE : FALSE;
    case "object":
      if (ArrayBuffer.isView(part)) return BYTES + escaped(binaryString(bytesOf(part))) + "\0";
  }
  throw new TypeError("expected string, number, bigint, ArrayBufferView, boolean");
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function escaped(bytes: string): string {
  return bytes.replaceAll("\0", "\0\xff");
}

/** Big-endian, the sign bit flipped, and all bits of what is negative, so that bytes are in the order of numbers. */
function encodeDouble(value: number): string {
  double.setFloat64(0, value);
  if (Number.isNaN(value)) double.setBigUint64(0, double.getUint8(0) >= 0x80 ? 0xfff8n << 48n : 0x7ff8n << 48n);
  const high = double.getUint32(0);
  const negative = high >= 0x8000_0000;
  let encoded = DOUBLE;
  for (let at = 0; at < 8; at++) {
    const byte = double.getUint8(at);
    encoded += String.fromCharCode(negative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte);
  }
  return encoded;
}

/** The number of bytes, which is in the tag of short ones, then the bytes, big-endian; all inverted if it is negative. */
function encodeInteger(value: bigint): string {
  if (value === 0n) return String.fromCharCode(INTEGER_ZERO);
  const digits = (value < 0n ? -value : value).toString(16);
  const padded = digits.length % 2 === 0 ? digits : `0${digits}`;
  const length = padded.length / 2;
  if (length > LONGEST_INTEGER) throw new TypeError("BigUint requires more than 255 bytes to be represented");
  const invert = value < 0n ? 0xff : 0;
  const sign = value < 0n ? -1 : 1;
  let encoded = String.fromCharCode(INTEGER_ZERO + sign * Math.min(length, LONGEST_SHORT_INTEGER + 1));
  if (length > LONGEST_SHORT_INTEGER) encoded += String.fromCharCode(length ^ invert);
  for (let at = 0; at < padded.length; at += 2) {
    encoded += String.fromCharCode(Number.parseInt(padded.slice(at, at + 2), 16) ^ invert);
  }
  return encoded;
}
