/**
 * Pools: which worker makes which call, and what happens when one ends.
 *
 * A call is handed to a worker only when it can begin at once, so that it never waits behind a long one while another worker has
 * nothing to do. Calls on objects go to the worker where the objects live.
 *
 * @module
 */
import { timeoutError } from "../attempt.ts";
import { warn } from "../warning.ts";
import { decodeError, encodeError } from "./error_message.ts";
import { Job, type JobSpec } from "./job.ts";
import { JobQueue } from "./job_queue.ts";
import type { LiveHandle } from "./live_handle.ts";
import { LiveObjects } from "./live_objects.ts";
import type { FromWorker } from "./messages.ts";
import { type Parcel, sendCarefully, unpack } from "./parcel.ts";
import { endError, givenUpError, lostObjectError } from "./lost_worker.ts";
import type { PoolLimits } from "./pool_options.ts";
import type { Seat } from "./seat.ts";
import { Seats } from "./seats.ts";
import type { ThreadEnd } from "./thread.ts";

/** How many milliseconds a worker has to answer that an attempt is over, before it is stopped. */
const GRACE = 250;

/** Some workers, as many as are needed and allowed. */
export class WorkerPool {
  readonly #maxPendingTasks: number;
  readonly #seats: Seats;
  readonly #waiting = new JobQueue();
  readonly #objects = new LiveObjects();
  /** Workers that are on their way out. */
  readonly #endings = new Set<Promise<void>>();
  readonly #addressNumbers = new Map<object, number>();
  #pending = 0;
  #nextId = 0;
  #broken: { readonly error: unknown } | undefined;

  /** Starts no worker yet. */
  constructor(limits: PoolLimits) {
    this.#maxPendingTasks = limits.maxPendingTasks;
    this.#seats = new Seats(Math.min(limits.workers, limits.maxPendingTasks), {
      received: (seat, message) => this.#received(seat, message),
      ended: (seat, end) => this.#ended(seat, end),
    });
  }

  /** A run uses the pool from now on. */
  openRun(runId: string): void {
    this.#objects.openRun(runId);
  }

  /** A run is over. Its objects are let go, and with the last run all workers end. */
  async closeRun(runId: string): Promise<void> {
    this.#objects.closeRun(runId);
    await Promise.all([...this.#seats].map((seat) => seat.leave(runId)));
    if (this.#objects.runs === 0) await this.close();
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    await Promise.all([...this.#seats].flatMap((seat) => {
      seat.isClosing = true;
      return [...seat.holds].map((runId) => seat.leave(runId));
    }));
    const seats = this.#seats.removeAll();
    for (const { jobs } of seats) for (const { graceTimer } of jobs.values()) clearTimeout(graceTimer);
    for (const seat of seats) this.#stop(seat);
    await Promise.all(this.#endings);
  }

  /** The number that stands for the address of a task or plugin. */
  addressNumber(thing: object): number {
    let number = this.#addressNumbers.get(thing);
    if (number === undefined) this.#addressNumbers.set(thing, number = this.#addressNumbers.size);
    return number;
  }

  /** Whether an object still lives in its worker. */
  isAlive({ key }: LiveHandle): boolean {
    return this.#objects.isAlive(key);
  }

  /** Nobody needs an object any more. */
  release({ key }: LiveHandle): void {
    this.#objects.release(key);
  }

  /** Makes a call. */
  call(spec: JobSpec): Promise<unknown> {
    const job = new Job(this.#nextId++, spec, (over) => this.#aborted(over));
    if (this.#broken !== undefined) job.fail(this.#broken.error);
    else if (spec.context.signal.aborted) job.fail(spec.context.signal.reason);
    else this.#enqueue(job);
    this.#dispatch();
    return job.outcome;
  }

  #enqueue(job: Job): void {
    const { group, runId } = job.spec;
    if (group === undefined) this.#waiting.push(job);
    else this.#objects.seatOf(runId, group, () => this.#seats.forGroup()).own.push(job);
  }

  /** Hands calls over, the oldest first, as long as there are workers for them. */
  #dispatch(): void {
    while (this.#pending < this.#maxPendingTasks) {
      let first: { readonly job: Job; readonly seat: Seat; readonly from: JobQueue } | undefined;
      for (const seat of this.#seats) {
        const job = seat.own.peek();
        if (job === undefined || !seat.isFree || first !== undefined && first.job.id < job.id) continue;
        first = { job, seat, from: seat.own };
      }
      const job = this.#waiting.peek();
      if (job !== undefined && (first === undefined || job.id < first.job.id)) {
        const seat = this.#seats.forCall();
        if (seat !== undefined) first = { job, seat, from: this.#waiting };
      }
      if (first === undefined) return;
      first.from.shift();
      this.#hand(first.job, first.seat);
    }
  }

  #hand(job: Job, seat: Seat): void {
    const { spec, id } = job;
    if (!spec.needs.every((key) => this.#objects.isIn(key, seat))) return job.fail(lostObjectError(spec.node));
    const isLastHere = spec.isLast && this.#objects.runs === 1;
    const post = (moving: boolean): void => {
      const { message, transfer } = spec.message(seat.knows, moving);
      seat.thread.post({ type: "call", id, run: spec.runId, ...message, move: spec.givesAway || isLastHere }, transfer);
      for (const [number] of message.addresses) seat.knows.add(number);
    };
    try {
      sendCarefully(`the arguments of node \`${spec.node}\``, post);
    } catch (error) {
      return job.fail(error);
    }
    seat.isClosing = isLastHere;
    if (spec.tearsDown) seat.holds.add(spec.runId);
    seat.jobs.set(id, job);
    this.#pending++;
  }

  #received(seat: Seat, message: FromWorker): void {
    switch (message.type) {
      case "began":
        return seat.jobs.get(message.id)?.begin();
      case "waiting":
      case "aborted":
        return this.#free(seat, message.id);
      case "result":
        return this.#answered(seat, message.id, (job) => this.#succeed(job, seat, message.value, message.buffers));
      case "failed":
        return this.#answered(seat, message.id, (job) => job.fail(decodeError(message.error)));
      case "stopped":
        return this.#answered(
          seat,
          message.id,
          (job) => job.fail(timeoutError(job.spec.context, job.spec.time.limit ?? Infinity)),
        );
      case "progress":
        return this.#tell(seat, message.id, ({ context }) => context.progress(message.fraction, message.message));
      case "log":
        return this.#tell(seat, message.id, ({ context }) => writeLog(context, message));
      case "unguarded":
        return this.#break(decodeError(message.error));
      case "holds":
        seat.holds.add(message.run);
        return;
      case "left":
        return seat.left(message.run, message.problems);
      case "ready":
      case "crashed":
        return;
    }
  }

  #tell(seat: Seat, id: number, tell: (spec: JobSpec) => void): void {
    const job = seat.jobs.get(id);
    if (job !== undefined && !job.isOver) tell(job.spec);
  }

  #free(seat: Seat, id: number): void {
    const job = seat.jobs.get(id);
    if (job === undefined) return;
    job.isWaiting = true;
    clearTimeout(job.graceTimer);
    this.#dispatch();
  }

  #answered(seat: Seat, id: number, end: (job: Job) => void): void {
    const job = seat.jobs.get(id);
    if (job === undefined) return;
    seat.jobs.delete(id);
    clearTimeout(job.graceTimer);
    if (!job.isOver) {
      this.#pending--;
      end(job);
    }
    this.#dispatch();
  }

  #succeed(job: Job, seat: Seat, value: Parcel, buffers: readonly ArrayBuffer[]): void {
    const { key, runId } = job.spec;
    if (key !== undefined) this.#objects.made(runId, key, seat);
    if (seat.isClosing && seat.holds.size === 0) this.#stop(seat);
    try {
      job.succeed(job.spec.result(value, buffers));
    } catch (error) {
      job.fail(error);
    }
  }

  /** An attempt is over before its call is. */
  #aborted(job: Job): void {
    for (const seat of this.#seats) {
      if (!seat.jobs.has(job.id)) continue;
      this.#pending--;
      job.isWaiting = false;
      seat.thread.post({ type: "abort", id: job.id, reason: encodeError(job.spec.context.signal.reason) });
      job.graceTimer = setTimeout(() => this.#giveUp(seat, job), GRACE);
    }
    this.#dispatch();
  }

  /** A worker does not answer: whatever keeps it, it is replaced. */
  #giveUp(seat: Seat, { spec: { node } }: Job): void {
    this.#stop(seat);
    this.#lose(seat, (of) => givenUpError(of, node));
  }

  #stop(seat: Seat): void {
    this.#seats.remove(seat);
    seat.leftAll();
    const ending = seat.thread.stop(seat.jobs.size > 0).finally(() => this.#endings.delete(ending));
    this.#endings.add(ending);
  }

  #ended(seat: Seat, end: ThreadEnd): void {
    if (end.kind === "crashed" && seat.jobs.size === 0) {
      warn("A worker of a pool crashed between its calls.", { error: end.error });
    }
    this.#stop(seat);
    this.#lose(seat, (node) => endError(node, end));
  }

  /** All calls of a worker that is no more fail; those that were not handed over go to another. */
  #lose(seat: Seat, errorOf: (node: string) => Error): void {
    this.#objects.lose(seat);
    for (const job of seat.jobs.values()) {
      clearTimeout(job.graceTimer);
      if (job.isOver) continue;
      this.#pending--;
      job.fail(errorOf(job.spec.node));
    }
    seat.jobs.clear();
    for (const job of seat.own.drain()) this.#enqueue(job);
    this.#dispatch();
  }

  /** Nothing can be called any more: every worker would import what the first one choked on. */
  #break(error: unknown): void {
    this.#broken = { error };
    const jobs = this.#waiting.drain();
    for (const seat of this.#seats) {
      jobs.push(...seat.own.drain());
      for (const job of seat.jobs.values()) {
        if (job.isOver) continue;
        this.#pending--;
        jobs.push(job);
      }
    }
    for (const job of jobs) job.fail(error);
  }
}

function writeLog(
  { log: write }: JobSpec["context"],
  { level, message, properties }: Extract<FromWorker, { type: "log" }>,
): void {
  const record = properties === undefined ? undefined : unpack(properties);
  write[level](message, typeof record === "object" && record !== null ? { ...record } : undefined);
}
