/**
 * Reads one value back.
 *
 * @module
 */
import { SerializationError } from "../../src/errors.ts";
import { BUFFER_CLASSES } from "./buffers.ts";
import type { ByteSource } from "./byte_source.ts";
import { TYPED_ARRAYS, type TypedArray } from "./dtype.ts";
import { clearError, ERROR_CLASSES } from "./error_record.ts";
import type { External } from "./external.ts";
import { ElementsFiller, EntriesFiller, FieldsFiller, KeyedArrayFiller, MapFiller, SetFiller } from "./fillers.ts";
import { type Filler, type PartReader, type ReadShape, ValuesFiller } from "./fillers.ts";
import { NdArray } from "./ndarray.ts";
import { areOrdinary, emptySparseArray, type Settable } from "./properties.ts";
import { SHORT_ARRAY, SHORT_ARRAYS, SHORT_STRING, SHORT_STRINGS, SMALL_INTEGERS, Tag } from "./tags.ts";

/** V8's limit, in bytes. */
const LONGEST_BIGINT = 2 ** 27 - 1;
/** Arrays longer than this grow as their elements arrive; a longer one made at once would be a hash table. */
const LONGEST_AT_ONCE = 2 ** 24;
/** An array with fewer elements than its length by more than this factor, and some, is kept sparse. */
const SPARSE_FACTOR = 2;
const SPARSE_LENGTH = 32;

/** Stands for an object that is not there yet. */
const PENDING = Symbol("pending");

/** Gives the object that a serializer keeps. */
export type Restore = (external: External) => unknown;

/** Reads one value from its bytes, without recursion and without running anything. */
export class Decoder implements PartReader {
  readonly source: ByteSource;
  readonly #restore: Restore | undefined;
  readonly #fillers: Filler[] = [];
  readonly #objects: unknown[] = [];
  readonly #shapes: ReadShape[] = [];
  #inExternal = false;

  constructor(source: ByteSource, restore: Restore | undefined) {
    this.source = source;
    this.#restore = restore;
  }

  get depth(): number {
    return this.#fillers.length;
  }

  /** Reads a value with all that it holds. */
  read(): unknown {
    this.source.promised++;
    const start = this.#fillers.length;
    const value = this.value();
    while (this.#fillers.length > start) {
      const filler = this.#fillers[this.#fillers.length - 1];
      if (filler?.fill(this) === true) this.#fillers.pop();
    }
    return value;
  }

  value(): unknown {
    const { source } = this;
    source.promised--;
    const tag = source.byte();
    if (tag < SMALL_INTEGERS) return tag;
    if (tag < SHORT_STRING + SHORT_STRINGS) return source.ascii(tag - SHORT_STRING);
    if (tag >= Tag.REFERENCE) return this.#object(tag);
    if (tag < SHORT_ARRAY + SHORT_ARRAYS) {
      const length = tag - SHORT_ARRAY;
      source.promise(length);
      return this.#array(length);
    }
    return this.#primitive(tag);
  }

  key(): string | number {
    this.source.promised--;
    const key = this.#primitive(this.source.byte());
    if (typeof key !== "string" && typeof key !== "number") throw this.source.damaged("a key is not a string");
    return key;
  }

  #text(): string {
    const text = this.#primitive(this.source.byte());
    if (typeof text !== "string") throw this.source.damaged("a string is missing");
    return text;
  }

  #primitive(tag: number): unknown {
    const { source } = this;
    if (tag < SMALL_INTEGERS) return tag;
    if (tag < SHORT_STRING + SHORT_STRINGS) return source.ascii(tag - SHORT_STRING);
    switch (tag) {
      case Tag.UNDEFINED:
        return undefined;
      case Tag.NULL:
        return null;
      case Tag.FALSE:
        return false;
      case Tag.TRUE:
        return true;
      case Tag.INT16:
        return source.int16();
      case Tag.INT32:
        return source.int32();
      case Tag.FLOAT64:
        return source.float();
      case Tag.NAN:
        return NaN;
      case Tag.BIGINT64:
        return source.int64();
      case Tag.BIGINT:
        return this.#bigint();
      case Tag.ASCII16:
        return source.ascii(source.uint16());
      case Tag.ASCII32:
        return source.ascii(source.uint32());
      case Tag.UTF8_16:
        return source.utf8(source.uint16());
      case Tag.UTF8_32:
        return source.utf8(source.uint32());
      case Tag.UTF16:
        return source.utf16(source.uint32());
      default:
        throw source.damaged(`a value can not start with the byte ${tag}`);
    }
  }

  #bigint(): bigint {
    const isNegative = this.source.byte() === 1;
    const length = this.source.varint();
    if (length > LONGEST_BIGINT) throw this.source.damaged("a bigint is longer than any can be");
    const magnitude = BigInt(`0x0${this.source.view(length).toHex()}`);
    return isNegative ? -magnitude : magnitude;
  }

  #object(tag: number): unknown {
    const { source } = this;
    switch (tag) {
      case Tag.REFERENCE:
        return this.#reference();
      case Tag.ARRAY:
        return this.#array(source.count(1));
      case Tag.KEYED_ARRAY:
        return this.#keyedArray();
      case Tag.OBJECT: {
        const count = source.count(2);
        const target = this.#met<Settable>({});
        return this.#open(target, new EntriesFiller(target, count));
      }
      case Tag.NEW_SHAPE: {
        const keys = Array.from({ length: source.count(2) }, () => String(this.key()));
        const shape = { keys, ordinary: areOrdinary(keys) };
        this.#shapes.push(shape);
        return this.#shaped(shape);
      }
      case Tag.SHAPE: {
        const shape = this.#shapes[source.varint()];
        if (shape === undefined) throw source.damaged("an object has keys that were never given");
        source.promise(shape.keys.length);
        return this.#shaped(shape);
      }
      case Tag.MAP: {
        const target = this.#met(new Map<unknown, unknown>());
        return this.#open(target, new MapFiller(target, source.count(2)));
      }
      case Tag.SET: {
        const target = this.#met(new Set<unknown>());
        return this.#open(target, new SetFiller(target, source.count(1)));
      }
      case Tag.ERROR:
        return this.#error(ERROR_CLASSES[source.varint()]?.make());
      case Tag.DOM_EXCEPTION: {
        const name = this.#text();
        return this.#error(new DOMException(this.#text(), name));
      }
      case Tag.EXTERNAL:
        return this.#external();
      default:
        return this.#met(this.#leaf(tag));
    }
  }

  /** Gives the next number to an object, as the encoder did. */
  #met<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  #open(target: object, filler: Filler): object {
    this.#fillers.push(filler);
    return target;
  }

  #reference(): unknown {
    const number = this.source.varint();
    const object = number < this.#objects.length ? this.#objects[number] : PENDING;
    if (object === PENDING) throw this.source.damaged("it refers to an object that did not come yet");
    return object;
  }

  #array(length: number): object {
    const target = this.#met(length <= LONGEST_AT_ONCE ? new Array<unknown>(length) : []);
    return this.#open(target, new ElementsFiller(target, length));
  }

  #keyedArray(): object {
    const { source } = this;
    const length = source.varint();
    const count = source.count(2);
    if (length > 0xffff_ffff) throw source.damaged(`no array has the length ${length}`);
    const isSparse = length > SPARSE_FACTOR * count + SPARSE_LENGTH;
    const target = this.#met(isSparse ? emptySparseArray(length) : new Array<unknown>(length));
    return this.#open(target, new KeyedArrayFiller(target, count));
  }

  #shaped(shape: ReadShape): object {
    const target = this.#met<Settable>({});
    return this.#open(target, new ValuesFiller(target, shape));
  }

  #error(error: Error | undefined): object {
    if (error === undefined) throw this.source.damaged("an error is of an unknown class");
    clearError(error);
    return this.#open(this.#met(error), new FieldsFiller(error, this.source.count(3)));
  }

  #leaf(tag: number): object {
    const { source } = this;
    switch (tag) {
      case Tag.DATE:
        return new Date(source.float());
      case Tag.REGEXP:
        return this.#regexp();
      case Tag.BOXED: {
        const value = this.#primitive(source.byte());
        if (value === undefined || value === null) throw source.damaged("a box is empty");
        return Object(value);
      }
      case Tag.BUFFER:
        return this.#buffer();
      case Tag.NDARRAY:
        return this.#ndarray();
      default:
        throw source.damaged(`a value can not start with the byte ${tag}`);
    }
  }

  #regexp(): RegExp {
    const source = this.#text();
    const flags = this.#text();
    try {
      return new RegExp(source, flags);
    } catch (cause) {
      throw this.source.damaged("a regular expression has no meaning", cause);
    }
  }

  #buffer(): object {
    const { source } = this;
    const bufferClass = BUFFER_CLASSES[source.varint()];
    const byteLength = source.varint();
    if (bufferClass === undefined) throw source.damaged("a buffer is of an unknown class");
    if (byteLength % bufferClass.elementSize !== 0) {
      throw source.damaged(`a ${bufferClass.name} can not have ${byteLength} bytes`);
    }
    return bufferClass.make(source.copy(byteLength));
  }

  #ndarray(): NdArray {
    const { source } = this;
    const isBool = source.byte() === 1;
    const dimensions = source.varint();
    source.need(dimensions);
    const shape = Array.from({ length: dimensions }, () => source.varint());
    const data = source.byte() === Tag.BUFFER ? this.#buffer() : undefined;
    if (!isTypedArray(data)) throw source.damaged("an NdArray has no elements");
    try {
      return new NdArray(data, shape, isBool ? { dtype: "bool" } : {});
    } catch (cause) {
      throw source.damaged("the shape of an NdArray does not fit its elements", cause);
    }
  }

  #external(): unknown {
    if (this.#inExternal) throw this.source.damaged("what a serializer keeps can not hold what a serializer keeps");
    const serializer = this.#text();
    const number = this.#objects.push(PENDING) - 1;
    this.#inExternal = true;
    const pid = this.read();
    this.#inExternal = false;
    if (this.#restore === undefined) {
      throw new SerializationError(
        `The stored value holds an object that the serializer "${serializer}" keeps; ` +
          "register that serializer with the storage before you read the value.",
      );
    }
    return this.#objects[number] = this.#restore({ serializer, pid });
  }
}

function isTypedArray(value: object | undefined): value is TypedArray {
  return ArrayBuffer.isView(value) && TYPED_ARRAYS.has(value.constructor.name);
}
