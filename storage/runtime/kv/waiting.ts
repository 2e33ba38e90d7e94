/**
 * The entries of runs that wait for a worker. An entry is always written in the commit that writes the head, so that both have the
 * same versionstamp, and whoever finds an entry can claim the run without reading its head.
 *
 * @module
 */
import { ENTRY, type Head, headBytes, waitingRun } from "./head.ts";
import type { KvKeys } from "./keys.ts";
import type { KvKey } from "../../kv/kv_like.ts";
import type { Unit } from "../../kv/unit.ts";

/** A copy of the head lies in the entry if it has at most so many bytes; else the head has to be read. */
const COPIED_BYTES = 8_000;

/** The key of a run's entry; `undefined` if it has none. */
export function entryKey(keys: KvKeys, runId: string, head: Head): KvKey | undefined {
  if (head.y === ENTRY.ready) return keys.ready(waitingRun(head), runId);
  return head.y === ENTRY.timer ? keys.timer(waitingRun(head), head.t, runId) : undefined;
}

/** Writes the head of a run that nobody holds, and its entry. */
export function writeWaiting(keys: KvKeys, unit: Unit, runId: string, head: Head): void {
  const bytes = headBytes(head);
  unit.set(keys.head(runId), head, bytes);
  const key = entryKey(keys, runId, head);
  if (key === undefined) return;
  if (bytes <= COPIED_BYTES) unit.set(key, head, bytes);
  else unit.set(key, 0, 8);
  unit.ring(keys.bell(head.q));
}

/** Writes the head of a run that nobody held before either, and moves its entry. */
export function moveEntry(keys: KvKeys, unit: Unit, runId: string, before: Head, after: Head): void {
  const key = entryKey(keys, runId, before);
  if (key !== undefined) unit.delete(key);
  writeWaiting(keys, unit, runId, after);
}
