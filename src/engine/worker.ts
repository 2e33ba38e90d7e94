/**
 * A worker: it claims runs of the definitions that it knows, and steps that other workers lend, and makes their calls, a bounded number
 * at a time. Its session is the lease of all that it holds.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { Claim, ClaimedRun, NewRun } from "../../storage/runtime/records.ts";
import type { Clock } from "../clock.ts";
import { CancelledError, ConfigError, LeaseLostError } from "../errors.ts";
import { isFinal } from "../status.ts";
import type { Tracer } from "../tracer.ts";
import { warn } from "../warning.ts";
import { ActiveRun } from "./active_run.ts";
import type { ChildRuns, StartedChild } from "./child_runs.ts";
import type { Executable } from "./executable.ts";
import { definitionKeyText } from "./definition_key.ts";
import { Neighbours } from "./neighbours.ts";
import { Poll } from "./poll.ts";
import { Reminders } from "./reminders.ts";
import { Room } from "./room.ts";
import type { RunExit, RunHost } from "./run_host.ts";
import { Session } from "./session.ts";
import type { StepPool } from "./step_pool.ts";
import type { StoredValues } from "./stored_values.ts";
import { TurnWaits } from "./turn_waits.ts";
import { Waker } from "./waker.ts";
import { CLAIM_AGAIN_AFTER, WorkSearch } from "./work_search.ts";

/** What a worker is given. */
export interface WorkerSetup {
  /** Where runs are kept. */
  readonly storage: EngineStorage;
  /** Encodes values. */
  readonly codec: StoredValues;
  /** Time and chance. */
  readonly clock: Clock;
  /** Name of the machine, or empty, and id of the process. */
  readonly process: { readonly host: string; readonly id: number };
  /** Hears of all that the worker does; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Milliseconds for which the lease holds without a sign of life. */
  readonly lease: number;
  /** How many steps may be at work at a time. */
  readonly concurrency: number;
  /** The queues that are served. */
  readonly queues: readonly string[];
  /** The threads that make the calls; they end with the worker. `undefined` has this thread make them. */
  readonly pool: StepPool | undefined;
  /** The runs that steps wait for. */
  readonly children: ChildRuns;
  /** Tells the other workers of this process that there may be something for them. */
  readonly nudge: () => void;
  /** Hears that a run left this worker. */
  readonly left: (run: ActiveRun, exit: RunExit) => void;
}

/** After how many milliseconds a run is opened again that could not be. */
const OPEN_AGAIN_AFTER = 1_000;

/** One worker of this process. */
export class WorkerCore implements RunHost {
  readonly storage: EngineStorage;
  readonly codec: StoredValues;
  readonly clock: Clock;
  readonly queues: readonly string[];
  readonly lease: number;
  readonly process: WorkerSetup["process"];
  readonly tracer: Tracer | undefined;
  /** The definitions that are served, by `definitionKeyText`. */
  readonly executables: Map<string, Executable> = new Map();
  /** Room for steps at work. */
  readonly room: Room;
  /** Steps that wait for turns of rate limits. */
  readonly turns: TurnWaits = new TurnWaits();
  readonly #setup: WorkerSetup;
  readonly #runs = new Map<string, ActiveRun>();
  /** Ids of runs that were started for steps, and may have been claimed by that, because there was no answer. */
  readonly #doubtful = new Set<string>();
  /** What is still being ended of runs that are not at work here any more. */
  readonly #leftovers = new Set<Promise<void>>();
  readonly #waker: Waker;
  readonly #poll: Poll;
  readonly #search: WorkSearch;
  readonly #neighbours: Neighbours;
  readonly #reminders: Reminders;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #draining = false;
  #isClosed = false;
  #attending = false;
  #reapAt = -Infinity;

  /** Serves nothing yet; see {@linkcode know} and {@linkcode serve}. */
  constructor(setup: WorkerSetup) {
    const { storage, codec, clock, queues, lease } = setup;
    this.#setup = setup;
    this.storage = storage;
    this.codec = codec;
    this.clock = clock;
    this.queues = queues;
    this.lease = lease;
    this.process = setup.process;
    this.tracer = setup.tracer;
    this.room = new Room(setup.concurrency, () => this.#waker.call());
    this.#waker = new Waker(clock);
    this.#poll = new Poll(storage, clock, () => this.#waker.call());
    this.#search = new WorkSearch(this);
    this.#neighbours = new Neighbours(storage, clock, () => this.#roomMayBeElsewhere());
    this.#reminders = new Reminders(clock);
  }

  get session(): string {
    return this.#session?.id ?? "";
  }

  get pool(): StepPool | undefined {
    return this.#setup.pool;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** How many runs and lent steps are at work here. */
  get size(): number {
    return this.#runs.size + this.#search.lent;
  }

  /** The runs at work here. */
  get runs(): Iterable<ActiveRun> {
    return this.#runs.values();
  }

  /** When the next look for dead workers is due, in milliseconds since 1970. */
  get reapAt(): number {
    return this.#reapAt;
  }

  /** Adds a definition to those that are served, and makes it known to the store. */
  async know(executable: Executable): Promise<void> {
    this.pool?.check(executable);
    await executable.tracer?.prepare?.();
    const key = definitionKeyText(executable.definition);
    if (!this.executables.has(key)) await this.storage.define(executable.definition);
    // An equal graph may have been built again, around other functions.
    const known = this.executables.get(key);
    this.executables.set(key, executable);
    if (known === executable) return;
    // A definition may have runs of itself within.
    for (const { executable: child } of executable.children) await this.know(child());
  }

  /** A run at work here, if it is. */
  runOf(id: string): ActiveRun | undefined {
    return this.#runs.get(id);
  }

  /** The session, opened when it is first needed. */
  async openSession(): Promise<Session> {
    if (this.#isClosed) throw runtimeClosed();
    if (this.#session !== undefined && !this.#session.isOver) return this.#session;
    this.#opening ??= Session.open({
      storage: this.storage,
      clock: this.clock,
      process: this.#setup.process,
      lease: this.#setup.lease,
      lost: () => this.#sessionLost(),
      warn: (message) => warn(message),
    });
    try {
      return this.#session = await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  /** Does something in the name of the session; if that turns out to be over, once more in the name of a new one. */
  async withSession<T>(work: (session: string) => Promise<T>): Promise<T> {
    for (;;) {
      const session = await this.openSession();
      try {
        return await work(session.id);
      } catch (error) {
        if (!(error instanceof LeaseLostError) || await session.isKept()) throw error;
      }
    }
  }

  /** Puts a claimed run to work. */
  adopt(
    claimed: ClaimedRun,
    executable: Executable | undefined = this.executables.get(definitionKeyText(claimed.run)),
  ): ActiveRun {
    if (executable === undefined) {
      throw new ConfigError(`Run ${claimed.run.id} is of a definition that this worker does not know.`);
    }
    const run = new ActiveRun(this, executable.ofRun(claimed.run), claimed);
    this.#runs.set(run.id, run);
    this.#open(run);
    void this.#attend();
    return run;
  }

  /** Has a run begin, as often as it takes: others do not get it as long as this worker's lease holds. */
  #open(run: ActiveRun): void {
    run.open().catch((error) => {
      if (this.#draining) return run.lose(error);
      this.warn(`Run ${run.id} could not be opened, which is tried again: ${String(error)}`, run);
      this.clock.setTimer(OPEN_AGAIN_AFTER, () => run.isOpening && this.#open(run));
    });
  }

  /** Has the worker look for work now. */
  wake(): void {
    this.#search.expect();
    this.#waker.call();
  }

  /** No more steps start from now on. */
  stopStarting(): void {
    this.#draining = true;
  }

  /**
   * Claims and runs until `isOver` says that no more is to be started; then what is at work ends, and the rest is left to others.
   *
   * @param isOver Whether to start no more.
   * @param untilIdle Whether to stop when there is nothing to do right now.
   */
  async serve(isOver: () => boolean, untilIdle: boolean): Promise<void> {
    this.#attending = true;
    try {
      while (!isOver()) {
        if (!await this.#hasSession()) continue;
        await this.#hear();
        const got = await this.#search.look();
        if (untilIdle && got === 0 && this.size === 0 && !this.#search.hasFailed) break;
        if (isOver() || got > 0 && this.room.free > 0) continue;
        const now = this.clock.now();
        await this.#waker.sleep(Math.max(0, Math.min(this.#poll.pause, this.#search.lookAt - now)));
      }
    } finally {
      this.#attending = false;
      void this.#attend();
    }
  }

  /** Has a session to serve with. The first one has to be had at once; one that takes its place is asked for again and again. */
  async #hasSession(): Promise<boolean> {
    const before = this.#session;
    try {
      // It may hold lent steps that nobody here knows of. With its end they are for all again.
      if (this.size === 0 && this.#search.takeDoubt()) await before?.close();
      await this.openSession();
      return true;
    } catch (error) {
      if (before === undefined) throw error;
      warn(`This worker has no session for now, and asks for one again: ${String(error)}`);
      await this.#waker.sleep(CLAIM_AGAIN_AFTER);
      return false;
    }
  }

  /** Asks whether there is something new: to claim, or a message to a run at work here. */
  async #hear(): Promise<void> {
    this.#poll.listen(this.session, this.#setup.queues);
    if (!await this.#poll.hasNews()) return;
    this.#search.expect();
    for (const run of this.#runs.values()) void run.readMail();
  }

  /** Hears what the runs at work here are told also while nothing is claimed: those that `runtime.run()` drives, those that are to end. */
  async #attend(): Promise<void> {
    if (this.#attending) return;
    this.#attending = true;
    if (this.#reapAt === -Infinity) this.#reapAt = this.#nextReap(this.clock.now());
    while (this.#runs.size > 0) {
      if (this.#session?.isOver === false) await this.#hear();
      const now = this.clock.now();
      // What a dead worker held may be what the runs here wait for: a slot, a step that it was lent.
      await this.reapIfDue(now).catch((error) => warn(`Looking for dead workers failed: ${String(error)}`));
      await this.#waker.sleep(Math.max(0, Math.min(this.#poll.pause, this.#reapAt - now)));
    }
    this.#attending = false;
  }

  /** Looks for dead workers, if it is time to. */
  async reapIfDue(now: number): Promise<void> {
    if (now < this.#reapAt) return;
    this.#reapAt = this.#nextReap(now);
    await this.storage.reap(now);
  }

  #nextReap(now: number): number {
    return now + this.#setup.lease / 2 * (0.75 + 0.5 * this.clock.random());
  }

  /** Lets what is at work end, gives up the rest and ends the session. `patience` in milliseconds, then attempts are aborted. */
  async close(patience = Infinity): Promise<void> {
    this.#draining = this.#isClosed = true;
    for (const run of this.#runs.values()) run.settle();
    const all = async (): Promise<void> => {
      while (this.size > 0) await this.#waker.sleep(1_000);
    };
    const done = all();
    if (patience !== Infinity) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = this.clock.setTimer(patience, resolve);
      await Promise.race([done, promise]);
      timer.cancel();
      if (this.size > 0) {
        const reason = new CancelledError("The worker is closing, and the step will be run again by another.");
        for (const run of this.#runs.values()) run.abandon(reason);
        this.#search.abandon(reason);
      }
    }
    await done;
    await Promise.all(this.#leftovers);
    this.#neighbours.stop();
    this.#reminders.clear();
    this.#poll.stop();
    await this.pool?.close();
    const session = await (this.#opening ?? this.#session);
    await session?.close();
    this.#session = undefined;
    this.#draining = false;
  }

  takeRoom(): boolean {
    return this.room.take();
  }

  freeRoom(): void {
    this.room.put();
  }

  wantRoom(run: ActiveRun): void {
    this.room.want(run, () => run.pump());
  }

  wantLent(run: ActiveRun): void {
    this.#search.takeBack(run);
  }

  hasIdleNeighbour(queue: string): boolean {
    return this.#neighbours.areIdle(queue, this.session);
  }

  #roomMayBeElsewhere(): void {
    if (this.#draining) return;
    for (const run of this.#runs.values()) if (run.wantsRoom) run.pump();
  }

  remind(call: () => void): void {
    this.#reminders.add(call);
  }

  beginCall(limit: number | undefined): (() => void) | Promise<() => void> {
    return this.#session?.beginCall(limit) ?? (() => {});
  }

  nudge(): void {
    this.#setup.nudge();
  }

  get children(): ChildRuns {
    return this.#setup.children;
  }

  async startChild(run: NewRun, executable: Executable, again: boolean, held: Claim): Promise<StartedChild> {
    // A worker that claims nothing by itself drives single runs.
    const drives = this.queues.length === 0;
    const takes = drives ||
      this.room.free > 0 && this.queues.includes(run.queue) && !this.hasIdleNeighbour(run.queue);
    await this.findChild(run.id, executable);
    // Until the answer is there it may have been claimed, and nobody knows.
    if (takes) this.#doubtful.add(run.id);
    const started = await this.children.start(run, again, held, takes ? this.session : undefined);
    this.#doubtful.delete(run.id);
    const { run: { id, status }, claimed } = started;
    if (isFinal(status)) return started;
    if (claimed === undefined) this.children.join(id, drives);
    else this.#adoptChild(claimed, executable, drives);
    return started;
  }

  /** Whether a run is about to be claimed for a step that waits for it. */
  isDoubtful(id: string): boolean {
    return this.#doubtful.has(id);
  }

  async findChild(id: string, executable: Executable): Promise<void> {
    if (!this.#doubtful.has(id)) return;
    const answer = await this.storage.claimRun(id, this.session);
    this.#doubtful.delete(id);
    if (answer.kind === "claimed") this.#adoptChild(answer.claimed, executable, this.queues.length === 0);
  }

  #adoptChild(claimed: ClaimedRun, executable: Executable, drives: boolean): void {
    // Whoever looks after what the session holds may have come first.
    if (this.runOf(claimed.run.id) !== undefined) return;
    const { id, exit } = this.adopt(claimed, executable);
    if (drives) void exit.then((exit) => exit === "ended" ? undefined : this.children.join(id, true));
  }

  warn(message: string, run: ActiveRun): void {
    warn(message, { workflow: run.run.workflow, run: run.id });
    run.trace?.warning(message, this.clock.now());
  }

  awaitLeft(work: Promise<void>): void {
    this.#leftovers.add(work);
    void work.finally(() => this.#leftovers.delete(work));
  }

  left(run: ActiveRun, exit: RunExit): void {
    if (this.#runs.get(run.id) === run) this.#runs.delete(run.id);
    this.room.forget(run);
    this.#setup.left(run, exit);
    if (exit === "released") this.nudge();
    this.#waker.call();
  }

  #sessionLost(): void {
    const error = new LeaseLostError(
      `The lease of this worker ran out after ${this.#setup.lease} ms without a sign of life, and others took over what it held.`,
    );
    warn(error.message);
    for (const run of this.#runs.values()) run.lose(error);
    this.#search.abandon(error);
    this.#waker.call();
  }
}

/** The error of what is asked of a runtime that is closed. */
export function runtimeClosed(): ConfigError {
  return new ConfigError("The runtime is closed; open another with openRuntime().");
}
