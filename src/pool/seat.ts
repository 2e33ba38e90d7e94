/**
 * Seats: the workers of a pool, with what the pool knows of each.
 *
 * @module
 */
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
  /** Those that it was asked to release, with what hears that it has. */
  readonly leaving = new Map<string, (problems: readonly string[]) => void>();
  /** How many groups of objects live here. */
  groups = 0;
  /** No further call is made here. */
  isClosing = false;

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
}
