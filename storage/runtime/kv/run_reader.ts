/**
 * Reading of runs, steps, values and events; nothing here writes.
 *
 * @module
 */
import { IntegrityError } from "../../../src/errors.ts";
import type { NotableEvent, RunRecord, StepRecord, StoredValue } from "../records.ts";
import type { KvContext } from "./context.ts";
import { type EventForm, eventOf } from "./events.ts";
import { type Head, isSmall, runRecord } from "./head.ts";
import { lastNumber, lastText } from "./keys.ts";
import type { KvEntry } from "../../kv/kv_like.ts";
import { decodeSteps, type StepPage, stepsOfPages, UNTOUCHED } from "./step_page.ts";
import type { StoredForm } from "./stored_form.ts";

/** From how many values on they are listed and not read one by one. */
const LIST_FROM = 8;

/** Reads what is kept of runs. */
export class RunReader {
  readonly #context: KvContext;

  /** Reads where the context says. */
  constructor(context: KvContext) {
    this.#context = context;
  }

  /** The head of a run; `undefined` if there is none, or the run was forgotten. */
  async head(runId: string): Promise<KvEntry<Head> | undefined> {
    const entry = await this.#context.kv.get<Head>(this.#context.keys.head(runId));
    return entry.versionstamp === null || entry.value.gone === true ? undefined : entry;
  }

  /** The record of a run with this head. */
  async record(runId: string, head: Head, claimed = false): Promise<RunRecord> {
    const now = recordNow(runId, head, claimed);
    if (now !== undefined) return now;
    const { forms } = this.#context;
    const input = await forms.read(runId, head.i ?? await this.#input(runId));
    const failure = head.x === undefined ? undefined : await forms.read(runId, head.x.e);
    return runRecord(runId, head, input, failureOf(head, failure), claimed);
  }

  /** What is known of a run. */
  async run(runId: string): Promise<RunRecord | undefined> {
    const entry = await this.head(runId);
    return entry && await this.recordIfThere(runId, entry.value);
  }

  /** The record of a run with this head; `undefined` if the run was forgotten while it was read. */
  async recordIfThere(runId: string, head: Head): Promise<RunRecord | undefined> {
    try {
      return await this.record(runId, head);
    } catch (error) {
      if (error instanceof IntegrityError && await this.head(runId) === undefined) return undefined;
      throw error;
    }
  }

  /** The pages of a run's steps. */
  async pages(runId: string): Promise<Map<number, StepPage>> {
    const pages = new Map<number, StepPage>();
    const selector = this.#context.keys.below("page", runId);
    for await (const entry of this.#context.kv.list<StepPage>(selector, { batchSize: 500 })) {
      pages.set(lastNumber(entry.key), entry.value);
    }
    return pages;
  }

  /** The steps of a run. */
  async steps(runId: string): Promise<readonly StepRecord[]> {
    const head = (await this.head(runId))?.value;
    if (head === undefined) return [];
    if (!isSmall(head)) return stepsOfPages(await this.pages(runId), head.z, head.c);
    return head.st === undefined ? new Array<StepRecord>(head.z).fill(UNTOUCHED) : decodeSteps(head.st, head.c);
  }

  /** The values of steps. */
  async values(runId: string, places: readonly number[]): Promise<readonly (StoredValue | undefined)[]> {
    const { kv, keys, forms } = this.#context;
    const read = (form: StoredForm | null | undefined) =>
      form === null || form === undefined ? undefined : forms.read(runId, form);
    if (places.length < LIST_FROM) {
      const entries = await Promise.all(places.map((place) => kv.get<StoredForm>(keys.value(runId, place))));
      return await Promise.all(entries.map((entry) => read(entry.value)));
    }
    const found = new Map<number, StoredForm>();
    for (const [from, to] of ranges(places)) {
      const selector = { start: keys.value(runId, from), end: keys.value(runId, to + 1) };
      for await (const entry of kv.list<StoredForm>(selector, { batchSize: 500 })) {
        found.set(lastNumber(entry.key), entry.value);
      }
    }
    return await Promise.all(places.map((place) => read(found.get(place))));
  }

  /** What the steps do not tell. */
  async events(runId: string): Promise<readonly NotableEvent[]> {
    const { kv, keys, forms } = this.#context;
    const events: NotableEvent[] = [];
    for await (const entry of kv.list<readonly EventForm[]>(keys.below("event", runId), { batchSize: 100 })) {
      for (const form of entry.value) events.push(await eventOf(forms, runId, form));
    }
    return events;
  }

  /** The number of the next entry of events under a fence. */
  async nextEvent(runId: string, fence: bigint): Promise<number> {
    const { kv, keys } = this.#context;
    const selector = keys.below("event", runId, fence);
    for await (const entry of kv.list(selector, { reverse: true, limit: 1 })) return lastNumber(entry.key) + 1;
    return 0;
  }

  /** Ids of runs that ended before a time. */
  async endedBefore(time: number, limit: number): Promise<readonly string[]> {
    const { kv, keys } = this.#context;
    const ids: string[] = [];
    if (limit <= 0) return ids;
    const prefix = [keys.prefix, "done"];
    for await (const entry of kv.list({ prefix, end: [...prefix, time] }, { limit })) ids.push(lastText(entry.key));
    return ids;
  }

  async #input(runId: string): Promise<StoredForm> {
    const entry = await this.#context.kv.get<StoredForm>(this.#context.keys.input(runId));
    if (entry.value !== null) return entry.value;
    throw new IntegrityError(`The input of run ${JSON.stringify(runId)} is missing.`);
  }
}

/** The record of a run, if its head has all of it. */
export function recordNow(runId: string, head: Head, claimed: boolean): RunRecord | undefined {
  const input = head.i === undefined ? undefined : valueNow(head.i);
  if (input === undefined) return undefined;
  if (head.x === undefined) return runRecord(runId, head, input, undefined, claimed);
  const failure = valueNow(head.x.e);
  return failure && runRecord(runId, head, input, failureOf(head, failure), claimed);
}

/** The value of a form that has all of it; `undefined` for one in pieces. */
export function valueNow(form: StoredForm): StoredValue | undefined {
  if (form instanceof Uint8Array) return { kind: "bytes", bytes: form };
  if (form.k === "error") return { kind: "error", error: form.error };
  return form.k === "object" ? { kind: "object", key: form.key, size: form.size, sha256: form.sha256 } : undefined;
}

function failureOf(head: Head, value: StoredValue | undefined): RunRecord["failure"] {
  return head.x !== undefined && value?.kind === "error" ? { place: head.x.p, error: value.error } : undefined;
}

/** Places in as few ranges as is worth it: a gap of a few is read over. */
function ranges(places: readonly number[]): [from: number, to: number][] {
  const sorted = [...places].sort((a, b) => a - b);
  const found: [number, number][] = [];
  for (const place of sorted) {
    const last = found[found.length - 1];
    if (last !== undefined && place - last[1] <= 8) last[1] = place;
    else found.push([place, place]);
  }
  return found;
}
