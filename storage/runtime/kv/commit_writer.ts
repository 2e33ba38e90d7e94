/**
 * Builds the units of one commit from what the holder knows of the run, and keeps that up to date.
 *
 * @module
 */
import type { StepRecord } from "../records.ts";
import { DENO_LIMITS } from "./batch.ts";
import type { KvContext } from "./context.ts";
import { type Head, headBytes, isSmall } from "./head.ts";
import { type Hold, type Holds, isHeld, leaseLost } from "./holds.ts";
import type { KvKey } from "./kv_like.ts";
import type { RunReader } from "./run_reader.ts";
import { decodeSteps, PAGE_STEPS, type StepPage, UNTOUCHED, withStep } from "./step_page.ts";
import { formBytes, type StoredForm } from "./stored_form.ts";
import { Unit } from "./unit.ts";

/** How often a unit is sent again after a look at the head: each time a reply was lost. */
const MOST_TRIES = 50;
/** A page of steps takes at most so many bytes, key included. */
const PAGE_BYTES = 1_600;
/** A unit has room for the head and what comes with the end of a run. */
const RESERVED_MUTATIONS = 60;
const RESERVED_BYTES = 60_000;
const RESERVED_KEY_BYTES = 8_000;

/** Adds the last mutations of a commit to a unit, the head among them, and gives the head. */
export type Tail = (unit: Unit, head: Head) => Head;

/** Builds the units of one commit. */
export class CommitWriter {
  /** The unit that is being built. */
  unit: Unit;
  readonly #context: KvContext;
  readonly #reader: RunReader;
  readonly #holds: Holds;
  readonly #hold: Hold;
  #head: Head;
  #headChanged: boolean;
  #pages = new Map<number, StepPage>();
  #opened = new Map<string, KvKey>();
  #closed = new Set<string>();
  #first = true;

  /** Begins a commit of a run. */
  constructor(context: KvContext, reader: RunReader, holds: Holds, hold: Hold) {
    this.#context = context;
    this.#reader = reader;
    this.#holds = holds;
    this.#hold = hold;
    this.#head = hold.head;
    this.#headChanged = hold.head.r;
    this.unit = this.#newUnit();
  }

  /** The head as this commit leaves it so far. */
  get head(): Head {
    return this.#head;
  }

  /** The record of a step as this commit leaves it so far. */
  record(place: number): StepRecord {
    const page = isSmall(this.#head) ? this.#head.st : this.#page(Math.floor(place / PAGE_STEPS));
    return page === undefined ? UNTOUCHED : decodeSteps(page, this.#head.c)[place % PAGE_STEPS] ?? UNTOUCHED;
  }

  /** Makes room for a value of so many bytes: what is there is written if it would be too much. */
  async makeRoom(bytes: number): Promise<void> {
    const { unit } = this;
    if (
      unit.keys.length + this.#pages.size > DENO_LIMITS.mutations - RESERVED_MUTATIONS ||
      unit.bytes + this.#pages.size * PAGE_BYTES + bytes > DENO_LIMITS.bytes - RESERVED_BYTES ||
      unit.keyBytes > DENO_LIMITS.keyBytes - RESERVED_KEY_BYTES - this.#pages.size * 320
    ) await this.flush();
  }

  /** Changes a step. */
  step(place: number, record: StepRecord, form: StoredForm | undefined): void {
    const head = this.#head;
    if (isSmall(head)) {
      this.#head = { ...head, st: withStep(head.st, head.z, place, record, head.c) };
      this.#headChanged = true;
    } else {
      const number = Math.floor(place / PAGE_STEPS);
      const count = Math.min(PAGE_STEPS, head.z - number * PAGE_STEPS);
      this.#pages.set(number, withStep(this.#page(number), count, place % PAGE_STEPS, record, head.c));
    }
    if (form !== undefined) {
      this.unit.set(this.#context.keys.value(this.#hold.claim.runId, place), form, formBytes(form));
    }
  }

  /** Opens an offer whose entry is in the unit. */
  offered(id: string, key: KvKey): void {
    this.#opened.set(id, key);
    if (this.#head.b) return;
    this.#head = { ...this.#head, b: true };
    this.#headChanged = true;
  }

  /** Closes an offer whose entries are removed by the unit. */
  closed(id: string): void {
    this.#closed.add(id);
  }

  /**
   * Writes what is there, and with `tail` the end of the commit. Gives `false` if a condition of the tail did not hold: then nothing
   * was written, and the unit is as it was before.
   *
   * @throws {LeaseLostError} If the run is not held under the claim any more.
   */
  async flush(tail?: Tail): Promise<boolean> {
    const { keys } = this.#context;
    const { runId, fence } = this.#hold.claim;
    const before = this.unit.length();
    for (const [number, page] of this.#pages) this.unit.set(keys.page(runId, number), page, page.length);
    let head: Head | undefined;
    if (tail !== undefined || this.#headChanged) {
      const next = this.#head;
      const n = next.l === fence ? next.n + 1 : 1;
      head = { ...next, l: fence, n, r: false };
      if (tail !== undefined) head = tail(this.unit, head);
      else this.unit.set(keys.head(runId), head, headBytes(head));
    }
    if (this.unit.keys.length === 0 && !this.#first) return true;
    if (!await this.#write(head)) {
      this.unit.cut(before);
      return false;
    }
    if (head !== undefined) this.#hold.head = this.#head = head;
    for (const [number, page] of this.#pages) this.#hold.pages.set(number, page);
    for (const [id, key] of this.#opened) this.#hold.offers.set(id, key);
    for (const id of this.#closed) this.#hold.offers.delete(id);
    this.#pages = new Map();
    this.#opened = new Map();
    this.#closed = new Set();
    this.#headChanged = false;
    this.#first = false;
    this.unit = this.#newUnit();
    return true;
  }

  /** Commits the unit, which writes `head` if it is given; whether all conditions held. */
  async #write(head: Head | undefined): Promise<boolean> {
    const hold = this.#hold;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const outcome = await this.#context.queue.submit(this.unit);
      if (outcome !== undefined) {
        if (head !== undefined) hold.versionstamp = outcome;
        return true;
      }
      const found = await this.#reader.head(hold.claim.runId);
      // Only this holder writes this fence with this number: the reply to an earlier try of this very unit was lost.
      const applied = head !== undefined && found?.value.l === head.l && found.value.n >= head.n;
      if (applied && found !== undefined) {
        hold.versionstamp = found.versionstamp;
        return true;
      }
      if (found === undefined || !isHeld(found.value, hold.claim)) break;
      if (found.versionstamp === hold.versionstamp) return false;
      hold.versionstamp = found.versionstamp;
      const [check] = this.unit.checks;
      if (check !== undefined) check.versionstamp = found.versionstamp;
    }
    this.#holds.drop(hold);
    throw leaseLost(hold.claim);
  }

  #page(number: number): StepPage | undefined {
    return this.#pages.get(number) ?? this.#hold.pages.get(number);
  }

  #newUnit(): Unit {
    const unit = new Unit();
    unit.guards.push(this.#hold.claim.runId);
    unit.check(this.#context.keys.head(this.#hold.claim.runId), this.#hold.versionstamp);
    return unit;
  }
}
