/**
 * A worker: it claims runs of the definitions that it knows, and steps that other workers lend, and makes their calls, a bounded number
 * at a time. Its session is the lease of all that it holds.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { ClaimedRun, DefinitionKey, StepClaim } from "../../storage/runtime/records.ts";
import type { Clock, Timer } from "../clock.ts";
import { CancelledError, ConfigError, FusewireError, LeaseLostError } from "../errors.ts";
import { log } from "../warning.ts";
import { ActiveRun } from "./active_run.ts";
import type { Executable } from "./executable.ts";
import { LentSteps } from "./lent_steps.ts";
import { Poll } from "./poll.ts";
import { Room } from "./room.ts";
import type { RunExit, RunHost } from "./run_host.ts";
import { Session } from "./session.ts";
import type { StepPool } from "./step_pool.ts";
import type { StoredValues } from "./stored_values.ts";
import { Waker } from "./waker.ts";

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
  /** Milliseconds for which the lease holds without a sign of life. */
  readonly lease: number;
  /** How many steps may be at work at a time. */
  readonly concurrency: number;
  /** The queues that are served. */
  readonly queues: readonly string[];
  /** The threads that make the calls; they end with the worker. `undefined` has this thread make them. */
  readonly pool: StepPool | undefined;
  /** Tells the other workers of this process that there may be something for them. */
  readonly nudge: () => void;
  /** Hears that a run left this worker. */
  readonly left: (run: ActiveRun, exit: RunExit) => void;
}

/** How long, in milliseconds, a step may be at work before it is committed that it is. Shorter ones are committed with their end. */
const REMIND_AFTER = 20;

/** After how many milliseconds it is tried again to claim, or to have a session, if the store failed. */
const CLAIM_AGAIN_AFTER = 1_000;

/** After how many milliseconds a run is opened again that could not be. */
const OPEN_AGAIN_AFTER = 1_000;

/** For how long, in milliseconds, an answer about idle neighbours is taken for true. */
const NEIGHBOURS_KNOWN_FOR = 25;

/** How often, in milliseconds, it is asked for idle neighbours while steps wait for room here. */
const NEIGHBOURS_ASKED_EVERY = 500;

/** One worker of this process. */
export class WorkerCore implements RunHost {
  readonly storage: EngineStorage;
  readonly codec: StoredValues;
  readonly clock: Clock;
  readonly #setup: WorkerSetup;
  readonly #executables = new Map<string, Executable>();
  readonly #runs = new Map<string, ActiveRun>();
  readonly #room: Room;
  readonly #waker: Waker;
  readonly #lentSteps: LentSteps;
  readonly #poll: Poll;
  #lent = 0;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  #draining = false;
  #isClosed = false;
  #attending = false;
  #takingBack = false;
  #asking: Timer | undefined;
  #neighbour = { known: -Infinity, isIdle: false, asking: false };
  #reminders: (() => void)[] = [];
  #reminding: Timer | undefined;
  #reapAt = -Infinity;
  /** Whether there may be something to claim, and from when on there is something else to look after. */
  #mayFind = true;
  #lookAt = -Infinity;
  /** Whether the last try to claim failed, so that nobody knows whether there is something to do. */
  #claimFailed = false;
  /** Whether a try to claim ended without an answer, so that it may have claimed something. */
  #claimInDoubt = false;

  /** Serves nothing yet; see {@linkcode know} and {@linkcode serve}. */
  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    this.storage = setup.storage;
    this.codec = setup.codec;
    this.clock = setup.clock;
    this.#room = new Room(setup.concurrency, () => this.#waker.call());
    this.#waker = new Waker(setup.clock);
    this.#poll = new Poll(setup.storage, setup.clock, () => this.wake());
    this.#lentSteps = new LentSteps(this, () => this.#room.wait());
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
    return this.#runs.size + this.#lent;
  }

  /** Adds a definition to those that are served, and makes it known to the store. */
  async know(executable: Executable): Promise<void> {
    this.pool?.check(executable);
    const key = keyText(executable.definition);
    if (!this.#executables.has(key)) await this.storage.define(executable.definition);
    // An equal graph may have been built again, around other functions.
    this.#executables.set(key, executable);
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
      warn: (message) => log("warn", [], message),
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
    executable: Executable | undefined = this.#executables.get(keyText(claimed.run)),
  ): ActiveRun {
    if (executable === undefined) {
      throw new ConfigError(`Run ${claimed.run.id} is of a definition that this worker does not know.`);
    }
    const run = new ActiveRun(this, executable, claimed);
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
    this.#mayFind = true;
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
        const got = await this.#look();
        if (untilIdle && got === 0 && this.size === 0 && !this.#claimFailed) break;
        if (isOver() || got > 0 && this.#room.free > 0) continue;
        const now = this.clock.now();
        await this.#waker.sleep(Math.max(0, Math.min(this.#poll.pause, this.#lookAt - now)));
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
      if (this.#claimInDoubt && this.size === 0) {
        // It may hold runs that nobody here knows of. With its end they are for all again.
        this.#claimInDoubt = false;
        await before?.close();
      }
      await this.openSession();
      return true;
    } catch (error) {
      if (before === undefined) throw error;
      log("warn", [], `This worker has no session for now, and asks for one again: ${String(error)}`);
      await this.#waker.sleep(CLAIM_AGAIN_AFTER);
      return false;
    }
  }

  /** Asks whether there is something new: to claim, or a message to a run at work here. */
  async #hear(): Promise<void> {
    this.#poll.listen(this.session, this.#setup.queues);
    if (!await this.#poll.hasNews()) return;
    this.#mayFind = true;
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
      if (now >= this.#reapAt) {
        await this.#reap(now).catch((error) => log("warn", [], `Looking for dead workers failed: ${String(error)}`));
      }
      await this.#waker.sleep(Math.max(0, Math.min(this.#poll.pause, this.#reapAt - now)));
    }
    this.#attending = false;
  }

  async #reap(now: number): Promise<void> {
    this.#reapAt = this.#nextReap(now);
    await this.storage.reap(now);
  }

  #nextReap(now: number): number {
    return now + this.#setup.lease / 2 * (0.75 + 0.5 * this.clock.random());
  }

  /** Claims if there may be something to claim, and room for it. */
  async #look(): Promise<number> {
    if (!this.#mayFind && this.clock.now() < this.#lookAt) return 0;
    try {
      if (this.#claimFailed) await this.#adoptUnheard();
      const got = await this.#claim();
      this.#claimFailed = false;
      return got;
    } catch (error) {
      this.#claimFailed = true;
      if (!(error instanceof FusewireError)) this.#claimInDoubt = true;
      log("warn", [], `Claiming failed and is tried again: ${String(error)}`);
      this.#lookAt = this.clock.now() + CLAIM_AGAIN_AFTER;
      return 0;
    }
  }

  /** A claim that failed may have taken effect: what this session holds, and is not at work, is put to work. */
  async #adoptUnheard(): Promise<void> {
    for (const id of await this.storage.heldRuns(this.session)) {
      if (this.#runs.has(id)) continue;
      const run = await this.storage.readRun(id);
      if (run === undefined || !this.#executables.has(keyText(run))) continue;
      const answer = await this.storage.claimRun(id, this.session);
      if (answer.kind === "claimed" && !this.#runs.has(id)) this.adopt(answer.claimed);
    }
  }

  async #claim(): Promise<number> {
    const { queues } = this.#setup;
    const now = this.clock.now();
    if (now >= this.#reapAt) await this.#reap(now);
    const limit = this.#room.free - this.#waiting();
    this.#lookAt = this.#reapAt;
    if (limit <= 0) return 0;
    const request = { session: this.session, queues, definitions: this.#definitions(), limit, now };
    this.#mayFind = false;
    const { runs, nextDue } = await this.storage.claimRuns(request);
    this.#lookAt = Math.min(this.#lookAt, nextDue ?? Infinity);
    for (const claimed of runs) this.adopt(claimed);
    if (runs.length > 0) {
      this.#mayFind = true;
      return runs.length;
    }
    if (!this.storage.shared) return 0;
    const claims = await this.storage.claimSteps({ ...request, limit: Math.max(1, limit >> 2) });
    for (const claim of claims) this.#took(claim);
    if (claims.length > 0) this.#mayFind = true;
    else if (this.size === 0) await this.#sayIdle(now);
    return claims.length;
  }

  wantLent(run: ActiveRun): void {
    if (this.#takingBack || this.#room.free <= 0) return;
    this.#takingBack = true;
    void this.#takeBack(run).catch((error) => {
      log("warn", [], `Lent steps of run ${run.id} could not be taken back one by one: ${String(error)}`);
      // Perhaps this worker has claimed some, of any of its runs. Others that have begun with some do so in vain.
      for (const own of this.#runs.values()) if (own.mayTakeBack) own.lending.takeAllBack();
    }).finally(() => this.#takingBack = false);
  }

  async #takeBack(run: ActiveRun): Promise<void> {
    for (let free = this.#room.free; free > 0 && run.mayTakeBack && run.lending.mayBeUnclaimed; free--) {
      const claims = await this.storage.claimSteps({
        session: this.session,
        queues: [run.run.queue],
        definitions: [run.executable.definition],
        limit: 1,
        now: this.clock.now(),
      });
      for (const claim of claims) this.#took(claim);
      if (claims.length === 0) return run.lending.allClaimed();
      if (this.#room.free <= 0) return;
    }
  }

  /** Steps of a run of this worker come back to it; those of others are run for them. */
  #took(claim: StepClaim): void {
    const own = this.#runs.get(claim.run.id);
    if (own?.mayTakeBack) own.lending.takeBack(claim.offer);
    else this.#runLent(claim);
  }

  #runLent(claim: StepClaim): void {
    this.#lent++;
    const executable = this.#executables.get(keyText(claim.run))!;
    void this.#lentSteps.run(executable, claim)
      .catch((error) => log("warn", [], `Lent steps of run ${claim.run.id} failed: ${String(error)}`))
      .finally(() => {
        this.#lent--;
        this.#mayFind = true;
        this.#waker.call();
      });
  }

  #definitions(): DefinitionKey[] {
    return [...this.#executables.values()].map(({ definition }) => definition);
  }

  /** Runs that were claimed and have not come to want room yet. */
  #waiting(): number {
    let waiting = 0;
    for (const run of this.#runs.values()) if (run.isOpening || run.wantsRoom) waiting++;
    return waiting;
  }

  #idleUntil = -Infinity;

  async #sayIdle(now: number): Promise<void> {
    const { lease, queues } = this.#setup;
    if (!this.storage.shared || now < this.#idleUntil - lease / 2) return;
    this.#idleUntil = now + lease;
    await this.storage.setIdle(this.session, queues, this.#idleUntil);
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
        this.#lentSteps.abandon(reason);
      }
    }
    await done;
    this.#asking?.cancel();
    this.#reminding?.cancel();
    this.#reminders = [];
    this.#poll.stop();
    await this.pool?.close();
    const session = await (this.#opening ?? this.#session);
    await session?.close();
    this.#session = undefined;
    this.#draining = false;
  }

  takeRoom(): boolean {
    return this.#room.take();
  }

  freeRoom(): void {
    this.#room.put();
  }

  wantRoom(run: ActiveRun): void {
    this.#room.want(run, () => run.pump());
  }

  hasIdleNeighbour(queue: string): boolean {
    const neighbour = this.#neighbour;
    const now = this.clock.now();
    if (!neighbour.asking && now >= neighbour.known + NEIGHBOURS_KNOWN_FOR) {
      neighbour.asking = true;
      void this.storage.hasIdleWorkers(queue, this.session, now).catch(() => false).then((isIdle) => {
        this.#neighbour = { known: this.clock.now(), isIdle, asking: false };
        if (isIdle) { for (const run of this.#runs.values()) run.pump(); }
        else this.#askAgain();
      });
    }
    return neighbour.isIdle;
  }

  /** Steps at work may take long; a neighbour that comes meanwhile has not to wait for their end. */
  #askAgain(): void {
    if (this.#draining) return;
    this.#asking?.cancel();
    this.#asking = this.clock.setTimer(NEIGHBOURS_ASKED_EVERY, () => {
      for (const run of this.#runs.values()) if (run.wantsRoom) run.pump();
    });
  }

  beginCall(limit: number | undefined): () => void {
    return this.#session?.beginCall(limit) ?? (() => {});
  }

  remind(call: () => void): void {
    this.#reminders.push(call);
    if (this.#reminders.length > 1) return;
    this.#reminding = this.clock.setTimer(REMIND_AFTER, () => {
      const calls = this.#reminders;
      this.#reminders = [];
      for (const call of calls) call();
    });
  }

  nudge(): void {
    this.#setup.nudge();
  }

  warn(message: string, run: ActiveRun): void {
    log("warn", [], message, { workflow: run.run.workflow, run: run.id });
  }

  left(run: ActiveRun, exit: RunExit): void {
    this.#runs.delete(run.id);
    this.#room.forget(run);
    this.#setup.left(run, exit);
    if (exit === "released") this.nudge();
    this.#waker.call();
  }

  #sessionLost(): void {
    const error = new LeaseLostError(
      `The lease of this worker ran out after ${this.#setup.lease} ms without a sign of life, and others took over what it held.`,
    );
    log("warn", [], error.message);
    for (const run of this.#runs.values()) run.lose(error);
    this.#lentSteps.abandon(error);
    this.#waker.call();
  }
}

/** The error of what is asked of a runtime that is closed. */
export function runtimeClosed(): ConfigError {
  return new ConfigError("The runtime is closed; open another with openRuntime().");
}

function keyText({ workflow, version, schema }: DefinitionKey): string {
  return JSON.stringify([workflow, version, schema]);
}
