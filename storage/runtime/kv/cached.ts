/**
 * Results for the steps of other runs, under keys that say what they were made from. They are written with the commit of the step, in
 * the same atomic where it fits. What finds old ones is an entry a commit that lists the keys it kept: an index of one entry a result would
 * cost each of them another mutation.
 *
 * @module
 */
import { IntegrityError } from "../../../src/errors.ts";
import type { CachedResult, StoredValue } from "../records.ts";
import { Unit } from "../../kv/unit.ts";
import type { CommitWriter } from "./commit_writer.ts";
import { type KvContext, removeAll, untilUnchanged } from "./context.ts";
import { lastText } from "./keys.ts";
import { valueNow } from "./run_reader.ts";
import { formBytes, type StoredForm } from "./stored_form.ts";

/** A result as it is stored. */
interface CachedForm {
  /** The value. */
  readonly v: StoredForm;
  /** Content hash of the value. */
  readonly c?: string;
  /** The hash by which damage is found. */
  readonly d: string;
  /** Milliseconds since 1970 at which it was kept. */
  readonly t: number;
}

/** The most bytes of a value that lies in the entry of its result, and is read with its neighbours. */
const INLINE_BYTES = 4_096;
/** How many keys one entry of the index lists: of at most 200 characters each, and of 65,536 bytes that a value may have. */
const KEYS_LISTED = 300;
/** How many keys `getMany` takes. */
const KEYS_AT_ONCE = 10;

/** The owner of the pieces of a large value. No run has such an id: it would not be a name. */
function ownerOf(key: string): string {
  return `\u0001cached ${key}`;
}

/** Adds results to a commit. */
export async function writeCached(
  context: KvContext,
  results: readonly CachedResult[],
  writer: CommitWriter,
): Promise<void> {
  const { keys, forms } = context;
  for (let from = 0; from < results.length; from += KEYS_LISTED) {
    const some = results.slice(from, from + KEYS_LISTED);
    const listed = some.map(({ key }) => key);
    const keptAt = some.reduce((first, { keptAt }) => Math.min(first, keptAt), Infinity);
    const bytes = listed.reduce((sum, key) => sum + key.length + 8, 0);
    if (writer.isFull(bytes)) await writer.flush();
    writer.unit.set(keys.cachedAt(keptAt, context.newMark()), listed, bytes);
    for (const { key, value, content, check, keptAt } of some) {
      const v = forms.small(value, INLINE_BYTES) ?? await forms.any(ownerOf(key), value, INLINE_BYTES);
      const form: CachedForm = { v, ...(content === undefined ? {} : { c: content }), d: check, t: keptAt };
      if (writer.isFull(formBytes(v) + 200)) await writer.flush();
      writer.unit.set(keys.cached(key), form, formBytes(v) + 200);
    }
  }
}

/** Reads and drops results. */
export class CachedResults {
  readonly #context: KvContext;

  /** Reads where the context says. */
  constructor(context: KvContext) {
    this.#context = context;
  }

  /** The results under keys, in their order; an error in the place of one that is damaged. */
  async read(keys: readonly string[]): Promise<(CachedResult | IntegrityError | undefined)[]> {
    const forms = await this.#forms(keys);
    return await Promise.all(forms.map(({ value }, i) => value === null ? undefined : this.#result(keys[i]!, value)));
  }

  /** The results whose keys are in a range; without those that lie in pieces. */
  async list(from: string, to: string, limit: number): Promise<{ key: string; result?: CachedResult }[]> {
    const { kv, keys } = this.#context;
    const listed: { key: string; result?: CachedResult }[] = [];
    const range = { start: keys.cached(from), end: keys.cached(to) };
    for await (const { key: at, value } of kv.list<CachedForm>(range, { limit, batchSize: Math.min(limit, 500) })) {
      const [key, now] = [lastText(at), valueNow(value.v)];
      listed.push(now === undefined ? { key } : { key, result: resultOf(key, value, now) });
    }
    return listed;
  }

  /** Keys of results that were kept before a time and not since. */
  async before(time: number, limit: number): Promise<string[]> {
    const { kv, keys, queue } = this.#context;
    const found = new Set<string>();
    const prefix = [keys.prefix, "cached-at"];
    for await (const entry of kv.list<readonly string[]>({ prefix, end: [...prefix, time] }, { batchSize: 20 })) {
      const forms = await this.#forms(entry.value);
      const old = entry.value.filter((_, i) => (forms[i]!.value?.t ?? time) < time);
      if (old.length === 0) {
        // All that it lists were dropped, or are in a later entry.
        const unit = new Unit();
        unit.delete(entry.key);
        await queue.submit(unit);
      }
      for (const key of old) found.add(key);
      if (found.size >= limit) break;
    }
    return [...found];
  }

  /** Drops results that were not kept again at this time or later. */
  async drop(dropped: readonly string[], time: number): Promise<void> {
    for (let from = 0; from < dropped.length; from += 100) {
      await Promise.all(dropped.slice(from, from + 100).map((key) => this.#dropOne(key, time)));
    }
  }

  async #dropOne(key: string, time: number): Promise<void> {
    const { kv, keys, queue } = this.#context;
    const at = keys.cached(key);
    const isGone = await untilUnchanged(`The cached result ${key}`, async () => {
      const entry = await kv.get<CachedForm>(at);
      if (entry.versionstamp === null) return true;
      if (entry.value.t >= time) return false;
      const unit = new Unit();
      unit.guards.push(`cached ${key}`);
      unit.check(at, entry.versionstamp);
      unit.delete(at);
      return await queue.submit(unit) === undefined ? undefined : true;
    });
    if (isGone) await removeAll(this.#context, keys.below("blob", ownerOf(key)));
  }

  async #forms(keys: readonly string[]): Promise<{ readonly value: CachedForm | null }[]> {
    const { kv, keys: make } = this.#context;
    const reads: Promise<{ readonly value: CachedForm | null }[]>[] = [];
    for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
      const some = keys.slice(from, from + KEYS_AT_ONCE).map((key) => make.cached(key));
      reads.push(kv.getMany<CachedForm[]>(some));
    }
    return (await Promise.all(reads)).flat();
  }

  async #result(key: string, form: CachedForm): Promise<CachedResult | IntegrityError> {
    try {
      return resultOf(key, form, await this.#context.forms.read(ownerOf(key), form.v));
    } catch (error) {
      if (error instanceof IntegrityError) return error;
      throw error;
    }
  }
}

function resultOf(key: string, { c, d, t }: CachedForm, value: StoredValue): CachedResult {
  return { key, value, ...(c === undefined ? {} : { content: c }), check: d, keptAt: t };
}
