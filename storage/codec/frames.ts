/**
 * The encoder's own stack: one frame for each object that is open, so that depth costs memory but never the call stack.
 *
 * @module
 */
import type { PathStep } from "./path.ts";

/** Reads of properties whose names are not known beforehand. */
export type Indexable = { readonly [key: string | number]: unknown };

/** An object whose parts are being written. */
export type Frame = ElementsFrame | PropertiesFrame | ItemsFrame;

/** The elements of an array, each as its value. */
export interface ElementsFrame {
  readonly kind: "elements";
  readonly source: readonly unknown[];
  readonly length: number;
  /** How many were begun. */
  index: number;
}

/** The properties of an object. */
export interface PropertiesFrame {
  /** What is written of each: its value; its key and value; or its key, whether it is enumerable, and its value. */
  readonly kind: "values" | "entries" | "fields";
  readonly source: object;
  readonly keys: readonly string[];
  readonly length: number;
  /** How many were begun. */
  index: number;
}

/** Values that were listed beforehand. */
export interface ItemsFrame {
  /** Keys and values of a Map in turn, items of a Set, or what a serializer keeps. */
  readonly kind: "map" | "set" | "external";
  readonly source: object;
  readonly items: readonly unknown[];
  readonly length: number;
  /** How many were begun. */
  index: number;
}

/** The way from the root to what was begun last. */
export function pathOf(frames: readonly Frame[]): PathStep[] {
  return frames.filter(({ index }) => index > 0).map((frame): PathStep => {
    const index = frame.index - 1;
    switch (frame.kind) {
      case "elements":
        return { kind: "property", key: index };
      case "values":
      case "entries":
      case "fields": {
        const key = frame.keys[index] ?? "";
        return { kind: "property", key: Array.isArray(frame.source) && isIndex(key) ? Number(key) : key };
      }
      case "map": {
        const entry = index >> 1;
        return index % 2 === 0
          ? { kind: "mapKey", index: entry }
          : { kind: "mapValue", key: frame.items[index - 1], index: entry };
      }
      case "set":
        return { kind: "setItem", index };
      case "external":
        return { kind: "property", key: "pid" };
    }
  });
}

/** Whether a property name is an array index. */
export function isIndex(key: string): boolean {
  const index = Number(key) >>> 0;
  return index !== 0xffff_ffff && String(index) === key;
}
