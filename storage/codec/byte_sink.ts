/**
 * Where an encoder writes.
 *
 * @module
 */
import { SHORT_STRING, SHORT_STRINGS, Tag } from "./tags.ts";

/** A buffer of at least this many bytes is not copied: it becomes a chunk of its own. */
const OWN_CHUNK = 4096;
/** A string of more characters than this is encoded at once into a chunk of its own. */
const LONG_STRING = 16_384;
const SCRATCH = 8192;
const FIRST_BLOCK = 65_536;
const LARGEST_BLOCK = 1_048_576;

const textEncoder = new TextEncoder();

/** Lent to one sink at a time, because making a buffer costs more than encoding a small value. */
let scratch: Uint8Array<ArrayBuffer> | undefined = new Uint8Array(SCRATCH);

/** Bytes written one after another, kept as a list of chunks. */
export class ByteSink {
  /** The block that is written to; whoever writes has called {@linkcode reserve}. */
  protected bytes: Uint8Array<ArrayBuffer>;
  /** Where the next byte goes. */
  protected position = 0;
  #view: DataView<ArrayBuffer>;
  #chunkStart = 0;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #usesScratch: boolean;

  constructor() {
    this.#usesScratch = scratch !== undefined;
    this.bytes = scratch ?? new Uint8Array(SCRATCH);
    scratch = undefined;
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for so many bytes. */
  protected reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.makeRoom(count);
  }

  /** Called when a block is full: starts a new one. */
  protected makeRoom(count: number): void {
    this.#flush();
    this.replaceBlock(Math.max(count, Math.min(LARGEST_BLOCK, Math.max(FIRST_BLOCK, 2 * this.bytes.length))));
    this.position = 0;
    this.#chunkStart = 0;
  }

  /** Puts an empty block of another size in place of the present one. */
  protected replaceBlock(size: number): void {
    this.release();
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Gives back what the next sink can use. Call it once nothing more is written. */
  release(): void {
    if (this.#usesScratch) scratch = this.bytes;
    this.#usesScratch = false;
  }

  #flush(): void {
    if (this.position === this.#chunkStart) return;
    const { bytes, position } = this;
    const chunk = this.#usesScratch
      ? bytes.slice(this.#chunkStart, position)
      : bytes.subarray(this.#chunkStart, position);
    this.#chunks.push(chunk);
    this.#chunkStart = position;
  }

  /** Everything that was written. */
  finish(): Uint8Array<ArrayBuffer>[] {
    this.#flush();
    return this.#chunks;
  }

  /** One byte. */
  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value;
  }

  /** A whole number from 0, seven bits a byte, least significant first. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.position++] = rest;
  }

  /** A 64-bit float. */
  float(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  /** A signed 64-bit integer. */
  int64(value: bigint): void {
    this.reserve(8);
    this.#view.setBigInt64(this.position, value, true);
    this.position += 8;
  }

  /** A number with its tag: each number has one form. */
  number(value: number): void {
    this.reserve(9);
    if ((value | 0) === value && !Object.is(value, -0)) {
      if (value >= 0 && value < 0x80) {
        this.bytes[this.position++] = value;
      } else if (value >= -0x8000 && value < 0x8000) {
        this.bytes[this.position++] = Tag.INT16;
        this.#view.setInt16(this.position, value, true);
        this.position += 2;
      } else {
        this.bytes[this.position++] = Tag.INT32;
        this.#view.setInt32(this.position, value, true);
        this.position += 4;
      }
    } else if (value !== value) {
      this.bytes[this.position++] = Tag.NAN;
    } else {
      this.bytes[this.position++] = Tag.FLOAT64;
      this.float(value);
    }
  }

  /** A string with its tag: each string has one form. */
  string(text: string): void {
    const length = text.length;
    if (length < SHORT_STRINGS) {
      this.reserve(length + 1);
      const { bytes } = this;
      const start = this.position + 1;
      let index = 0;
      while (index < length) {
        const unit = text.charCodeAt(index);
        if (unit > 0x7f) break;
        bytes[start + index++] = unit;
      }
      if (index === length) {
        bytes[start - 1] = SHORT_STRING + length;
        this.position = start + length;
        return;
      }
    }
    if (length <= LONG_STRING) this.#mediumString(text);
    else this.#longString(text);
  }

  #mediumString(text: string): void {
    this.reserve(3 + 3 * text.length);
    const start = this.position;
    const { written } = textEncoder.encodeInto(text, this.bytes.subarray(start + 3));
    const isAscii = written === text.length;
    if (!isAscii && !text.isWellFormed()) return this.#illFormedString(text);
    this.bytes[start] = isAscii ? Tag.ASCII16 : Tag.UTF8_16;
    this.#view.setUint16(start + 1, written, true);
    this.position = start + 3 + written;
  }

  #longString(text: string): void {
    if (!text.isWellFormed()) return this.#illFormedString(text);
    const encoded = textEncoder.encode(text);
    this.#header32(encoded.length === text.length ? Tag.ASCII32 : Tag.UTF8_32, encoded.length);
    this.raw(encoded);
  }

  #illFormedString(text: string): void {
    const units = new Uint16Array(text.length);
    for (let index = 0; index < text.length; index++) units[index] = text.charCodeAt(index);
    this.#header32(Tag.UTF16, text.length);
    this.raw(new Uint8Array(units.buffer));
  }

  #header32(tag: number, length: number): void {
    this.reserve(5);
    this.bytes[this.position] = tag;
    this.#view.setUint32(this.position + 1, length, true);
    this.position += 5;
  }

  /** Bytes as they are. Large ones are not copied, so they must not change before they are used. */
  raw(source: Uint8Array<ArrayBuffer>): void {
    if (source.length >= OWN_CHUNK) {
      this.#flush();
      this.#chunks.push(source);
    } else {
      this.reserve(source.length);
      this.bytes.set(source, this.position);
      this.position += source.length;
    }
  }
}
