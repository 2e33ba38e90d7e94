/**
 * Setting properties whose names come from stored bytes.
 *
 * @module
 */
import { isIndex } from "./frames.ts";

/** An index up to which V8 never reserves more than a few kilobytes, however few elements there are. */
const NEAR = 32;
/** An index so far away that V8 keeps elements in a hash table. */
const FAR = 2 ** 28;

/** An object that properties are set on. */
export type Settable = { [key: string | number]: unknown };

/**
 * An array of this length without elements, which costs the same whatever the length. V8 would otherwise reserve room
 * for all of it: eight times the length in bytes, for a few bytes of input.
 */
export function emptySparseArray(length: number): unknown[] {
  const array: unknown[] = [];
  array[FAR] = undefined;
  array.length = 0;
  array.length = length;
  return array;
}

/** Whether properties of these names, set in this order, may be set by plain assignment. */
export function areOrdinary(keys: readonly string[]): boolean {
  return keys.every((key, place) => isOrdinary(key, place));
}

/** Sets an own property, whatever its name: no setter runs, and no prototype changes. */
export function setProperty(target: Settable, key: string, place: number, value: unknown): void {
  if (isOrdinary(key, place)) {
    target[key] = value;
    return;
  }
  if (isIndex(key)) {
    target[FAR] = undefined;
    delete target[FAR];
  }
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function isOrdinary(key: string, place: number): boolean {
  if (key in Object.prototype) return false;
  return !isIndex(key) || Number(key) <= 2 * place + NEAR;
}
