/**
 * Records of an object store, read and checked.
 *
 * @module
 */
import { NotFoundError } from "../src/errors.ts";
import type { ObjectStore } from "./object_store/object_store.ts";
import { type Damage, damageOf, parseHead, type RecordHead, type RecordHeader } from "./result_record.ts";
import { decodePids } from "./result_value.ts";
import type { ReadRecord } from "./stored_entry.ts";
import { damagedResult, type ResultPlace } from "./value_files.ts";

/** How much of a record is read to find its header, in bytes: all of a small one. */
export const HEADER_READ = 16 * 1024;

/** A header, and what the serializers need to find the files of the record. */
export interface StoredHeader {
  /** What the record says of itself. */
  readonly header: RecordHeader;
  /** One for each of its externals. */
  readonly pids: readonly unknown[];
}

/** The error for a result that is not stored. */
export function missingResult({ workflow, task }: ResultPlace, cause?: unknown): NotFoundError {
  return new NotFoundError(
    `No result of task ${JSON.stringify(task)} of workflow ${JSON.stringify(workflow)} is stored.`,
    { workflow, node: task, ...(cause === undefined ? {} : { cause }) },
  );
}

/** What is wrong with a record at the place of a result, if it is the record of another. */
export function foreignTo({ workflow, task }: ResultPlace, header: RecordHeader): Damage | undefined {
  if (header.task === task && header.workflow === workflow) return undefined;
  const owner = `task ${JSON.stringify(header.task)} of workflow ${JSON.stringify(header.workflow)}`;
  return { damaged: `it is the result of ${owner}` };
}

/**
 * Reads a whole record.
 *
 * @throws {NotFoundError} If there is none.
 * @throws {IntegrityError} If it is damaged.
 */
export async function readRecord(objects: ObjectStore, key: string, place: ResultPlace): Promise<ReadRecord> {
  let bytes: Uint8Array;
  try {
    bytes = await objects.get(key);
  } catch (error) {
    throw error instanceof NotFoundError ? missingResult(place, error) : error;
  }
  const head = await readHead(objects, key, place, bytes.length, bytes);
  if ("damaged" in head) throw damagedResult(place, head.damaged);
  const damage = foreignTo(place, head.header) ?? damageOf(bytes, head);
  if (damage !== undefined) throw damagedResult(place, damage.damaged);
  return { bytes, head };
}

/** Whose record is expected; without a task, any of the workflow. */
export interface ExpectedPlace {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Name of the task. */
  readonly task: string | undefined;
}

/** Reads the header of a record of `size` bytes, of which the beginning may be there already. */
export async function readHead(
  objects: ObjectStore,
  key: string,
  expected: ExpectedPlace,
  size: number,
  beginning?: Uint8Array,
): Promise<RecordHead | Damage> {
  let head = parseHead(beginning ?? await objects.get(key, { end: HEADER_READ }), size, expected);
  if ("need" in head) head = parseHead(await objects.get(key, { end: head.need }), size, expected);
  return "need" in head ? { damaged: "it changed while it was read" } : head;
}

/**
 * Reads what is needed to remove a record with its files; `undefined` if there is no record, or it is damaged. If only the pids are, it
 * says that there are no externals.
 */
export async function readStoredHeader(
  objects: ObjectStore,
  key: string,
  expected: ExpectedPlace,
): Promise<StoredHeader | undefined> {
  const info = await objects.head(key);
  if (info === undefined) return undefined;
  const head = await readHead(objects, key, expected, info.size);
  if ("damaged" in head) return undefined;
  const { header, pidsAt, bodyAt } = head;
  if (header.files === undefined) return { header, pids: [] };
  const bytes = await objects.get(key, { start: pidsAt, end: bodyAt });
  try {
    return { header, pids: decodePids(header, bytes) };
  } catch {
    return { header: { ...header, files: { ...header.files, externals: [] } }, pids: [] };
  }
}
