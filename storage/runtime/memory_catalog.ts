/**
 * Which runs and definitions there are, in memory, and in what order they are listed.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { decode } from "../codec/structured.ts";
import { redefined } from "./definition_changes.ts";
import type { RunPage, RunQuery } from "./engine_storage.ts";
import { SortedList } from "./memory_order.ts";
import { definitionKey, MemoryRun } from "./memory_run.ts";
import type { DrivenRun } from "./memory_steps.ts";
import type { DefinitionKey, DefinitionRecord, NewRun, RunRecord, StoredValue } from "./records.ts";

interface KnownDefinition {
  readonly record: DefinitionRecord;
  readonly places: ReadonlyMap<string, number>;
}

/** What of a new run others may have too. */
type RunKeys = Omit<NewRun, "input">;

/** Finds runs by their id, their key, their age and their end. */
export class MemoryCatalog {
  readonly #definitions = new Map<string, KnownDefinition>();
  /** The schema of each name and version. */
  readonly #schemas = new Map<string, string>();
  readonly #runs = new Map<string, MemoryRun>();
  /** By workflow and idempotency key. */
  readonly #keys = new Map<string, MemoryRun>();
  /** By workflow and exclusive key, those that have not ended. */
  readonly #exclusive = new Map<string, MemoryRun>();
  readonly #byAge = new SortedList<MemoryRun>((a, b) => a.record.createdAt - b.record.createdAt || a.number - b.number);
  readonly #byEnd = new SortedList<MemoryRun>((a, b) =>
    (a.record.endedAt ?? 0) - (b.record.endedAt ?? 0) || a.number - b.number
  );
  #started = 0;

  /** Makes a definition known; a version that is known with another schema is refused. */
  define(definition: DefinitionRecord): void {
    const { workflow, version, schema, steps } = definition;
    const name = JSON.stringify([workflow, version]);
    const known = version === "" ? schema : this.#schemas.get(name) ?? schema;
    if (known !== schema) {
      throw redefined(this.definition({ workflow, version, schema: known }), definition);
    }
    const key = definitionKey(definition);
    if (this.#definitions.has(key)) return;
    if (version !== "") this.#schemas.set(name, schema);
    const places = new Map(steps.map((step, place) => [step, place]));
    this.#definitions.set(key, { record: structuredClone(definition), places });
  }

  /** A definition that is known. */
  definition(key: DefinitionKey): DefinitionRecord | undefined {
    return this.#definitions.get(definitionKey(key))?.record;
  }

  /** The run with an id. */
  run(id: string): MemoryRun | undefined {
    return this.#runs.get(id);
  }

  /** The run that has the id, the idempotency key, or by not having ended the exclusive key, of a new one. */
  known(run: RunKeys & { readonly endedAt?: number }): MemoryRun | undefined {
    const key = idempotencyKey(run);
    return this.#runs.get(run.id) ?? (key === undefined ? undefined : this.#keys.get(key)) ??
      (run.endedAt === undefined ? this.exclusiveHolder(run) : undefined);
  }

  /** The run that has not ended and has the exclusive key of another. */
  exclusiveHolder(run: RunKeys): MemoryRun | undefined {
    const key = exclusiveKey(run);
    return key === undefined ? undefined : this.#exclusive.get(key);
  }

  /** Adds a run that is not known. */
  add(record: RunRecord): MemoryRun {
    const run = new MemoryRun(record, ++this.#started);
    this.#runs.set(run.id, run);
    const key = idempotencyKey(record);
    if (key !== undefined) this.#keys.set(key, run);
    this.#byAge.add(run);
    if (run.ended) this.#byEnd.add(run);
    else this.#takeExclusive(run);
    return run;
  }

  /** A run has ended. */
  ended(run: MemoryRun): void {
    this.#byEnd.add(run);
    const key = exclusiveKey(run.record);
    if (key !== undefined) this.#exclusive.delete(key);
  }

  /** A run is about to be opened again. */
  reopened(run: MemoryRun): void {
    this.#byEnd.delete(run);
    this.#takeExclusive(run);
  }

  /** Forgets a run that has ended. */
  forget(id: string): void {
    const run = this.#runs.get(id);
    if (run?.ended !== true) return;
    this.#runs.delete(id);
    const key = idempotencyKey(run.record);
    if (key !== undefined) this.#keys.delete(key);
    this.#byAge.delete(run);
    this.#byEnd.delete(run);
  }

  /** The ids of the runs that ended before a time. */
  endedBefore(time: number, limit: number): string[] {
    const ids: string[] = [];
    for (const { id, record } of this.#byEnd.forward()) {
      if (ids.length >= limit || (record.endedAt ?? 0) >= time) break;
      ids.push(id);
    }
    return ids;
  }

  /** A page of runs, the latest first. A cursor is the age and number of the last run of the page before. */
  list({ workflow, statuses, tag, limit = 100, cursor }: RunQuery): RunPage {
    const [createdAt = Infinity, number = Infinity] = cursor?.split("/").map(Number) ?? [];
    const runs: RunRecord[] = [];
    let last: MemoryRun | undefined;
    const older = this.#byAge.backward(({ record, number: other }) =>
      record.createdAt < createdAt || record.createdAt === createdAt && other < number
    );
    for (const run of older) {
      if (!isAsked(run.record)) continue;
      if (last !== undefined && runs.length >= limit) {
        return { runs, cursor: `${last.record.createdAt}/${last.number}` };
      }
      runs.push(run.record);
      last = run;
    }
    return { runs, cursor: undefined };

    function isAsked(record: RunRecord): boolean {
      return (workflow === undefined || record.workflow === workflow) &&
        (statuses === undefined || statuses.includes(record.status)) &&
        (tag === undefined || record.tags.includes(tag));
    }
  }

  #takeExclusive(run: MemoryRun): void {
    const key = exclusiveKey(run.record);
    if (key !== undefined) this.#exclusive.set(key, run);
  }

  /** What the ten methods show of a run. */
  driven(workflow: string, id: string): DrivenRun | undefined {
    const run = this.#runs.get(id);
    if (run === undefined || run.record.workflow !== workflow) return undefined;
    const places = this.#definitions.get(definitionKey(run.record))?.places;
    return {
      state(stepName) {
        const place = places?.get(stepName);
        return place === undefined ? null : run.step(place).status;
      },
      result(stepName) {
        const place = places?.get(stepName);
        if (place === undefined || run.step(place).status !== "SUCCEEDED") return undefined;
        return plainValue(run.values.get(place), stepName);
      },
      input: () => plainValue(run.record.input, "the input"),
    };
  }
}

function idempotencyKey(run: RunKeys): string | undefined {
  return run.idempotencyKey === undefined ? undefined : JSON.stringify([run.workflow, run.idempotencyKey]);
}

function exclusiveKey(run: RunKeys): string | undefined {
  return run.exclusive === undefined ? undefined : JSON.stringify([run.workflow, run.exclusive]);
}

function plainValue(value: StoredValue | undefined, what: string): unknown {
  // No bytes stand for no input.
  if (value?.kind !== "object") {
    return value?.kind === "bytes" && value.bytes.length > 0 ? decode(value.bytes) : undefined;
  }
  throw new ConfigError(`The value of ${what} lies in the attached object store under ${value.key}; read it there.`);
}
