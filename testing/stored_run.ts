/**
 * One run as it is in the store, and the rules that a change of it has to keep.
 *
 * @module
 */
import { endOf, tallyOf } from "../src/join.ts";
import { isFinal } from "../src/status.ts";
import type { Executable } from "../src/engine/executable.ts";
import type { StepRecord } from "../storage/runtime/records.ts";
import { decode } from "../storage/codec/structured.ts";
import { ENTRY, type Head } from "../storage/runtime/kv/head.ts";
import type { MessageForm } from "../storage/runtime/kv/messages.ts";
import type { KvKey } from "../storage/kv/kv_like.ts";
import { decodeSteps, PAGE_STEPS, type StepPage, stepsOfPages, UNTOUCHED } from "../storage/runtime/kv/step_page.ts";

/** The head of a run, as the store keeps it. */
export type StoredHead = Head;

/** Steps on loan. */
export interface StoredLoan {
  /** Who has them; nobody yet, if it is absent. */
  readonly session?: string;
  /** The steps. */
  readonly places: readonly number[];
  /** Nobody works on them any more. */
  readonly over?: true;
}

/** One run as it is in the store. */
export class StoredRun {
  /** What is known of it beside its steps. */
  head: StoredHead | undefined;
  /** What it is a run of, once that is known. */
  executable: Executable | undefined;
  /** The records of its steps. */
  steps: readonly StepRecord[] = [];
  /** The values of its steps. */
  readonly values: Map<number, unknown> = new Map();
  /** Offers and loans of its steps. */
  readonly loans: Map<string, StoredLoan> = new Map();
  /** The payloads of all signals that it was ever sent. */
  readonly signals: Set<string> = new Set();
  /** How often it was opened again. */
  reopened = 0;
  readonly #pages = new Map<number, StepPage>();
  readonly #entries = new Map<string, Set<string>>();
  readonly #resettable = new Set<number>();

  /** Nothing is stored yet. */
  constructor(readonly id: string) {}

  /** The run in a few words. */
  toString(): string {
    const { id, head, steps } = this;
    const holder = head?.o === undefined ? "held by nobody" : `held by ${head.o}`;
    return `run ${id} (${holder}; ${steps.map(({ status }) => status.toLowerCase()).join(", ")})`;
  }

  /** Takes a new head in, and says what is wrong with it. */
  takeHead(
    process: string,
    processOf: (session: string | undefined) => string | undefined,
    after: StoredHead | undefined,
  ): string[] {
    const found: string[] = [];
    const before = this.head;
    this.head = after;
    if (after === undefined || after.gone === true) return found;
    if (before !== undefined) {
      if (after.f < before.f) found.push(`the fence of run ${this.id} went from ${before.f} to ${after.f}`);
      const isClaim = after.f > before.f;
      if (isClaim && before.o !== undefined && before.o !== after.o) {
        found.push(`run ${this.id} was claimed from ${before.o} by ${after.o}`);
      }
      if (isClaim && before.e !== undefined) found.push(`run ${this.id} was claimed after its end`);
      const isHolder = before.o !== undefined && processOf(before.o) === process;
      const changesSteps = (after.st ?? []).toString() !== (before.st ?? []).toString();
      if (changesSteps && !isHolder) found.push(`${process} changed steps of run ${this.id}, which ${before.o} holds`);
      if (before.e === undefined && after.e !== undefined && !isHolder) {
        found.push(`${process} ended run ${this.id}, which ${before.o} holds`);
      }
      if (before.e !== undefined && after.e === undefined) {
        this.reopened++;
        this.steps.forEach(({ status }, place) => {
          if (status === "FAILED" || status === "CANCELLED") this.#resettable.add(place);
        });
      }
    }
    if (after.z <= PAGE_STEPS) {
      this.steps = after.st === undefined ? new Array(after.z).fill(UNTOUCHED) : decodeSteps(after.st, after.c);
    } else if (before === undefined) this.steps = new Array(after.z).fill(UNTOUCHED);
    return found;
  }

  /** Takes a page of steps in. */
  takePage(number: number, page: StepPage): void {
    this.#pages.set(number, page);
    if (this.head !== undefined) this.steps = stepsOfPages(this.#pages, this.head.z, this.head.c);
  }

  /** Takes a value in, and says whether it stands in place of one that was committed. */
  takeValue(process: string, place: number, value: unknown): string[] {
    const before = this.values.get(place);
    const isCommitted = this.steps[place]?.status === "SUCCEEDED";
    if (value === undefined) this.values.delete(place);
    else this.values.set(place, value);
    if (!isCommitted || before === undefined || same(before, value) || this.head?.gone === true) return [];
    return [`${process} changed the committed result of step ${place} of run ${this.id}`];
  }

  /** A message came or went. A signal may lie there until a step waits for it; the others wake the run. */
  takeMessage(key: KvKey, message: MessageForm | undefined): void {
    this.takeEntry("signal", key, message?.kind === "signal");
    this.takeEntry("msg", key, message !== undefined && message.kind !== "signal");
    const payload = message?.kind === "signal" ? message.payload : undefined;
    if (payload instanceof Uint8Array) this.signals.add(signalText(decode(new Uint8Array(payload))));
  }

  /** An entry of the run came or went. */
  takeEntry(kind: string, key: KvKey, isThere: boolean): void {
    let entries = this.#entries.get(kind);
    if (entries === undefined) this.#entries.set(kind, entries = new Set());
    if (isThere) entries.add(key.map(String).join(" "));
    else entries.delete(key.map(String).join(" "));
  }

  /** Whether a step that failed or was cancelled may be as if it had never been tried, because the run was opened again. */
  mayReset(place: number): boolean {
    return this.#resettable.delete(place);
  }

  /** The sentences that do not hold of the run as it is now. */
  violations(): string[] {
    const { head, id } = this;
    if (head === undefined || head.gone === true) return [];
    const found: string[] = [];
    const count = (kind: string): number => this.#entries.get(kind)?.size ?? 0;
    const expect = (kind: string, expected: number): void => {
      if (count(kind) !== expected) found.push(`run ${id} has ${count(kind)} entries \`${kind}\`, not ${expected}`);
    };
    expect("own", head.o === undefined ? 0 : 1);
    expect("ready", head.y === ENTRY.ready ? 1 : 0);
    expect("timer", head.y === ENTRY.timer ? 1 : 0);
    if (head.o !== undefined && head.y !== ENTRY.none) found.push(`run ${id} is held and waits`);
    if (head.o === undefined && head.e === undefined && head.y !== ENTRY.ready && count("msg") > 0) {
      found.push(`run ${id} waits although there is a message for it`);
    }
    if (head.e === undefined) return found;
    if (head.o !== undefined || head.y !== ENTRY.none) found.push(`run ${id} has ended and is held, or waits`);
    if (this.loans.size > 0) found.push(`run ${id} has ended and has steps on loan`);
    this.steps.forEach(({ status }, place) => {
      if (!isFinal(status)) found.push(`run ${id} has ended and its step ${place} is ${status}`);
    });
    return found;
  }
}

/** How the payload of a signal is known. */
export function signalText(payload: unknown): string {
  return JSON.stringify(payload);
}

/** What is wrong with how the steps of a run have changed. */
export function changeViolations(run: StoredRun, before: readonly StepRecord[]): string[] {
  const { steps, executable, id } = run;
  const found: string[] = [];
  if (steps === before) return found;
  for (let place = 0; place < steps.length; place++) {
    const [was, is] = [before[place], steps[place]!];
    if (was === undefined || was.status === is.status && was.endedAt === is.endedAt) continue;
    const mayChange = !isFinal(was.status) ||
      (was.status === "FAILED" || was.status === "CANCELLED") && run.mayReset(place);
    if (!mayChange) found.push(`step ${place} of run ${id} was ${was.status} and became ${is.status}`);
    if (is.status !== "SUCCEEDED" || executable === undefined) continue;
    const { shape, makers } = executable;
    if (!run.values.has(place) && makers[place] !== place) found.push(`step ${place} of run ${id} has no result`);
    const { start, list } = shape.parents;
    const parents = list.subarray(start[place], start[place + 1]);
    const { standing } = tallyOf(shape.joins?.get(place), parents, (parent) => endOf(steps[parent]!.status));
    if (standing !== "ready") {
      const states = [...parents].map((parent) => `${parent} is ${steps[parent]!.status}`);
      found.push(`step ${place} of run ${id} succeeded while its parent ${states.join(", ")}`);
    }
  }
  return found;
}

/** Whether two stored values are the same. */
export function same(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
