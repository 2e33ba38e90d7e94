/**
 * Making runs in memory of which steps have ended.
 *
 * @module
 */
import type { EngineStorage } from "./engine_storage.ts";
import type { FilledRun, RunContents } from "./filled_run.ts";
import { newRecord } from "./memory_run.ts";
import type { MemoryRuns } from "./memory_runs.ts";
import type { RunRecord, StoredValue } from "./records.ts";

/** Gathers what a run is made of, and adds it as a whole. */
export async function fillRun(
  runs: MemoryRuns,
  run: FilledRun,
  contents: RunContents,
): ReturnType<EngineStorage["startFilled"]> {
  const known = runs.catalog.known(run);
  if (known !== undefined) return { run: known.record, created: false };
  const values = new Map<number, StoredValue>();
  let input: StoredValue;
  try {
    input = await contents.input();
    for await (const { place, value } of contents.values()) values.set(place, value);
  } catch (error) {
    // What lies in the object store belongs to whoever has the id.
    if (runs.catalog.run(run.id) === undefined) await contents.discard();
    throw error;
  }
  const taken = runs.catalog.known(run);
  if (taken !== undefined) {
    if (taken.id !== run.id) await contents.discard();
    return { run: taken.record, created: false };
  }
  const record = endedRecord(newRecord({ ...run, input }), contents.ended);
  runs.restore(record, contents.steps, values, contents.events);
  return { run: record, created: true };
}

function endedRecord(record: RunRecord, ended: RunContents["ended"]): RunRecord {
  if (ended === undefined) return record;
  const { wakeAt: _wakeAt, ...rest } = record;
  return { ...rest, ...ended };
}
