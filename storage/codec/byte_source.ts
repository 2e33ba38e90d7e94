/**
 * Where a decoder reads. Every length is compared with what is left before anything is allocated for it.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { IntegrityError } from "../../src/errors.ts";
import { bufferClass } from "./platform.ts";

/** Strings up to this length are cut out of one window of text, which is faster than decoding each. */
const CUT_STRING = 63;
/** Bytes of one window: what a single kept string can hold in memory beside itself. */
const WINDOW = 512;

const REPLACEMENT = "\ufffd";
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Encoded bytes that are read one after another. */
export class ByteSource {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Where the next byte is. */
  position = 0;
  /** How many parts of open objects are still to be read. */
  promised = 0;
  readonly #view: DataView;
  #lazyBuffer: Buffer | undefined;
  #window = "";
  #windowStart = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The same bytes, as the class that makes strings fastest. */
  get #buffer(): Buffer {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return this.#lazyBuffer ??= bufferClass().from(buffer, byteOffset, byteLength);
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** The error for bytes that no encoder wrote. */
  damaged(what: string, cause?: unknown): IntegrityError {
    const place = `at byte ${this.position} of ${this.bytes.length}`;
    return new IntegrityError(
      `The stored value is damaged ${place}: ${what}.`,
      cause === undefined ? {} : { cause },
    );
  }

  /** Throws if fewer bytes are left. */
  need(count: number): void {
    if (count > this.remaining) throw this.damaged(`${count} more bytes are needed, ${this.remaining} are left`);
  }

  /** One byte. */
  byte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw this.damaged("it ends in the middle of a value");
    this.position++;
    return byte;
  }

  /** A whole number from 0. */
  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; scale <= 2 ** 49; scale *= 0x80) {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw this.damaged("a number is longer than any that is written");
  }

  /**
   * A number of things that follow, each of `parts` parts. Every part takes at least a byte, so that all that is
   * still to come of all open objects must fit into the bytes that are left: a lying length is found before anything
   * is allocated for it. Whoever reads a part takes it off {@linkcode promised}.
   */
  count(parts: number): number {
    const count = this.varint();
    this.promise(count * parts);
    return count;
  }

  /** As {@linkcode count}, for a number that is known. */
  promise(parts: number): void {
    this.promised += parts;
    if (this.promised > this.remaining) {
      throw this.damaged(`${this.promised} more parts can not be in the ${this.remaining} bytes that are left`);
    }
  }

  /** A signed 16-bit integer. */
  int16(): number {
    this.need(2);
    this.position += 2;
    return this.#view.getInt16(this.position - 2, true);
  }

  /** A signed 32-bit integer. */
  int32(): number {
    this.need(4);
    this.position += 4;
    return this.#view.getInt32(this.position - 4, true);
  }

  /** An unsigned 16-bit integer. */
  uint16(): number {
    return this.int16() & 0xffff;
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A 64-bit float. */
  float(): number {
    this.need(8);
    this.position += 8;
    return this.#view.getFloat64(this.position - 8, true);
  }

  /** A signed 64-bit integer. */
  int64(): bigint {
    this.need(8);
    this.position += 8;
    return this.#view.getBigInt64(this.position - 8, true);
  }

  /** Bytes as they are, without a copy. */
  view(length: number): Uint8Array {
    this.need(length);
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** Bytes as they are, in a buffer of their own. */
  copy(length: number): ArrayBuffer {
    const view = this.view(length);
    const copy = new Uint8Array(length);
    copy.set(view);
    return copy.buffer;
  }

  /** A string of one byte a character. */
  ascii(length: number): string {
    this.need(length);
    const start = this.position;
    this.position += length;
    if (length > CUT_STRING) return this.#buffer.toString("latin1", start, this.position);
    let offset = start - this.#windowStart;
    if (offset < 0 || offset + length > this.#window.length) {
      this.#window = this.#buffer.toString("latin1", start, start + WINDOW);
      this.#windowStart = start;
      offset = 0;
    }
    return this.#window.substring(offset, offset + length);
  }

  /** A string in UTF-8. */
  utf8(length: number): string {
    this.need(length);
    const start = this.position;
    const text = this.#buffer.toString("utf8", start, start + length);
    if (text.includes(REPLACEMENT)) {
      try {
        strictDecoder.decode(this.bytes.subarray(start, start + length));
      } catch (cause) {
        throw this.damaged("a string is not UTF-8", cause);
      }
    }
    this.position += length;
    return text;
  }

  /** A string in UTF-16, with a length in code units. */
  utf16(length: number): string {
    this.need(2 * length);
    const start = this.position;
    this.position += 2 * length;
    return this.#buffer.toString("utf16le", start, this.position);
  }
}
