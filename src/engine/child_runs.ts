/**
 * Runs that steps of other runs wait for: their ids, how they are started, cancelled and asked for what became of them.
 *
 * @module
 */
import { nameWithin } from "../../storage/names.ts";
import type { Claim, NewRun, RunRecord } from "../../storage/runtime/records.ts";
import { CancelledError, StepFailedError } from "../errors.ts";
import { isFinal } from "../status.ts";
import { warn } from "../warning.ts";
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
  /** The run. */
  readonly run: RunRecord;
  /** Whether it was there before, and is not tried again now. */
  readonly isOld: boolean;
}

/** What workers need of the runs that their steps wait for. */
export interface ChildRuns {
  /** Starts a run for the holder of another, or finds the one that has its id. With `again` one that has failed or was cancelled is tried again. */
  start(run: NewRun, again: boolean, held: Claim): Promise<StartedChild>;
  /** Has this process work on a run too, if it drives its runs by itself. */
  join(id: string, drives: boolean): void;
  /** What became of a run. */
  outcome(id: string): Promise<ChildOutcome>;
  /** Has a run end, if there is one and `held` holds; it may go on for a while. With `mayGo` it is waited for until that is so, or the run has ended. */
  cancel(id: string, held: Claim, mayGo?: () => boolean): Promise<void>;
  /** A run has ended: the run that waits for it is told, if it is at work in this process. */
  ended(parent: string): void;
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

  async start(run: NewRun, again: boolean, held: Claim): Promise<StartedChild> {
    const { storage } = this.#core;
    const { run: record, created } = await storage.startRun(run, undefined, held);
    const isOver = record.status === "FAILED" || record.status === "CANCELLED";
    if (again && isOver && await storage.reopen(record.id, held)) {
      return { run: await storage.readRun(record.id) ?? record, isOld: false };
    }
    return { run: record, isOld: !created };
  }

  join(id: string, drives: boolean): void {
    if (!drives) return this.#core.nudge();
    this.#core.drive(id).catch((error) => warn(`Run ${id} is left to others: ${String(error)}`, { run: id }));
  }

  async outcome(id: string): Promise<ChildOutcome> {
    const record = await this.#core.storage.readRun(id);
    if (record === undefined) {
      return { kind: "failed", error: new CancelledError(`Run ${id} was forgotten before its result was taken.`) };
    }
    if (!isFinal(record.status)) return { kind: "open" };
    if (record.status === "SKIPPED") return { kind: "skipped" };
    try {
      return { kind: "succeeded", value: await new DurableRun(this.#core, id).result() };
    } catch (error) {
      if (error instanceof StepFailedError || error instanceof CancelledError || record.status === "SUCCEEDED") {
        return { kind: "failed", error };
      }
      throw error;
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

  ended(parent: string): void {
    this.#core.childEnded(parent);
  }
}
