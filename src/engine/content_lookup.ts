/**
 * Looks results of other runs up in the store: many at a time, and with their neighbours, where the store reads those quickly. The steps of a
 * graph mostly become ready in the order of their names, so that what is read by the way is what is asked for next, and where nothing is
 * kept, one look tells that for all steps.
 *
 * What was read by the way may be a little old: a result that is kept since is made once more then, and one that is dropped since is
 * taken all the same.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { CachedResult } from "../../storage/runtime/records.ts";
import type { IntegrityError } from "../errors.ts";

/** What the store has under a key. */
export type Answer = CachedResult | IntegrityError | undefined;

/** The fewest and the most neighbours that are read with a result. */
const FEWEST_NEAR = 16;
const MOST_NEAR = 512;

/** How many stretches of keys are remembered. */
const MOST_SPANS = 8;

/** Neighbours are read as long as one of so many is asked for. */
const WORTH = 8;

/** A stretch of keys of which all is known. */
interface Span {
  readonly from: string;
  readonly to: string;
  /** What there is; `undefined` for what is too large to be read by the way. */
  readonly results: ReadonlyMap<string, CachedResult | undefined>;
}

/** Looks up the results of one workflow. */
export class ContentLookup {
  readonly #storage: EngineStorage;
  readonly #end: string;
  #spans: Span[] = [];
  #near = FEWEST_NEAR;
  #listed = 0;
  #used = 0;
  #usedOfLast = 0;

  /** Looks in `storage`; all keys of the workflow are below `end`. */
  constructor(storage: EngineStorage, end: string) {
    this.#storage = storage;
    this.#end = end;
  }

  /** What is under a key, if that is known without a look at the store. */
  known(key: string): { readonly answer: Answer } | undefined {
    for (const { from, to, results } of this.#spans) {
      if (key < from || key >= to) continue;
      const answer = results.get(key);
      if (answer === undefined) return results.has(key) ? undefined : { answer };
      this.#used++;
      this.#usedOfLast++;
      return { answer };
    }
    return undefined;
  }

  /** What is under keys, in their order. */
  async find(keys: readonly string[]): Promise<readonly Answer[]> {
    const isWorthIt = this.#listed < 4 * FEWEST_NEAR || this.#used * WORTH >= this.#listed;
    if (this.#storage.listCached !== undefined && isWorthIt) await this.#readNear(keys);
    const answers = new Map<string, Answer>();
    const open: string[] = [];
    for (const key of keys) {
      const known = this.known(key);
      if (known === undefined) open.push(key);
      else answers.set(key, known.answer);
    }
    if (open.length > 0) {
      const found = await this.#storage.readCached!(open);
      for (const [i, key] of open.entries()) answers.set(key, found[i]);
    }
    return keys.map((key) => answers.get(key));
  }

  async #readNear(keys: readonly string[]): Promise<void> {
    const from = keys.reduce((first, key) => key < first ? key : first);
    const limit = Math.min(MOST_NEAR, Math.max(this.#near, 2 * keys.length));
    const listed = await this.#storage.listCached!(from, this.#end, limit);
    const last = listed[listed.length - 1];
    const to = last === undefined || listed.length < limit ? this.#end : `${last.key}\0`;
    this.#spans = [
      { from, to, results: new Map(listed.map(({ key, result }) => [key, result])) },
      ...this.#spans.slice(0, MOST_SPANS - 1),
    ];
    this.#near = 2 * this.#usedOfLast >= this.#near
      ? Math.min(MOST_NEAR, 2 * this.#near)
      : Math.max(FEWEST_NEAR, this.#near / 2);
    this.#usedOfLast = 0;
    this.#listed += listed.length;
  }
}
