/**
 * The head of a run: all that is known of it beside its steps, and the steps too if they are few. Field names are short, since a
 * head is written with every commit of a small run.
 *
 * @module
 */
import type { ForkOrigin, ImportOrigin, NewRun, RunRecord, StoredValue } from "../records.ts";
import { PAGE_STEPS, statusCode, statusOf, type StepPage } from "./step_page.ts";
import type { WaitingRun } from "./keys.ts";
import type { StoredForm } from "./stored_form.ts";

/** Where the entry of a run that nobody holds lies. */
export const ENTRY = { none: 0, ready: 1, timer: 2 } as const;

/** The longest input that is kept in the head. */
export const INLINE_INPUT_BYTES = 1024;

/** The head of a run, as it is stored. */
export interface Head {
  /** Workflow. */
  readonly w: string;
  /** Version. */
  readonly v: string;
  /** Schema. */
  readonly s: string;
  /** How many steps it has. */
  readonly z: number;
  /** Queue. */
  readonly q: string;
  /** Priority. */
  readonly p: number;
  /** When it was created. */
  readonly c: number;
  /** When it is due. */
  readonly d: number;
  /** Tags. */
  readonly g: readonly string[] | undefined;
  /** Idempotency key. */
  readonly k: string | undefined;
  /** Exclusive key. */
  readonly j: string | undefined;
  /** What a tracer gave; absent in heads without, so that they are no longer for it. */
  readonly tr?: string;
  /** The run that it was forked from. */
  readonly ff?: ForkOrigin;
  /** Where it was imported from. */
  readonly im?: ImportOrigin;
  /** The run that waits for it, and the place of its step; absent in heads without. */
  readonly pa?: { readonly r: string; readonly p: number; readonly n?: string };
  /** Input; absent if it lies under a key of its own. */
  readonly i: StoredForm | undefined;
  /** Status. */
  readonly u: number;
  /** Fence. */
  readonly f: bigint;
  /** The session that holds the run. */
  readonly o: string | undefined;
  /** When a run that nobody holds goes on by itself. */
  readonly a: number | undefined;
  /** Whether it is parked. */
  readonly h: boolean;
  /** Whether it was opened again, and nothing was committed since. */
  readonly r: boolean;
  /** When it was last opened again; absent if it never was. */
  readonly ra?: number;
  /** When it ended. */
  readonly e: number | undefined;
  /** Place and error of the step that it failed with. */
  readonly x: { readonly p: number; readonly e: StoredForm } | undefined;
  /** Where its entry lies: one of `ENTRY`. */
  readonly y: number;
  /** The time under which its timer entry lies. */
  readonly t: number;
  /** Whether steps of it have been offered to others. */
  readonly b: boolean;
  /** The fence of the latest commit of a holder that changed the head. */
  readonly l: bigint;
  /** The number of that commit, among those of that holder. */
  readonly n: number;
  /** Whether a message came before the first claim. */
  readonly ml: boolean;
  /** Who made the run, or opened it again: tells a lost reply to one's own start from a run that was there before. */
  readonly m: string;
  /** The steps of a run of at most 32 that were touched. */
  readonly st: StepPage | undefined;
  /** The run was forgotten, and its parts are being removed. */
  readonly gone?: true;
  /** Beside `gone`: a run that does not exist yet, and the parts of which are being written. `a` is when its writer last said that it lives. */
  readonly making?: true;
}

/** A head while it is put together. */
export type HeadDraft = { -readonly [field in keyof Head]: Head[field] };

/** The head of a run that is about to exist. */
export function newHead(
  run: Omit<NewRun, "input">,
  input: StoredForm | undefined,
  session: string | undefined,
  mark: string,
): Head {
  const due = run.dueAt <= run.createdAt;
  return {
    w: run.workflow,
    v: run.version,
    s: run.schema,
    z: run.size,
    q: run.queue,
    p: run.priority,
    c: run.createdAt,
    d: run.dueAt,
    g: run.tags.length === 0 ? undefined : run.tags,
    k: run.idempotencyKey,
    j: run.exclusive,
    ...(run.trace === undefined ? {} : { tr: run.trace }),
    ...(run.forkedFrom === undefined ? {} : { ff: run.forkedFrom }),
    ...(run.importedFrom === undefined ? {} : { im: run.importedFrom }),
    ...(run.parent === undefined ? {} : { pa: parentForm(run.parent) }),
    i: input,
    u: statusCode(session === undefined ? "PENDING" : "RUNNING"),
    f: session === undefined ? 0n : 1n,
    o: session,
    a: due ? undefined : run.dueAt,
    h: false,
    r: false,
    e: undefined,
    x: undefined,
    y: session !== undefined ? ENTRY.none : due ? ENTRY.ready : ENTRY.timer,
    t: session === undefined && !due ? run.dueAt : 0,
    b: false,
    l: 0n,
    n: 0,
    ml: false,
    m: mark,
    st: undefined,
  };
}

/** The head once a session has claimed the run. */
export function claimedHead(head: Head, session: string): Head {
  const u = statusCode("RUNNING");
  return { ...head, u, f: head.f + 1n, o: session, a: undefined, h: false, y: ENTRY.none, t: 0 };
}

/** The head once nobody holds the run: it waits for a worker, or for `wakeAt`, or only for a message if it is `parked`. */
export function releasedHead(head: Head, parked: boolean, wakeAt: number | undefined): Head {
  const y = wakeAt !== undefined ? ENTRY.timer : parked ? ENTRY.none : ENTRY.ready;
  return { ...head, o: undefined, a: wakeAt, h: parked, y, t: wakeAt ?? 0 };
}

/** Whether the id of a run tells when it was created, so that runs are found by their age without an index. */
export function tellsAge(runId: string, createdAt: number): boolean {
  return runId.startsWith(ageOf(createdAt));
}

/** What an id begins with that tells when its run was created. */
export function ageOf(createdAt: number): string {
  return Math.max(0, createdAt).toString(16).padStart(12, "0");
}

/** Whether the run has its final status. */
export function hasEnded(head: Head): boolean {
  return head.e !== undefined;
}

/** Whether the steps of the run lie in its head. */
export function isSmall(head: Head): boolean {
  return head.z <= PAGE_STEPS;
}

/** The parts of the key under which the run waits. */
export function waitingRun(head: Head): WaitingRun {
  return { queue: head.q, workflow: head.w, version: head.v, schema: head.s, priority: head.p, dueAt: head.d };
}

/** About how many bytes a head has; never less than it has. */
export function headBytes(head: Head): number {
  let bytes = 320 + 2 * (head.w.length + head.v.length + head.s.length + head.q.length + head.m.length);
  if (head.g !== undefined) { for (const tag of head.g) bytes += 2 * tag.length + 8; }
  if (head.k !== undefined) bytes += 2 * head.k.length;
  if (head.j !== undefined) bytes += 2 * head.j.length;
  if (head.tr !== undefined) bytes += 2 * head.tr.length + 8;
  if (head.ff !== undefined) bytes += textBytes([head.ff.run, ...head.ff.from, ...head.ff.overridden ?? []]);
  if (head.im !== undefined) bytes += textBytes([head.im.run, ...head.im.redacted ?? []]) + 64;
  if (head.pa !== undefined) bytes += 2 * (head.pa.r.length + (head.pa.n?.length ?? 0)) + 50;
  if (head.ra !== undefined) bytes += 16;
  if (head.o !== undefined) bytes += 2 * head.o.length;
  if (head.i !== undefined) bytes += INLINE_INPUT_BYTES * 2;
  if (head.x !== undefined) bytes += MAX_FAILURE_BYTES;
  return bytes + (head.st?.length ?? 0);
}

function textBytes(texts: readonly string[]): number {
  return texts.reduce((bytes, text) => bytes + 2 * text.length + 8, 64);
}

/** The largest failure that is kept in the head. */
export const MAX_FAILURE_BYTES = 16_000;

/** The record of a run; `failure` and `input` as they were read. */
export function runRecord(
  id: string,
  head: Head,
  input: StoredValue,
  failure: RunRecord["failure"],
  claimed = false,
): RunRecord {
  return {
    id,
    workflow: head.w,
    version: head.v,
    schema: head.s,
    size: head.z,
    input,
    queue: head.q,
    priority: head.p,
    tags: head.g ?? [],
    createdAt: head.c,
    dueAt: head.d,
    ...(head.k === undefined ? {} : { idempotencyKey: head.k }),
    ...(head.j === undefined ? {} : { exclusive: head.j }),
    ...(head.tr === undefined ? {} : { trace: head.tr }),
    ...(head.ff === undefined ? {} : { forkedFrom: head.ff }),
    ...(head.im === undefined ? {} : { importedFrom: head.im }),
    ...(head.pa === undefined ? {} : { parent: parentOf(head.pa) }),
    status: statusOf(head.u),
    fence: head.f,
    ...(head.o === undefined ? {} : { session: head.o }),
    ...(head.a === undefined ? {} : { wakeAt: head.a }),
    parked: head.h,
    // Until its holder commits something it has to be told again, should the holder be lost.
    reopened: head.r && (claimed || head.o === undefined),
    ...(head.ra === undefined ? {} : { reopenedAt: head.ra }),
    ...(head.e === undefined ? {} : { endedAt: head.e }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function parentForm({ run, place, node }: NonNullable<NewRun["parent"]>): NonNullable<Head["pa"]> {
  return node === undefined ? { r: run, p: place } : { r: run, p: place, n: node };
}

function parentOf({ r, p, n }: NonNullable<Head["pa"]>): NonNullable<NewRun["parent"]> {
  return n === undefined ? { run: r, place: p } : { run: r, place: p, node: n };
}
