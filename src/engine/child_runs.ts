/**
 * Runs that steps of other runs wait for: their ids, how they are started, cancelled and asked for what became of them.
 *
 * @module
 */
import { nameWithin } from "../../storage/names.ts";
import type { Claim, ClaimedRun, NewRun, RunRecord } from "../../storage/runtime/records.ts";
import { CancelledError, FusewireError, UnavailableError } from "../errors.ts";
import { isFinal } from "../status.ts";
import { warn } from "../warning.ts";
import type { ActiveRun } from "./active_run.ts";
import { DurableRun } from "./durable_run.ts";
import type { RuntimeCore } from "./runtime_core.ts";

/** The id of the run that a step waits for: that of its own run, `/` and the step's name; where that is too long, a hash stands for it. */
export function childRunId(runId: string, step: string): string {
  return nameWithin(runId, step);
}

/** What became of a run that a step waits for. */
export type ChildOutcome =
  | { readonly kind: "open" }
  | { readonly kind: "succeeded"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "skipped" };

/** A run that a step waits for from now on. */
export interface StartedChild {
  /** What is known of it. */
  readonly run: RunRecord;
  /** The hold on it, if it was claimed. */
  readonly claimed: ClaimedRun | undefined;
  /** Whether it was there before, and is not tried again now. */
  readonly isOld: boolean;
}

/** What workers need of the runs that their steps wait for. */
export interface ChildRuns {
  /**
   * Starts a run for the holder of another, or finds the one that has its id. With `again` one that has failed or was cancelled is tried again.
   * With `session` a new one is claimed at once.
   */
  start(run: NewRun, again: boolean, held: Claim, session: string | undefined): Promise<StartedChild>;
  /** Has this process work on a run too, if it drives its runs by itself. */
  join(id: string, drives: boolean): void;
  /** What became of a run; `here` is that run, if it has ended at work in this process. */
  outcome(id: string, here?: ActiveRun): Promise<ChildOutcome>;
  /** Has a run end, if there is one and `held` holds; it may go on for a while. With `mayGo` it is waited for until that is so, or the run has ended. */
  cancel(id: string, held: Claim, mayGo?: () => boolean): Promise<void>;
  /** A run has ended at work in this process: the run that waits for it is told, if that is at work here too. */
  ended(parent: NonNullable<NewRun["parent"]>, child: ActiveRun): void;
}

/** The shortest and the longest time, in milliseconds, between two looks at a run that is to end. */
const SHORTEST_LOOK = 2;
const LONGEST_LOOK = 1_000;

/** The runs of one runtime, as those that wait for them see them. */
export class RuntimeChildren implements ChildRuns {
  readonly #core: RuntimeCore;

  /** Asks the store of a runtime. */
  constructor(core: RuntimeCore) {
    this.#core = core;
  }

  async start(run: NewRun, again: boolean, held: Claim, session: string | undefined): Promise<StartedChild> {
    const { storage, clock } = this.#core;
    const { run: record, created, claimed } = await storage.startRun(run, session, held);
    const isOver = record.status === "FAILED" || record.status === "CANCELLED";
    if (again && isOver && await storage.reopen(record.id, clock.now(), held)) {
      return { run: await storage.readRun(record.id) ?? record, claimed: undefined, isOld: false };
    }
    return { run: record, claimed, isOld: !created };
  }

  join(id: string, drives: boolean): void {
    if (!drives) return this.#core.nudge();
    this.#core.drive(id).catch((error) => warn(`Run ${id} is left to others: ${String(error)}`, { run: id }));
  }

  async outcome(id: string, here?: ActiveRun): Promise<ChildOutcome> {
    const status = here?.state.ended ?? (await this.#core.storage.readRun(id))?.status;
    if (status === undefined) {
      return { kind: "failed", error: new CancelledError(`Run ${id} was forgotten before its result was taken.`) };
    }
    if (!isFinal(status)) return { kind: "open" };
    if (status === "SKIPPED") return { kind: "skipped" };
    try {
      return { kind: "succeeded", value: await new DurableRun(this.#core, id, here).result() };
    } catch (error) {
      // Any other error is of the store, which may answer the next time.
      if (!(error instanceof FusewireError) || error instanceof UnavailableError) throw error;
      return { kind: "failed", error };
    }
  }

  async cancel(id: string, held: Claim, mayGo: () => boolean = () => true): Promise<void> {
    const core = this.#core;
    if (!await core.send(id, { kind: "cancel" }, held)) return;
    for (let pause = SHORTEST_LOOK;; pause = Math.min(LONGEST_LOOK, 2 * pause)) {
      const record = await core.storage.readRun(id);
      if (record === undefined || isFinal(record.status)) return;
      if (core.isUnheld(id, record.session)) await core.endUnheld(id);
      if (mayGo() || core.closing.aborted) return;
      await new Promise<void>((resolve) => core.clock.setTimer(pause, resolve));
    }
  }

  ended({ run, place }: NonNullable<NewRun["parent"]>, child: ActiveRun): void {
    this.#core.activeRun(run)?.waits.endedHere(place, child);
    this.#core.childEnded(run);
  }
}
