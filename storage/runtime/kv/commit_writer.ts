/**
 * Builds the units of one commit from what the holder knows of the run, and keeps that up to date.
 *
 * @module
 */
import type { StepRecord } from "../records.ts";
import { DENO_LIMITS } from "../../kv/batch.ts";
import type { KvContext } from "./context.ts";
import { type Head, headBytes, type HeadDraft, isSmall } from "./head.ts";
import { type Hold, type Holds, isHeld, leaseLost } from "./holds.ts";
import type { RunReader } from "./run_reader.ts";
import { decodeSteps, PAGE_STEPS, type StepPage, UNTOUCHED, withStep } from "./step_page.ts";
import { formBytes, type StoredForm } from "./stored_form.ts";
import { Unit, type UnitOutcome } from "../../kv/unit.ts";

/** How often a unit is sent again after a look at the head: each time a reply was lost. */
const MOST_TRIES = 50;
/** A page of steps takes at most so many bytes, key included. */
const PAGE_BYTES = 1_600;
/** A unit has room for the head and what comes with the end of a run. */
const RESERVED_MUTATIONS = 60;
const RESERVED_BYTES = 60_000;
const RESERVED_KEY_BYTES = 8_000;
const PAGE_KEY_BYTES = 320;

/** Adds the last mutations of a commit to a unit, the head among them, and gives the head. */
export type Tail = (unit: Unit, head: HeadDraft) => Head;

/** Builds the units of one commit. */
export class CommitWriter {
  /** The unit that is being built. */
  unit: Unit;
  readonly #context: KvContext;
  readonly #reader: RunReader;
  readonly #holds: Holds;
  readonly #hold: Hold;
  /** Whether the head changes by more than its steps. */
  #headChanged: boolean;
  /** The steps of a small run, once one has changed. */
  #steps: StepPage | undefined;
  /** The pages that changed, of any other run. */
  #pages: Map<number, StepPage> | undefined;
  #opened: string[] | undefined;
  #closed: string[] | undefined;
  #first = true;

  /** Begins a commit of a run. */
  constructor(context: KvContext, reader: RunReader, holds: Holds, hold: Hold) {
    this.#context = context;
    this.#reader = reader;
    this.#holds = holds;
    this.#hold = hold;
    this.#headChanged = hold.head.r;
    this.unit = this.#newUnit();
  }

  /** The record of a step as this commit leaves it so far. */
  record(place: number): StepRecord {
    const { head } = this.#hold;
    const page = isSmall(head) ? this.#steps ?? head.st : this.#page(Math.floor(place / PAGE_STEPS));
    return page === undefined ? UNTOUCHED : decodeSteps(page, head.c)[place % PAGE_STEPS] ?? UNTOUCHED;
  }

  /** Whether what is there has to be written before a value of so many bytes is added. */
  isFull(bytes: number): boolean {
    const { unit } = this;
    const pages = this.#pages?.size ?? 0;
    return unit.keys.length + pages > DENO_LIMITS.mutations - RESERVED_MUTATIONS ||
      unit.bytes + pages * PAGE_BYTES + bytes > DENO_LIMITS.bytes - RESERVED_BYTES ||
      unit.keyBytes + pages * PAGE_KEY_BYTES > DENO_LIMITS.keyBytes - RESERVED_KEY_BYTES;
  }

  /** Changes a step. */
  step(place: number, record: StepRecord, form: StoredForm | undefined): void {
    const { head, claim } = this.#hold;
    if (isSmall(head)) {
      this.#steps = withStep(this.#steps ?? head.st, head.z, place, record, head.c);
    } else {
      const number = Math.floor(place / PAGE_STEPS);
      const count = Math.min(PAGE_STEPS, head.z - number * PAGE_STEPS);
      const page = withStep(this.#page(number), count, place % PAGE_STEPS, record, head.c);
      (this.#pages ??= new Map()).set(number, page);
    }
    if (form !== undefined) this.unit.set(this.#context.keys.value(claim.runId, place), form, formBytes(form));
  }

  /** Opens an offer whose entry is in the unit. */
  offered(id: string): void {
    (this.#opened ??= []).push(id);
    if (!this.#hold.head.b) this.#headChanged = true;
  }

  /** Closes an offer whose entries are removed by the unit. */
  closed(id: string): void {
    (this.#closed ??= []).push(id);
  }

  /**
   * Writes what is there, and with `tail` the end of the commit. Gives `false` if a condition of the tail did not hold: then nothing
   * was written, and the unit is as it was before.
   *
   * @throws {LeaseLostError} If the run is not held under the claim any more.
   */
  async flush(tail?: Tail): Promise<boolean> {
    const { keys } = this.#context;
    const { runId } = this.#hold.claim;
    const { unit } = this;
    const before = unit.length();
    if (this.#pages !== undefined) {
      for (const [number, page] of this.#pages) unit.set(keys.page(runId, number), page, page.length);
    }
    let head: Head | undefined;
    if (tail !== undefined) {
      head = tail(unit, this.#nextHead());
    } else if (this.#headChanged || this.#steps !== undefined) {
      head = this.#nextHead();
      unit.set(keys.head(runId), head, headBytes(head));
    }
    // A commit that changes nothing finds out whether the run is held.
    if (unit.keys.length === 0 && !this.#first) return true;
    if (!await this.#write(head)) {
      unit.cut(before);
      return false;
    }
    this.#written(head);
    return true;
  }

  /** The head as this commit leaves it so far, numbered. */
  #nextHead(): HeadDraft {
    const { head: before, claim } = this.#hold;
    const head: HeadDraft = { ...before };
    if (this.#steps !== undefined) head.st = this.#steps;
    if (this.#opened !== undefined) head.b = true;
    head.n = before.l === claim.fence ? before.n + 1 : 1;
    head.l = claim.fence;
    head.r = false;
    return head;
  }

  #written(head: Head | undefined): void {
    const hold = this.#hold;
    if (head !== undefined) hold.head = head;
    if (this.#pages !== undefined) {
      const pages = hold.pages ??= new Map();
      for (const [number, page] of this.#pages) pages.set(number, page);
    }
    for (const id of this.#closed ?? []) hold.offers?.delete(id);
    if (this.#opened !== undefined) {
      const offers = hold.offers ??= new Set();
      for (const id of this.#opened) offers.add(id);
    }
    this.#pages =
      this.#steps =
      this.#opened =
      this.#closed =
        undefined;
    this.#headChanged = this.#first = false;
    this.unit = this.#newUnit();
  }

  /** Commits the unit, which writes `head` if it is given; whether all conditions held. */
  async #write(head: Head | undefined): Promise<boolean> {
    const hold = this.#hold;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const outcome = await this.#submit();
      if (outcome !== undefined) {
        if (head !== undefined) hold.versionstamp = outcome;
        return true;
      }
      const found = await this.#reader.head(hold.claim.runId);
      // Only this holder writes this fence with this number: the reply to an earlier try of this very unit was lost.
      if (found !== undefined && head !== undefined && found.value.l === head.l && found.value.n >= head.n) {
        // If the run was given up with it, or taken over since, it was the last that this holder wrote.
        if (isHeld(found.value, hold.claim)) hold.versionstamp = found.versionstamp;
        else this.#holds.drop(hold);
        return true;
      }
      if (found === undefined || !isHeld(found.value, hold.claim)) break;
      if (found.versionstamp === hold.versionstamp && this.unit.checks.length > 1) return false;
      hold.versionstamp = found.versionstamp;
      const [check] = this.unit.checks;
      if (check !== undefined) check.versionstamp = found.versionstamp;
    }
    this.#holds.drop(hold);
    throw leaseLost(hold.claim);
  }

  async #submit(): Promise<UnitOutcome> {
    try {
      return await this.#context.queue.submit(this.unit);
    } catch (error) {
      // Nobody knows what was written, so what is known of the run may be wrong.
      this.#holds.drop(this.#hold);
      throw error;
    }
  }

  #page(number: number): StepPage | undefined {
    return this.#pages?.get(number) ?? this.#hold.pages?.get(number);
  }

  #newUnit(): Unit {
    const unit = new Unit();
    unit.guards.push(this.#hold.claim.runId);
    unit.check(this.#context.keys.head(this.#hold.claim.runId), this.#hold.versionstamp);
    return unit;
  }
}
