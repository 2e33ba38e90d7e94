/** How many keys a chunk has before it is cut in two. */
const CHUNK = 64;

interface Chunk<V> {
  /** The map that may change this chunk in place. */
  readonly owner: symbol;
  readonly keys: string[];
  readonly values: V[];
}

/** The place of the first key that is not before `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = keys[middle];
    if (found !== undefined && found < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A map in the order of its keys, by UTF-16 code units: a sorted list of sorted chunks. A copy costs nothing; what is changed
 * later is copied then, chunk by chunk.
 */
export class SortedMap<V> {
  #chunks: Chunk<V>[] = [];
  /** For each chunk its first key, or less: what is searched. */
  #firsts: string[] = [];
  #owner = Symbol();
  #shared = false;

  /** The value at a key. */
  get(key: string): V | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  /** Puts a value at a key. */
  set(key: string, value: V): void {
    this.#own();
    const place = this.#chunkOf(key);
    const chunk = this.#ownChunk(place);
    if (chunk === undefined) {
      this.#chunks.push({ owner: this.#owner, keys: [key], values: [value] });
      this.#firsts.push("");
      return;
    }
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    if (chunk.keys.length <= CHUNK) return;
    const keys = chunk.keys.splice(CHUNK / 2);
    const [first = ""] = keys;
    this.#chunks.splice(place + 1, 0, { owner: this.#owner, keys, values: chunk.values.splice(CHUNK / 2) });
    this.#firsts.splice(place + 1, 0, first);
  }

  /** Removes a key. */
  delete(key: string): void {
    const place = this.#chunkOf(key);
    const found = this.#chunks[place];
    if (found === undefined || found.keys[lowerBound(found.keys, key)] !== key) return;
    this.#own();
    const chunk = this.#ownChunk(place);
    if (chunk === undefined) return;
    const at = lowerBound(chunk.keys, key);
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    if (chunk.keys.length > 0) return;
    this.#chunks.splice(place, 1);
    this.#firsts.splice(place, 1);
    if (this.#firsts.length > 0) this.#firsts[0] = "";
  }

  /** The first `limit` values with keys from `start` on and before `end`; from the end if `reverse`. */
  range(start: string, end: string, limit: number, reverse: boolean): V[] {
    const found: V[] = [];
    const step = reverse ? -1 : 1;
    for (let place = this.#chunkOf(reverse ? end : start); place >= 0; place += step) {
      const chunk = this.#chunks[place];
      if (chunk === undefined) break;
      const low = lowerBound(chunk.keys, start);
      const high = lowerBound(chunk.keys, end);
      const values = chunk.values.slice(low, Math.max(low, high));
      if (reverse) values.reverse();
      for (const value of values) {
        if (found.length === limit) return found;
        found.push(value);
      }
      if (reverse ? low > 0 : high < chunk.keys.length) break;
    }
    return found;
  }

  /** This map as it is now, whatever becomes of it. */
  copy(): SortedMap<V> {
    const copy = new SortedMap<V>();
    copy.#chunks = this.#chunks;
    copy.#firsts = this.#firsts;
    copy.#shared = this.#shared = true;
    this.#owner = Symbol();
    return copy;
  }

  /** The last chunk that does not begin after `key`. */
  #chunkOf(key: string): number {
    const at = lowerBound(this.#firsts, key);
    return this.#firsts[at] === key ? at : Math.max(0, at - 1);
  }

  #own(): void {
    if (!this.#shared) return;
    this.#chunks = [...this.#chunks];
    this.#firsts = [...this.#firsts];
    this.#shared = false;
  }

  #ownChunk(place: number): Chunk<V> | undefined {
    const chunk = this.#chunks[place];
    if (chunk === undefined || chunk.owner === this.#owner) return chunk;
    return this.#chunks[place] = { owner: this.#owner, keys: [...chunk.keys], values: [...chunk.values] };
  }
}
