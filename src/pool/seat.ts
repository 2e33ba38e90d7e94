/**
 * Seats: the workers of a pool, with what the pool knows of each.
 *
 * @module
 */
import { warn } from "../warning.ts";
import type { Job } from "./job.ts";
import { JobQueue } from "./job_queue.ts";
import type { FromWorker } from "./messages.ts";
import { Thread, type ThreadEnd } from "./thread.ts";

/** Who is told what happens on a seat. */
export interface SeatOwner {
  /** The worker says something. */
  received(seat: Seat, message: FromWorker): void;
  /** The worker has ended by itself. */
  ended(seat: Seat, end: ThreadEnd): void;
}

/** How many milliseconds a worker has to release what a run has left in it, before that is given up. */
const PATIENCE = 5_000;

/** One worker of a pool. */
export class Seat {
  /** The thread itself. */
  readonly thread: Thread;
  /** Calls that were handed to the worker and not answered, by number. */
  readonly jobs = new Map<number, Job>();
  /** Calls that only this worker can make, in order. */
  readonly own = new JobQueue();
  /** Numbers of the addresses that the worker knows. */
  readonly knows = new Set<number>();
  /** Runs whose calls have left something in the worker. */
  readonly holds = new Set<string>();
  /** How many groups of objects live here. */
  groups = 0;
  /** No further call is made here. */
  isClosing = false;
  /** Runs of which the worker was asked to release what it has, with what hears that it has done so. */
  readonly #leaving = new Map<string, PromiseWithResolvers<readonly string[]>>();

  /** Starts a worker. */
  constructor(owner: SeatOwner) {
    this.thread = new Thread({
      received: (message) => owner.received(this, message),
      ended: (end) => owner.ended(this, end),
    });
  }

  /** Whether a call that is handed over now begins now: all calls that were handed over before wait for something. */
  get isFree(): boolean {
    if (this.isClosing) return false;
    for (const { isWaiting } of this.jobs.values()) if (!isWaiting) return false;
    return true;
  }

  /** Has the worker release what a run has left in it, if there is something. */
  async leave(run: string): Promise<void> {
    if (!this.holds.has(run)) return;
    let left = this.#leaving.get(run);
    if (left === undefined) {
      this.#leaving.set(run, left = Promise.withResolvers());
      this.thread.post({ type: "leave", run });
    }
    const timer = setTimeout(() => this.left(run, [`it has not answered for ${PATIENCE} ms`]), PATIENCE);
    await left.promise;
    clearTimeout(timer);
  }

  /** The worker has released what a run had left in it, or that is given up. */
  left(run: string, problems: readonly string[]): void {
    this.#leaving.get(run)?.resolve(problems);
    this.#leaving.delete(run);
    this.holds.delete(run);
    for (const problem of problems) warn(`A worker of a pool could not release what a run has left in it: ${problem}`);
  }

  /** The worker is to end, or has ended. */
  leftAll(): void {
    for (const run of this.holds) this.left(run, []);
  }
}
