/**
 * Runs that steps of other runs wait for: their ids, how they are started, cancelled and asked for what became of them.
 *
 * @module
 */
import { nameWithin } from "../../storage/names.ts";
import type { NewRun, RunRecord } from "../../storage/runtime/records.ts";
import { CancelledError, FusewireError } from "../errors.ts";
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

/** What workers need of the runs that their steps wait for. */
export interface ChildRuns {
  /** Starts a run, or finds the one that has its id. With `again` one that has failed or was cancelled is tried again. */
  start(run: NewRun, again: boolean): Promise<RunRecord>;
  /** Has this process work on a run too, if it drives its runs by itself. */
  join(id: string, drives: boolean): void;
  /** What became of a run. */
  outcome(id: string): Promise<ChildOutcome>;
  /** Has a run end, if there is one; it may go on for a while. */
  cancel(id: string): Promise<void>;
  /** A run has ended: the run that waits for it is told, if it is at work in this process. */
  ended(parent: string): void;
}

/** The runs of one runtime, as those that wait for them see them. */
export class RuntimeChildren implements ChildRuns {
  readonly #core: RuntimeCore;

  /** Asks the store of a runtime. */
  constructor(core: RuntimeCore) {
    this.#core = core;
  }

  async start(run: NewRun, again: boolean): Promise<RunRecord> {
    const { storage } = this.#core;
    const { run: record } = await storage.startRun(run);
    const isOver = record.status === "FAILED" || record.status === "CANCELLED";
    if (again && isOver && await storage.reopen(record.id)) return await storage.readRun(record.id) ?? record;
    return record;
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
      // Any other error is one of the store, and says nothing of the run.
      if (error instanceof FusewireError) return { kind: "failed", error };
      throw error;
    }
  }

  async cancel(id: string): Promise<void> {
    const core = this.#core;
    if (!await core.send(id, { kind: "cancel" })) return;
    const record = await core.storage.readRun(id);
    if (record !== undefined && !isFinal(record.status) && core.isUnheld(id, record.session)) await core.endUnheld(id);
  }

  ended(parent: string): void {
    const here = this.#core.activeRun(parent);
    if (here === undefined) this.#core.nudge();
    else void here.readMail();
  }
}
