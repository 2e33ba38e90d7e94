/**
 * The records of up to 32 steps as bytes: 12 a step, or 36 where a number does not fit.
 *
 * The first byte is the form. Narrow: status and a flag, losses, attempt (2 bytes), beginning and end (4 bytes each, milliseconds
 * since the run was created and one, 0 for none). Wide: status, losses and attempt (4 bytes each), beginning, end and wake-up as
 * they are (8 bytes each). A step has an end or a wake-up and hardly ever both, so the narrow form keeps them in one place.
 *
 * @module
 */
import type { Status } from "../../../src/status.ts";
import { IntegrityError } from "../../../src/errors.ts";
import type { StepRecord } from "../records.ts";

/** How many steps a page has. */
export const PAGE_STEPS = 32;

/** The records of the steps of a page as they are stored; never changed in place. */
export type StepPage = Uint8Array<ArrayBuffer>;

const STATUSES: readonly Status[] = ["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"];
const CODES = new Map<Status, number>(STATUSES.map((status, code) => [status, code]));

const NARROW = 1;
const NARROW_BYTES = 12;
const WIDE = 2;
const WIDE_BYTES = 36;
/** In the byte of the status: the last number is the wake-up, not the end. */
const WAKES = 0x80;
const MAX_OFFSET = 0xffff_ffff;

/** A step that nothing has happened to. */
export const UNTOUCHED: StepRecord = Object.freeze({
  status: "PENDING",
  attempt: 0,
  losses: 0,
  startedAt: 0,
  endedAt: 0,
  wakeAt: 0,
});

/** The number that stands for a status. */
export function statusCode(status: Status): number {
  return CODES.get(status) ?? 0;
}

/** The status that a number stands for. */
export function statusOf(code: number): Status {
  const status = STATUSES[code];
  if (status === undefined) throw new IntegrityError(`A stored record is damaged: ${code} stands for no status.`);
  return status;
}

/** Records of steps of a run that was created at `createdAt`, as bytes, from the first to the last of them. */
export function encodeSteps(records: readonly StepRecord[], createdAt: number): StepPage {
  const wide = !records.every((record) => isNarrow(record, createdAt));
  const page = emptyPage(records.length, wide);
  const view = new DataView(page.buffer);
  records.forEach((record, index) => writeRecord(view, wide, index, record, createdAt));
  return page;
}

/** A page with one record changed, for a page of `count` steps. */
export function withStep(
  page: StepPage | undefined,
  count: number,
  index: number,
  record: StepRecord,
  createdAt: number,
): StepPage {
  if ((page === undefined || page[0] === NARROW) && isNarrow(record, createdAt)) {
    const copy = page === undefined ? emptyPage(count, false) : page.slice();
    writeRecord(new DataView(copy.buffer), false, index, record, createdAt);
    return copy;
  }
  const records = page === undefined ? new Array<StepRecord>(count).fill(UNTOUCHED) : decodeSteps(page, createdAt);
  records[index] = record;
  const copy = emptyPage(count, true);
  const view = new DataView(copy.buffer);
  records.forEach((each, place) => writeRecord(view, true, place, each, createdAt));
  return copy;
}

/** The records that were encoded. */
export function decodeSteps(page: StepPage, createdAt: number): StepRecord[] {
  const wide = page[0] === WIDE;
  const size = wide ? WIDE_BYTES : NARROW_BYTES;
  const count = (page.length - 1) / size;
  if ((!wide && page[0] !== NARROW) || !Number.isInteger(count)) {
    throw new IntegrityError(`A stored record is damaged: ${page.length} bytes are no records of steps.`);
  }
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const records = new Array<StepRecord>(count);
  for (let i = 0; i < count; i++) {
    records[i] = wide ? readWide(view, 1 + i * size) : readNarrow(view, 1 + i * size, createdAt);
  }
  return records;
}

/** All steps of a run of `size` steps, from its pages; those of a page that is missing are untouched. */
export function stepsOfPages(pages: ReadonlyMap<number, StepPage>, size: number, createdAt: number): StepRecord[] {
  const steps = new Array<StepRecord>(size).fill(UNTOUCHED);
  for (const [number, page] of pages) {
    const records = decodeSteps(page, createdAt);
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (record !== undefined && number * PAGE_STEPS + i < size) steps[number * PAGE_STEPS + i] = record;
    }
  }
  return steps;
}

function emptyPage(count: number, wide: boolean): StepPage {
  const page = new Uint8Array(1 + count * (wide ? WIDE_BYTES : NARROW_BYTES));
  page[0] = wide ? WIDE : NARROW;
  return page;
}

function isNarrow(record: StepRecord, createdAt: number): boolean {
  return record.attempt <= 0xffff && record.losses <= 0xff && (record.endedAt === 0 || record.wakeAt === 0) &&
    fits(record.startedAt, createdAt) && fits(record.endedAt, createdAt) && fits(record.wakeAt, createdAt);
}

function fits(time: number, createdAt: number): boolean {
  const offset = time - createdAt + 1;
  return time === 0 || (offset > 0 && offset <= MAX_OFFSET && Number.isInteger(offset));
}

function writeRecord(view: DataView, wide: boolean, index: number, record: StepRecord, createdAt: number): void {
  if (wide) {
    const at = 1 + index * WIDE_BYTES;
    view.setUint32(at, statusCode(record.status));
    view.setUint32(at + 4, record.losses);
    view.setUint32(at + 8, record.attempt);
    view.setFloat64(at + 12, record.startedAt);
    view.setFloat64(at + 20, record.endedAt);
    view.setFloat64(at + 28, record.wakeAt);
    return;
  }
  const at = 1 + index * NARROW_BYTES;
  const last = record.endedAt === 0 ? record.wakeAt : record.endedAt;
  view.setUint8(at, statusCode(record.status) | (record.wakeAt === 0 ? 0 : WAKES));
  view.setUint8(at + 1, record.losses);
  view.setUint16(at + 2, record.attempt);
  view.setUint32(at + 4, record.startedAt === 0 ? 0 : record.startedAt - createdAt + 1);
  view.setUint32(at + 8, last === 0 ? 0 : last - createdAt + 1);
}

function readNarrow(view: DataView, at: number, createdAt: number): StepRecord {
  const code = view.getUint8(at);
  const wakes = (code & WAKES) !== 0;
  const started = view.getUint32(at + 4);
  const last = view.getUint32(at + 8);
  const time = last === 0 ? 0 : last + createdAt - 1;
  return {
    status: statusOf(code & ~WAKES),
    attempt: view.getUint16(at + 2),
    losses: view.getUint8(at + 1),
    startedAt: started === 0 ? 0 : started + createdAt - 1,
    endedAt: wakes ? 0 : time,
    wakeAt: wakes ? time : 0,
  };
}

function readWide(view: DataView, at: number): StepRecord {
  return {
    status: statusOf(view.getUint32(at)),
    losses: view.getUint32(at + 4),
    attempt: view.getUint32(at + 8),
    startedAt: view.getFloat64(at + 12),
    endedAt: view.getFloat64(at + 20),
    wakeAt: view.getFloat64(at + 28),
  };
}
