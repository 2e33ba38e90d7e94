/**
 * The commits of one run at work.
 *
 * One commit is in flight at a time; what happens meanwhile goes into the next. A chain of steps is one commit a step, a crowd of steps
 * that end together one for all of them, and pure steps run ahead of their commits. The last commit gives the run up: it has ended, or has
 * nothing to do for now, or its worker is to end.
 *
 * @module
 */
import type { RunCommit } from "../../storage/runtime/engine_storage.ts";
import { LeaseLostError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";

/** A run that has nothing to do for this long, in milliseconds, is given up until then. */
const RELEASE_AFTER = 2_000;

/** The shortest and the longest time, in milliseconds, before a commit that failed is tried again. */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 5_000;

/** Commits what one run has pending. */
export class RunCommits {
  readonly #run: ActiveRun;
  #isScheduled = false;
  #isCommitting = false;
  #onItsWay: Promise<boolean> | undefined;
  #isLeaving = false;
  #isClosing = false;
  #hasCommitted = false;

  /** Commits for this run. */
  constructor(run: ActiveRun) {
    this.#run = run;
  }

  /** Whether the commit that gives the run up is on its way. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Whether something was committed by this holder. */
  get hasCommitted(): boolean {
    return this.#hasCommitted;
  }

  /** Commits if there is something to commit, and gives the run up if there is nothing left to do for now. */
  settle(): void {
    if (this.#isScheduled || !this.#run.isAtWork) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      void this.#flush();
    });
  }

  /** Waits until everything so far is committed. */
  async settled(): Promise<void> {
    const run = this.#run;
    // What is on its way may have left too early; whatever leaves after it has everything.
    if (this.#isCommitting) await this.#onItsWay;
    if (!run.isAtWork) return;
    if (this.#isCommitting) await this.#onItsWay;
    else if (!run.pending.isEmpty) {
      run.pending.urgent = true;
      await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const run = this.#run;
    if (this.#isCommitting || !run.isAtWork) return;
    // What follows from what has ended goes into the same commit.
    run.settleControls();
    let then = this.#then();
    if (then?.kind === "ended" && !run.lifetime.isOver && !run.lifetime.isIdle) {
      this.#closeFirst();
      then = undefined;
    }
    if (then === undefined && !run.pending.urgent) return;
    // That it was cancelled, or could not go on, is stored with its end only.
    if (then === undefined && (run.state.cancelled || run.state.broken || run.state.timedOut)) return;
    this.#isCommitting = true;
    this.#isLeaving = then !== undefined;
    const { commit, ended } = run.pending.take(run.claim, run.state, then);
    const written = this.#write(commit);
    this.#onItsWay = written;
    const done = await written;
    this.#isCommitting = false;
    this.#hasCommitted = true;
    if (!done || !run.isAtWork) return;
    run.mail.settled(commit.handled ?? []);
    if (then?.kind === "ended") run.trace?.finished(then.status, then.endedAt);
    if (then !== undefined) return run.leave(then.kind);
    if (commit.offers !== undefined) {
      run.lending.offered();
      run.host.nudge();
    }
    run.apply({ kind: "committed", places: ended });
    run.pump();
    this.settle();
  }

  /** The run ends when all that it has set up here is torn down: should this process be lost before, the next holder does that. */
  #closeFirst(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    void closeLifetime(this.#run, true).then(() => this.settle());
  }

  /** Writes a commit, as often as it takes. Gives `false` if the run is held by another worker now. */
  async #write(commit: RunCommit): Promise<boolean> {
    const run = this.#run;
    const { storage, clock } = run.host;
    const { parent } = run.run;
    const write = async (): Promise<void> => {
      if (commit.then?.kind !== "ended" || parent === undefined) return await storage.commit(commit);
      // Told before it is so: if the process dies in between, the next one that ends the run tells it again.
      await storage.send(parent.run, { kind: "child", place: parent.place });
      await storage.commit(commit);
      run.host.children.ended(parent, run);
    };
    for (let wait = SHORTEST_WAIT;; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        await (run.trace?.tracer.commit?.(commit.steps.length, write) ?? write());
        return true;
      } catch (error) {
        if (error instanceof LeaseLostError) {
          run.lose(error);
          return false;
        }
        if (!run.isAtWork) return false;
        run.host.warn(`A commit of run ${run.id} failed and is tried again: ${String(error)}`, run);
        await new Promise<void>((resolve) => clock.setTimer(wait, resolve));
      }
    }
  }

  /** Whether the next commit is the last one here, and why. */
  #then(): RunCommit["then"] {
    const { state, taken, mail, waits, lending, pending, errors, host: { clock, isDraining } } = this.#run;
    if (waits.isBusy) return undefined;
    if (state.ended !== undefined) {
      if (this.#run.cache?.keeper.isBusy === true) return undefined;
      const failure = errors.get(state.failed);
      const ended = { kind: "ended", status: state.ended, endedAt: clock.now() } as const;
      return state.ended !== "FAILED" || failure === undefined
        ? ended
        : { ...ended, failure: { place: state.failed, error: failure.record } };
    }
    if (state.running > 0 || taken > 0 || mail.isBusy) return undefined;
    if (isDraining) {
      // What has ended and is not committed may have made steps ready that the next holder starts.
      return state.readyCount > 0 || state.uncommitted > 0 || waits.isPatient
        ? { kind: "released", parked: false }
        : this.#parked();
    }
    if (state.readyCount > 0 || pending.urgent || lending.size > 0 || waits.isPatient) return undefined;
    const parked = this.#parked();
    return parked.wakeAt !== undefined && parked.wakeAt < clock.now() + RELEASE_AFTER ? undefined : parked;
  }

  #parked(): { readonly kind: "released"; readonly parked: true; readonly wakeAt?: number } {
    const { wakeAt } = this.#run;
    return { kind: "released", parked: true, ...(wakeAt === Infinity ? {} : { wakeAt }) };
  }
}

/** Ends what lives as long as a run is at work here. What its steps have come to stays. */
export async function closeLifetime(run: ActiveRun, isEnd: boolean): Promise<void> {
  try {
    await run.lifetime.close(isEnd);
  } catch (error) {
    run.host.warn(error instanceof Error ? error.message : String(error), run);
  }
}
