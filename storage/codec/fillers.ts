/**
 * Objects whose parts are being read: the decoder's own stack, so that depth costs memory but never the call stack.
 *
 * @module
 */
import type { ByteSource } from "./byte_source.ts";
import { defineErrorField } from "./error_record.ts";
import { setProperty, type Settable } from "./properties.ts";
import { Tag } from "./tags.ts";

/** What a filler reads from. */
export interface PartReader {
  /** The bytes. */
  readonly source: ByteSource;
  /** How many objects are open. It grows when a part is an object of its own, which is then filled first. */
  readonly depth: number;
  /** The next value; an object may still be empty. */
  value(): unknown;
  /** The next key of a property. */
  key(): string | number;
}

/** One object whose parts are being read. */
export interface Filler {
  /** Reads parts until all are read (`true`), or until one opened an object of its own (`false`). */
  fill(reader: PartReader): boolean;
}

/** Fills an array element by element. */
export class ElementsFiller implements Filler {
  #index = 0;
  readonly #target: unknown[];
  readonly #length: number;

  constructor(target: unknown[], length: number) {
    this.#target = target;
    this.#length = length;
  }

  fill(reader: PartReader): boolean {
    const { source, depth } = reader;
    const target = this.#target;
    while (this.#index < this.#length) {
      const index = this.#index++;
      if (source.bytes[source.position] === Tag.HOLE) {
        source.position++;
        source.promised--;
        target.length = Math.max(target.length, index + 1);
      } else {
        target[index] = reader.value();
        if (reader.depth !== depth) return false;
      }
    }
    return true;
  }
}

/** Fills an array by its keys. */
export class KeyedArrayFiller implements Filler {
  #rest: number;
  readonly #target: unknown[];

  constructor(target: unknown[], count: number) {
    this.#target = target;
    this.#rest = count;
  }

  fill(reader: PartReader): boolean {
    const { source, depth } = reader;
    const target = this.#target;
    while (this.#rest > 0) {
      this.#rest--;
      const key = reader.key();
      if (typeof key === "number" ? !(key >= 0 && key < target.length) : key === "length") {
        throw source.damaged("an array has a key that is not one of its own");
      }
      const value = reader.value();
      if (typeof key === "number") target[key] = value;
      else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
      if (reader.depth !== depth) return false;
    }
    return true;
  }
}

/** Keys that several objects have. */
export interface ReadShape {
  /** In order. */
  readonly keys: readonly string[];
  /** Whether they can be set by plain assignment. */
  readonly ordinary: boolean;
}

/** Fills an object whose keys are known. */
export class ValuesFiller implements Filler {
  #index = 0;
  readonly #target: Settable;
  readonly #shape: ReadShape;

  constructor(target: Settable, shape: ReadShape) {
    this.#target = target;
    this.#shape = shape;
  }

  fill(reader: PartReader): boolean {
    const target = this.#target;
    const { keys, ordinary } = this.#shape;
    const { depth } = reader;
    while (this.#index < keys.length) {
      const index = this.#index++;
      const key = keys[index] ?? "";
      const value = reader.value();
      if (ordinary) target[key] = value;
      else setProperty(target, key, index, value);
      if (reader.depth !== depth) return false;
    }
    return true;
  }
}

/** Fills an object by keys and values in turn. */
export class EntriesFiller implements Filler {
  #index = 0;
  readonly #target: Settable;
  readonly #count: number;

  constructor(target: Settable, count: number) {
    this.#target = target;
    this.#count = count;
  }

  fill(reader: PartReader): boolean {
    const { depth } = reader;
    while (this.#index < this.#count) {
      const index = this.#index++;
      const key = String(reader.key());
      setProperty(this.#target, key, index, reader.value());
      if (reader.depth !== depth) return false;
    }
    return true;
  }
}

/** Fills an error with its own properties. */
export class FieldsFiller implements Filler {
  #rest: number;
  readonly #target: Error;

  constructor(target: Error, count: number) {
    this.#target = target;
    this.#rest = count;
  }

  fill(reader: PartReader): boolean {
    const { depth } = reader;
    while (this.#rest > 0) {
      this.#rest--;
      const key = String(reader.key());
      const enumerable = reader.value() === true;
      if (reader.depth !== depth) throw reader.source.damaged("a property of an error has an object for a flag");
      defineErrorField(this.#target, key, enumerable, reader.value());
      if (reader.depth !== depth) return false;
    }
    return true;
  }
}

/** Fills a Map by keys and values in turn. */
export class MapFiller implements Filler {
  #rest: number;
  #key: unknown;
  readonly #target: Map<unknown, unknown>;

  constructor(target: Map<unknown, unknown>, count: number) {
    this.#target = target;
    this.#rest = 2 * count;
  }

  fill(reader: PartReader): boolean {
    const { depth } = reader;
    while (this.#rest > 0) {
      const isKey = this.#rest-- % 2 === 0;
      const value = reader.value();
      if (isKey) this.#key = value;
      else this.#target.set(this.#key, value);
      if (reader.depth !== depth) return false;
    }
    return true;
  }
}

/** Fills a Set. */
export class SetFiller implements Filler {
  #rest: number;
  readonly #target: Set<unknown>;

  constructor(target: Set<unknown>, count: number) {
    this.#target = target;
    this.#rest = count;
  }

  fill(reader: PartReader): boolean {
    const { depth } = reader;
    while (this.#rest > 0) {
      this.#rest--;
      this.#target.add(reader.value());
      if (reader.depth !== depth) return false;
    }
    return true;
  }
}
