/**
 * Two orders that the storage in memory keeps: a heap from which anything can be taken, and a sorted list.
 *
 * @module
 */

/** Says which of two comes first: negative for the first, positive for the second. */
export type Compare<T> = (a: T, b: T) => number;

/** Gives the first of many; adding, and taking out any, is O(log n). */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();
  readonly #compare: Compare<T>;

  /** A heap whose first item is the least by `compare`. No two items may be equal by it. */
  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** The first; `undefined` if there is none. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds one that is not in the heap. */
  add(item: T): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Takes one out. @returns Whether it was in the heap. */
  delete(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last === undefined || last === item) return true;
    this.#rise(last, place);
    this.#sink(last, this.#places.get(last) ?? place);
    return true;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }

  #rise(item: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || this.#compare(parent, item) <= 0) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(item: T, from: number): void {
    let place = from;
    while (true) {
      let below = 2 * place + 1;
      let child = this.#items[below];
      if (child === undefined) break;
      const other = this.#items[below + 1];
      if (other !== undefined && this.#compare(other, child) < 0) {
        child = other;
        below++;
      }
      if (this.#compare(item, child) <= 0) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }
}

/** How many items a chunk of a sorted list has before it is cut in two. */
const CHUNK = 512;

/** Keeps many in order, in sorted chunks, so that a change moves no more than one of them. */
export class SortedList<T extends object> {
  readonly #chunks: T[][] = [];
  readonly #compare: Compare<T>;

  /** A list in the order of `compare`. No two items may be equal by it. */
  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  /** The items, the first first. The list must not change meanwhile. */
  *forward(): Generator<T, void> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The items that `isBefore` is true of, the last first; it is true of the first items up to some place. */
  *backward(isBefore: (item: T) => boolean): Generator<T, void> {
    const last = this.#countChunks(isBefore) - 1;
    for (let place = last; place >= 0; place--) {
      const chunk = this.#chunks[place] ?? [];
      const end = place === last ? lowerBound(chunk, isBefore) : chunk.length;
      yield* chunk.slice(0, end).reverse();
    }
  }

  /** Adds one that is not in the list. */
  add(item: T): void {
    const place = this.#chunkOf(item);
    const chunk = this.#chunks[place];
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(lowerBound(chunk, (other) => this.#compare(other, item) < 0), 0, item);
    if (chunk.length > CHUNK) this.#chunks.splice(place + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** Takes one out; silent if it is not in the list. */
  delete(item: T): void {
    const place = this.#chunkOf(item);
    const chunk = this.#chunks[place] ?? [];
    const at = lowerBound(chunk, (other) => this.#compare(other, item) < 0);
    if (chunk[at] !== item) return;
    chunk.splice(at, 1);
    if (chunk.length === 0) this.#chunks.splice(place, 1);
  }

  /** How many chunks have a first item of which `isBefore` is true. */
  #countChunks(isBefore: (item: T) => boolean): number {
    return lowerBound(this.#chunks, ([first]) => first !== undefined && isBefore(first));
  }

  /** The place of the chunk that an item belongs to. */
  #chunkOf(item: T): number {
    return Math.max(0, this.#countChunks((first) => this.#compare(first, item) <= 0) - 1);
  }
}

/** How many of the items `isBefore` is true of; it is true of the first ones up to some place. */
function lowerBound<T extends object>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && isBefore(item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
