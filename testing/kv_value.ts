/**
 * Values as `Deno.Kv` keeps them: structured clones, with the size that V8 gives them. Plain data, which is most, is copied and
 * measured in one walk; `structuredClone` and V8's serializer, ten times as slow, do the rest. Sizes are exact but for what can
 * not be seen from outside: an array that V8 takes to have holes is written with its indices.
 *
 * @module
 */
import { serialize } from "node:v8";

/** A value in the store. Nobody else has it or a part of it. */
export interface StoredValue {
  /** The value; never given away. */
  readonly value: unknown;
  /** Whether it is plain data, in which no object is met twice. */
  readonly plain: boolean;
  /** How many bytes it has, serialised. */
  readonly size: number;
}

/** Two bytes that say which version of the format follows. */
const HEADER = 2;

/**
 * A copy of a value for the store.
 *
 * @throws {TypeError} A function, a symbol, a promise: what has no structured clone.
 */
export function storeValue(value: unknown): StoredValue {
  if (value instanceof Uint8Array) return { value: new Uint8Array(value), plain: true, size: value.length };
  const walk = new Walk();
  const copy = walk.copy(value);
  if (walk.plain) return { value: copy, plain: true, size: HEADER + walk.size };
  try {
    return { value: structuredClone(value), plain: false, size: serialize(value).length };
  } catch (error) {
    throw new TypeError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A copy of a stored value for a reader. */
export function readValue({ value, plain }: StoredValue): unknown {
  return plain ? copyPlain(value) : structuredClone(value);
}

function copyPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyPlain);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) copy[key] = copyPlain(item);
  return copy;
}

/** How many bytes a number takes in groups of seven bits. */
function groups(value: number): number {
  let bytes = 1;
  for (let left = value; left >= 128; left /= 128) bytes++;
  return bytes;
}

/** Copies plain data, and adds up what V8 would write: a tag for each value, lengths and integers in groups of seven bits. */
class Walk {
  plain = true;
  size = 0;
  readonly #seen = new Set<object>();

  copy(value: unknown): unknown {
    switch (typeof value) {
      case "undefined":
      case "boolean":
        this.size += 1;
        return value;
      case "number":
        this.#number(value);
        return value;
      case "string":
        this.#string(value);
        return value;
      case "object":
        if (value === null) {
          this.size += 1;
          return value;
        }
        return this.#object(value);
      case "bigint":
        this.#bigint(value);
        return value;
      default:
        this.plain = false;
        return value;
    }
  }

  #number(value: number): void {
    const small = value === (value | 0) && !Object.is(value, -0);
    this.size += small ? 1 + groups(value < 0 ? -2 * value - 1 : 2 * value) : 9;
  }

  #bigint(value: bigint): void {
    const digits = value === 0n ? 0 : 8 * Math.ceil((value < 0n ? -value : value).toString(16).length / 16);
    this.size += 1 + groups(2 * digits) + digits;
  }

  #string(text: string): void {
    // Latin-1 takes one byte a character, all else two, on even places.
    if (/^[\0-\xff]*$/.test(text)) {
      this.size += 1 + groups(text.length) + text.length;
      return;
    }
    const bytes = 2 * text.length;
    const head = 1 + groups(bytes);
    this.size += head + bytes + ((HEADER + this.size + head) & 1);
  }

  #object(value: object): unknown {
    if (!this.plain || this.#seen.has(value)) {
      this.plain = false;
      return value;
    }
    this.#seen.add(value);
    if (this.#seen.size > 100_000) this.plain = false;
    if (Array.isArray(value)) return this.#array(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#record(value);
    if (prototype === Uint8Array.prototype && value instanceof Uint8Array) return this.#bytes(value);
    this.plain = false;
    return value;
  }

  #bytes(bytes: Uint8Array): unknown {
    const { buffer, length } = bytes;
    // A view of a part keeps, and counts, the whole buffer; so do two views of one.
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== length || this.#seen.has(buffer)) this.plain = false;
    this.#seen.add(buffer);
    this.size += 5 + 2 * groups(length) + length;
    return new Uint8Array(bytes);
  }

  #array(items: readonly unknown[]): unknown {
    if (Object.keys(items).length !== items.length) {
      this.plain = false;
      return items;
    }
    const length = groups(items.length);
    this.size += 1 + length;
    const copy = items.map((item) => this.copy(item));
    this.size += 2 + length;
    return copy;
  }

  #record(record: object): unknown {
    const copy: Record<string, unknown> = {};
    const entries = Object.entries(record);
    this.size += 1;
    for (const [key, item] of entries) {
      if (key === "__proto__") {
        this.plain = false;
        break;
      }
      // A key that is an index is written as a number.
      const index = /^(0|[1-9]\d{0,9})$/.test(key) ? Number(key) : undefined;
      if (index === undefined || index >= 0xffff_ffff) this.#string(key);
      else this.#number(index);
      copy[key] = this.copy(item);
    }
    this.size += 1 + groups(entries.length);
    return copy;
  }
}
