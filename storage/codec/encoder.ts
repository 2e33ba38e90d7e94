/**
 * Writes one value.
 *
 * @module
 */
import { isHole, keysToWrite } from "./array_layout.ts";
import { bufferClassOf, storableBytes } from "./buffers.ts";
import type { ByteSink } from "./byte_sink.ts";
import { errorClassOf, errorFields } from "./error_record.ts";
import type { External } from "./external.ts";
import { isIndex, pathOf } from "./frames.ts";
import type { ElementsFrame, Frame, Indexable, ItemsFrame, PropertiesFrame } from "./frames.ts";
import { CycleFound, type Identity } from "./identity.ts";
import { NdArray } from "./ndarray.ts";
import { isProxy } from "./platform.ts";
import { describe, refusal, unreadable } from "./refusal.ts";
import { Shapes } from "./shapes.ts";
import { SHORT_ARRAY, SHORT_ARRAYS, Tag } from "./tags.ts";

/** What an encoder asks its user. */
export interface EncoderOptions {
  /** Whether equal values must give equal bytes: keys in one order, no stacks, no shapes. */
  readonly canonical: boolean;
  /** The record to write in place of an object. */
  readonly external?: ((value: object) => External | undefined) | undefined;
  /** The SHA-256 of the content of an object, to write in its place. */
  readonly content?: ((value: object) => Uint8Array<ArrayBuffer> | undefined) | undefined;
}

/** Writes one value to a sink, without recursion. */
export class Encoder {
  readonly #sink: ByteSink;
  readonly #identity: Identity;
  readonly #options: EncoderOptions;
  readonly #frames: Frame[] = [];
  readonly #shapes = new Shapes();
  readonly #replaces: boolean;
  #refused: Error | undefined;
  #openExternals = 0;

  constructor(sink: ByteSink, identity: Identity, options: EncoderOptions) {
    this.#sink = sink;
    this.#identity = identity;
    this.#options = options;
    this.#replaces = options.external !== undefined || options.content !== undefined;
  }

  /**
   * Writes a value.
   *
   * @throws {SerializationError} With the path of a part that can not be kept or read.
   */
  write(value: unknown): void {
    try {
      this.#value(value);
      for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) this.#resume(frame);
    } catch (cause) {
      if (cause === this.#refused || cause instanceof CycleFound) throw cause;
      throw unreadable(pathOf(this.#frames), cause);
    }
  }

  #resume(frame: Frame): void {
    switch (frame.kind) {
      case "elements":
        return this.#elements(frame);
      case "values":
        return this.#values(frame);
      case "entries":
      case "fields":
        return this.#entries(frame);
      case "map":
      case "set":
      case "external":
        return this.#items(frame);
    }
  }

  #elements(frame: ElementsFrame): void {
    const { source, length } = frame;
    const depth = this.#frames.length;
    while (frame.index < length) {
      const index = frame.index++;
      const element = source[index];
      if (element === undefined && isHole(source, index)) this.#sink.byte(Tag.HOLE);
      else this.#value(element);
      if (this.#frames.length !== depth) return;
    }
    this.#pop(frame);
  }

  #values(frame: PropertiesFrame): void {
    const { keys, length } = frame;
    const source = frame.source as Indexable;
    const depth = this.#frames.length;
    while (frame.index < length) {
      this.#value(source[keys[frame.index++] ?? ""]);
      if (this.#frames.length !== depth) return;
    }
    this.#pop(frame);
  }

  #entries(frame: PropertiesFrame): void {
    const { keys, length } = frame;
    const source = frame.source as Indexable;
    const isArray = Array.isArray(source);
    const depth = this.#frames.length;
    while (frame.index < length) {
      const key = keys[frame.index++] ?? "";
      if (isArray && isIndex(key)) this.#sink.number(Number(key));
      else this.#sink.string(key);
      if (frame.kind === "fields") this.#value(Object.prototype.propertyIsEnumerable.call(source, key));
      this.#value(source[key]);
      if (this.#frames.length !== depth) return;
    }
    this.#pop(frame);
  }

  #items(frame: ItemsFrame): void {
    const { items, length } = frame;
    const depth = this.#frames.length;
    while (frame.index < length) {
      this.#value(items[frame.index++]);
      if (this.#frames.length !== depth) return;
    }
    if (frame.kind === "external") this.#openExternals--;
    this.#pop(frame);
  }

  #pop(frame: Frame): void {
    this.#frames.pop();
    this.#identity.close(frame.source);
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#sink.string(value);
      case "number":
        return this.#sink.number(value);
      case "object":
        return value === null ? this.#sink.byte(Tag.NULL) : this.#object(value);
      case "boolean":
        return this.#sink.byte(value ? Tag.TRUE : Tag.FALSE);
      case "undefined":
        return this.#sink.byte(Tag.UNDEFINED);
      case "bigint":
        return this.#bigint(value);
      case "function":
      case "symbol":
        throw this.#refuse(describe(value));
    }
  }

  #object(value: object): void {
    if (this.#identity.recall(value)) return;
    if (this.#replaces && this.#replaced(value)) return;
    if (isProxy(value)) throw this.#refuse(describe(value));
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#plain(value);
    if (prototype === Array.prototype && Array.isArray(value)) return this.#array(value);
    if (prototype === Map.prototype) return this.#map(value);
    if (prototype === Set.prototype) return this.#set(value);
    if (value instanceof Error) return this.#error(value);
    if (!this.#leaf(value, prototype)) throw this.#refuse(describe(value));
    this.#identity.close(value);
  }

  /** Writes what the user of the encoder gives for an object, if anything. */
  #replaced(value: object): boolean {
    const content = this.#options.content?.(value);
    if (content !== undefined) {
      this.#sink.byte(Tag.CONTENT);
      this.#sink.raw(content);
      this.#identity.close(value);
      return true;
    }
    const external = this.#openExternals === 0 ? this.#options.external?.(value) : undefined;
    if (external === undefined) return false;
    this.#sink.byte(Tag.EXTERNAL);
    this.#sink.string(external.serializer);
    this.#openExternals++;
    this.#frames.push({ kind: "external", source: value, items: [external.pid], length: 1, index: 0 });
    return true;
  }

  #plain(source: object): void {
    const keys = Object.keys(source);
    const { length } = keys;
    if (this.#options.canonical) {
      keys.sort();
    } else {
      const shape = this.#shapes.find(keys);
      if (shape !== undefined) {
        this.#header(Tag.SHAPE, shape.number);
        this.#frames.push({ kind: "values", source, keys: shape.keys, length, index: 0 });
        return;
      }
      if (this.#shapes.add(keys)) {
        this.#header(Tag.NEW_SHAPE, length);
        for (const key of keys) this.#sink.string(key);
        this.#frames.push({ kind: "values", source, keys, length, index: 0 });
        return;
      }
    }
    this.#header(Tag.OBJECT, length);
    this.#frames.push({ kind: "entries", source, keys, length, index: 0 });
  }

  #array(source: readonly unknown[]): void {
    const { length } = source;
    const keys = keysToWrite(source);
    if (keys !== undefined) {
      this.#header(Tag.KEYED_ARRAY, length);
      this.#sink.varint(keys.length);
      if (this.#options.canonical) keys.sort();
      this.#frames.push({ kind: "entries", source, keys, length: keys.length, index: 0 });
      return;
    }
    if (length < SHORT_ARRAYS) this.#sink.byte(SHORT_ARRAY + length);
    else this.#header(Tag.ARRAY, length);
    this.#frames.push({ kind: "elements", source, length, index: 0 });
  }

  #map(source: object): void {
    const items: unknown[] = [];
    Map.prototype.forEach.call(source, (value: unknown, key: unknown) => items.push(key, value));
    this.#header(Tag.MAP, items.length / 2);
    this.#frames.push({ kind: "map", source, items, length: items.length, index: 0 });
  }

  #set(source: object): void {
    const items: unknown[] = [];
    Set.prototype.forEach.call(source, (value: unknown) => items.push(value));
    this.#header(Tag.SET, items.length);
    this.#frames.push({ kind: "set", source, items, length: items.length, index: 0 });
  }

  #error(source: Error): void {
    const classNumber = errorClassOf(source);
    const keys = errorFields(source, classNumber, this.#options.canonical);
    if (source instanceof DOMException) {
      this.#sink.byte(Tag.DOM_EXCEPTION);
      this.#sink.string(source.name);
      this.#sink.string(source.message);
    } else {
      this.#header(Tag.ERROR, classNumber);
    }
    this.#sink.varint(keys.length);
    this.#frames.push({ kind: "fields", source, keys, length: keys.length, index: 0 });
  }

  /** Writes an object that holds no others. */
  #leaf(value: object, prototype: object): boolean {
    if (prototype === Date.prototype && value instanceof Date) {
      this.#sink.byte(Tag.DATE);
      this.#sink.float(Date.prototype.getTime.call(value));
    } else if (prototype === RegExp.prototype && value instanceof RegExp) {
      this.#sink.byte(Tag.REGEXP);
      this.#sink.string(value.source);
      this.#sink.string(value.flags);
    } else if (prototype === NdArray.prototype && value instanceof NdArray) {
      this.#header(Tag.NDARRAY, value.dtype === "bool" ? 1 : 0);
      this.#sink.varint(value.shape.length);
      for (const length of value.shape) this.#sink.varint(length);
      if (!this.#buffer(value.data, Object.getPrototypeOf(value.data))) throw this.#refuse(describe(value.data));
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return this.#buffer(value, prototype);
    } else {
      return this.#boxed(value, prototype);
    }
    return true;
  }

  #buffer(value: ArrayBuffer | ArrayBufferView, prototype: object): boolean {
    const number = bufferClassOf(prototype);
    if (number === undefined) return false;
    const bytes = storableBytes(value);
    if (typeof bytes === "string") throw this.#refuse(bytes);
    this.#header(Tag.BUFFER, number);
    this.#sink.varint(bytes.length);
    this.#sink.raw(bytes);
    return true;
  }

  #boxed(value: object, prototype: object): boolean {
    const valueOf = BOXES.get(prototype);
    if (valueOf === undefined) return false;
    this.#sink.byte(Tag.BOXED);
    this.#value(valueOf.call(value));
    return true;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#sink.byte(Tag.BIGINT64);
      this.#sink.int64(value);
      return;
    }
    const digits = (value < 0n ? -value : value).toString(16);
    const magnitude = Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
    this.#sink.byte(Tag.BIGINT);
    this.#sink.byte(value < 0n ? 1 : 0);
    this.#sink.varint(magnitude.length);
    this.#sink.raw(magnitude);
  }

  #header(tag: number, count: number): void {
    this.#sink.byte(tag);
    this.#sink.varint(count);
  }

  #refuse(what: string): Error {
    return this.#refused = refusal(pathOf(this.#frames), what);
  }
}

/** How the primitive is got out of each kind of box. */
const BOXES: ReadonlyMap<object, (this: unknown) => unknown> = new Map<object, (this: unknown) => unknown>([
  [Number.prototype, Number.prototype.valueOf],
  [String.prototype, String.prototype.valueOf],
  [Boolean.prototype, Boolean.prototype.valueOf],
  [BigInt.prototype, BigInt.prototype.valueOf],
]);
