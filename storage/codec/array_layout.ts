/**
 * How an array is written: element by element, or by its keys.
 *
 * @module
 */
import { isIndex } from "./frames.ts";
import { inspect } from "./platform.ts";

/** From this length it is cheaper to ask `inspect` for extra properties than to list all keys. */
const LARGE = 2048;
/** Holes that are written one by one whatever the length. */
const FEW_HOLES = 16;

/**
 * The keys of an array that has properties beside its elements or is mostly holes, or `undefined` for one to be
 * written element by element. The answer depends on the array's content only.
 */
export function keysToWrite(array: readonly unknown[]): string[] | undefined {
  const { length } = array;
  if (length >= LARGE && !hasHoles(array) && !hasExtraProperties(array)) return undefined;
  const keys = Object.keys(array);
  if (keys.length === length && (length === 0 || keys[length - 1] === String(length - 1))) return undefined;
  const last = keys.at(-1);
  const hasNames = last !== undefined && !isIndex(last);
  return hasNames || length > 2 * keys.length + FEW_HOLES ? keys : undefined;
}

/** Whether an element is missing. */
export function isHole(array: readonly unknown[], index: number): boolean {
  return array[index] === undefined && !Object.hasOwn(array, index);
}

function hasHoles(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) if (isHole(array, index)) return true;
  return false;
}

/**
 * No other function tells whether an array has properties beside its elements without making a string of every index,
 * which takes ten times longer than writing the array. The answer "yes" is only a reason to list all keys.
 */
function hasExtraProperties(array: readonly unknown[]): boolean {
  const shown = inspect(array, { maxArrayLength: 0, depth: 0, breakLength: Infinity, colors: false, getters: false });
  return shown !== `[ ... ${array.length} more items ]`;
}
