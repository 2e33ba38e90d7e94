/**
 * Lists of keys that plain objects share, so that the keys of many equal records are written once.
 *
 * @module
 */

/** Objects with more keys than this are taken for dictionaries, each with keys of its own. */
const MOST_KEYS = 64;
/** How many lists of keys with the same first key are compared. */
const MOST_ALIKE = 8;

/** A list of keys, and its number. */
export interface Shape {
  /** In the order in which the shapes were first met. */
  readonly number: number;
  /** Own enumerable string keys, in order. */
  readonly keys: readonly string[];
}

/** The shapes met by one encoder. */
export class Shapes {
  readonly #byFirstKey: Map<string, Shape[]> = new Map();
  #count = 0;
  #last: Shape | undefined;

  /** The shape with these keys, if there is one. */
  find(keys: readonly string[]): Shape | undefined {
    if (this.#last !== undefined && sameKeys(this.#last.keys, keys)) return this.#last;
    const first = keys[0];
    const found = first === undefined
      ? undefined
      : this.#byFirstKey.get(first)?.find((shape) => sameKeys(shape.keys, keys));
    if (found !== undefined) this.#last = found;
    return found;
  }

  /** Gives the next number to a list of keys that was not found. Gives `false` if it is not worth a number. */
  add(keys: readonly string[]): boolean {
    const first = keys[0];
    if (first === undefined || keys.length > MOST_KEYS) return false;
    let alike = this.#byFirstKey.get(first);
    if (alike === undefined) this.#byFirstKey.set(first, alike = []);
    if (alike.length === MOST_ALIKE) return false;
    this.#last = { number: this.#count++, keys };
    alike.push(this.#last);
    return true;
  }
}

function sameKeys(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false;
  return true;
}
