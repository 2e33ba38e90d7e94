/**
 * How a worker finds work: runs to claim, steps that others lend, and steps of its own runs that it has lent and nobody began with.
 *
 * @module
 */
import type { StepClaim } from "../../storage/runtime/records.ts";
import { FusewireError } from "../errors.ts";
import { warn } from "../warning.ts";
import type { ActiveRun } from "./active_run.ts";
import { definitionKeyText } from "./definition_key.ts";
import { LentSteps } from "./lent_steps.ts";
import type { WorkerCore } from "./worker.ts";

/** After how many milliseconds it is tried again to claim, if the store failed. */
export const CLAIM_AGAIN_AFTER = 1_000;

/** Finds work for one worker. */
export class WorkSearch {
  readonly #worker: WorkerCore;
  readonly #lentSteps: LentSteps;
  #lent = 0;
  /** Whether there may be something to claim, and from when on there is something else to look after. */
  #mayFind = true;
  #lookAt = -Infinity;
  /** Whether the last try failed, so that nobody knows whether there is something to do. */
  #failed = false;
  /** Whether a try ended without an answer, so that it may have claimed something. */
  #isInDoubt = false;
  #takingBack = false;
  #idleUntil = -Infinity;

  /** Finds work for this worker. */
  constructor(worker: WorkerCore) {
    this.#worker = worker;
    this.#lentSteps = new LentSteps(worker, () => worker.room.wait());
  }

  /** How many claims of lent steps are at work here. */
  get lent(): number {
    return this.#lent;
  }

  /** Whether the last try failed, so that nobody knows whether there is something to do. */
  get hasFailed(): boolean {
    return this.#failed;
  }

  /** From when on there is something to look after, in milliseconds since 1970, if nothing calls before. */
  get lookAt(): number {
    return this.#lookAt;
  }

  /** There may be something to claim. */
  expect(): void {
    this.#mayFind = true;
  }

  /** Whether the session may hold what nobody here knows of. Asked once: whoever asks ends the session. */
  takeDoubt(): boolean {
    const isInDoubt = this.#isInDoubt;
    if (isInDoubt) this.#isInDoubt = false;
    return isInDoubt;
  }

  /** Claims if there may be something to claim, and room for it; gives how much it got. */
  async look(): Promise<number> {
    const { clock } = this.#worker;
    if (!this.#mayFind && clock.now() < this.#lookAt) return 0;
    try {
      if (this.#failed) await this.#adoptUnheard();
      const got = await this.#claim();
      this.#failed = false;
      return got;
    } catch (error) {
      this.#failed = true;
      if (!(error instanceof FusewireError)) {
        this.#isInDoubt = true;
        this.#takeAllBack();
      }
      warn(`Claiming failed and is tried again: ${String(error)}`);
      this.#lookAt = clock.now() + CLAIM_AGAIN_AFTER;
      return 0;
    }
  }

  /** A claim that failed may have taken effect: what the session holds, and is not at work, is put to work. */
  async #adoptUnheard(): Promise<void> {
    const { storage, session, executables } = this.#worker;
    for (const id of await storage.heldRuns(session)) {
      const run = await storage.readRun(id);
      if (run === undefined || !executables.has(definitionKeyText(run))) continue;
      if (this.#worker.runOf(id) !== undefined || this.#worker.isDoubtful(id)) continue;
      const answer = await storage.claimRun(id, session);
      if (answer.kind === "claimed" && this.#worker.runOf(id) === undefined) this.#worker.adopt(answer.claimed);
    }
  }

  async #claim(): Promise<number> {
    const worker = this.#worker;
    const { storage, session, queues, room } = worker;
    const now = worker.clock.now();
    await worker.reapIfDue(now);
    this.#lookAt = worker.reapAt;
    const limit = room.free - this.#waiting();
    if (limit <= 0) return 0;
    const definitions = [...worker.executables.values()].map(({ definition }) => definition);
    const request = { session, queues, definitions, limit, now };
    this.#mayFind = false;
    const { runs, nextDue } = await storage.claimRuns(request);
    this.#lookAt = Math.min(this.#lookAt, nextDue ?? Infinity);
    for (const claimed of runs) worker.adopt(claimed);
    if (runs.length > 0) {
      this.#mayFind = true;
      return runs.length;
    }
    if (!storage.shared) return 0;
    const claims = await storage.claimSteps({ ...request, limit: Math.max(1, limit >> 2) });
    for (const claim of claims) this.#took(claim);
    if (claims.length > 0) this.#mayFind = true;
    else if (worker.size === 0) await this.#sayIdle(now);
    return claims.length;
  }

  /** Runs that were claimed and have not come to want room yet. */
  #waiting(): number {
    let waiting = 0;
    for (const run of this.#worker.runs) if (run.isOpening || run.wantsRoom) waiting++;
    return waiting;
  }

  async #sayIdle(now: number): Promise<void> {
    const { storage, session, queues, lease } = this.#worker;
    if (now < this.#idleUntil - lease / 2) return;
    this.#idleUntil = now + lease;
    await storage.setIdle(session, queues, this.#idleUntil);
  }

  /** Takes back steps that a run has lent and nobody has begun with, as there is room here again. */
  takeBack(run: ActiveRun): void {
    if (this.#takingBack || this.#worker.room.free <= 0) return;
    this.#takingBack = true;
    void this.#takeBack(run).catch((error) => {
      warn(`Lent steps of run ${run.id} could not be taken back one by one: ${String(error)}`, {
        workflow: run.run.workflow,
        run: run.id,
      });
      this.#takeAllBack();
    }).finally(() => this.#takingBack = false);
  }

  /** Perhaps this worker has claimed steps, of any of its runs, without hearing of it. Others that have begun with some do so in vain. */
  #takeAllBack(): void {
    for (const own of this.#worker.runs) if (own.mayTakeBack) own.lending.takeAllBack();
  }

  async #takeBack(run: ActiveRun): Promise<void> {
    const { storage, session, room, clock } = this.#worker;
    for (let free = room.free; free > 0 && run.mayTakeBack && run.lending.mayBeUnclaimed; free--) {
      const { run: { queue }, executable: { definition } } = run;
      const request = { session, queues: [queue], definitions: [definition], limit: 1, now: clock.now() };
      const claims = await storage.claimSteps(request);
      for (const claim of claims) this.#took(claim);
      if (claims.length === 0) return run.lending.allClaimed();
      if (room.free <= 0) return;
    }
  }

  /** Steps of a run of this worker come back to it; those of others are run for them. */
  #took(claim: StepClaim): void {
    const own = this.#worker.runOf(claim.run.id);
    if (own?.mayTakeBack) own.lending.takeBack(claim.offer);
    else this.#runLent(claim);
  }

  #runLent(claim: StepClaim): void {
    this.#lent++;
    const executable = this.#worker.executables.get(definitionKeyText(claim.run))!.ofRun(claim.run);
    void this.#lentSteps.run(executable, claim)
      .catch((error) => {
        const { id: run, workflow } = claim.run;
        warn(`Lent steps of run ${run} failed: ${String(error)}`, { workflow, run });
      })
      .finally(() => {
        this.#lent--;
        this.#worker.wake();
      });
  }

  /** Ends the attempts of lent steps at work here. */
  abandon(reason: unknown): void {
    this.#lentSteps.abandon(reason);
  }
}
