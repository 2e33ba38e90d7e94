/**
 * A run at work in this process: it feeds what happens to the rules in `transitions.ts`, has steps run (`run_step.ts`), hears messages
 * (`run_mail.ts`), lends steps (`lending.ts`), and commits (`run_commits.ts`).
 *
 * @module
 */
import type { Claim, ClaimedRun, RunRecord, StepRecord } from "../../storage/runtime/records.ts";
import type { Timer } from "../clock.ts";
import { abortable } from "../abortable.ts";
import { CancelledError, type ErrorRecord, errorRecord, LeaseLostError } from "../errors.ts";
import type { PluginCall } from "../plugin.ts";
import type { PlaceQueue } from "../execution/place_queue.ts";
import { ContentCache } from "./content_cache.ts";
import { runTimeoutError } from "../execution/run_outcome.ts";
import { deadlineOf } from "./deadline.ts";
import type { Executable } from "./executable.ts";
import { Lending } from "./lending.ts";
import { LiveObjects } from "./live_objects.ts";
import { PendingCommit } from "./pending_commit.ts";
import { RunPlugins } from "./run_plugins.ts";
import type { RunExit, RunHost } from "./run_host.ts";
import { openRunTracer, RunTrace } from "./run_trace.ts";
import { closeLifetime, RunCommits } from "./run_commits.ts";
import { RunMail } from "./run_mail.ts";
import { RunWaits } from "./run_waits.ts";
import type { RunState } from "./run_state.ts";
import { RunLifetime } from "../run_lifetime.ts";
import { runControl } from "./control_step.ts";
import { callOf, giveUpLost, leavePlugins, runStep } from "./run_step.ts";
import { StepStops } from "../step_stops.ts";
import { RunValues } from "./run_values.ts";
import { isFinal } from "../status.ts";
import { newState, restoreState } from "./step_records.ts";
import { errorFrom } from "./stored_values.ts";
import type { PooledCalls } from "./step_pool.ts";
import { type Consequences, hasEnded, recover, type RunHappening, transition } from "./transitions.ts";

/** How many steps may have ended without being committed before pure ones wait. */
const MOST_AHEAD = 256;

/** In place of a step, where what a run failed with is said of the run itself. */
const RUN_ITSELF = -1;

/** One run, held by a worker of this process. */
export class ActiveRun {
  /** The run's id. */
  readonly id: string;
  /** What is known of it, as it was claimed. */
  readonly run: RunRecord;
  /** The hold on it. */
  readonly claim: Claim;
  /** Resolves when the run is not at work here any more. */
  readonly exit: Promise<RunExit>;
  /** What is to be committed next. */
  readonly pending: PendingCommit = new PendingCommit();
  /** What steps failed with, here or under an earlier holder. */
  readonly errors: Map<number, { readonly error: unknown; readonly record: ErrorRecord }> = new Map();
  /** Steps that other workers have. */
  readonly lending: Lending;
  /** Its messages. */
  readonly mail: RunMail;
  /** Its commits. */
  readonly commits: RunCommits;
  /** What its steps wait for that none of them does. */
  readonly waits: RunWaits;
  /** Tells of it, if anybody hears. */
  readonly trace: RunTrace | undefined;
  /** The state; there is one from {@linkcode open} on. */
  state: RunState;
  /** The values; there are none if the run could not begin. */
  values: RunValues | undefined;
  /** Makes live objects again. */
  objects: LiveObjects | undefined;
  /** Has results of other runs stand for steps; only where some step wants that. */
  cache: ContentCache | undefined;
  /** Makes the calls on other threads, where the worker has some. */
  pooled: PooledCalls | undefined;
  /** What its steps share here, and its hooks. */
  readonly lifetime: RunLifetime;
  /** The plugins of steps that are to be repeated, with what they handed on. */
  readonly plugins: Map<number, PluginCall[]> = new Map();
  /** How many ready steps were taken from the queue and have not started. */
  taken = 0;
  readonly #exit = Promise.withResolvers<RunExit>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #claimed: ClaimedRun;
  readonly #stop = new AbortController();
  readonly #stops: StepStops;
  readonly #timers = new Map<number, Timer>();
  readonly #plugins = new RunPlugins();
  readonly #deadline: number;
  #overdue: Timer | undefined;
  #fences = 0n;
  #opened = false;
  #gone = false;
  #showing = false;

  /** Takes over a claimed run; {@linkcode open} begins. */
  constructor(readonly host: RunHost, readonly executable: Executable, claimed: ClaimedRun) {
    this.#claimed = claimed;
    this.claim = claimed.claim;
    this.id = claimed.claim.runId;
    this.run = claimed.run;
    this.exit = this.#exit.promise;
    this.#deadline = deadlineOf(claimed.run, executable.timeout);
    this.state = newState(executable.shape);
    this.#stops = new StepStops(executable.shape, this.#stop.signal);
    this.lending = new Lending(this);
    this.commits = new RunCommits(this);
    this.waits = new RunWaits(this);
    this.mail = new RunMail(this, claimed.mail);
    const { workflow: workflowName } = claimed.run;
    const told = (message: string): void => host.warn(message, this);
    this.lifetime = new RunLifetime({ workflowName, runId: this.id, signal: this.stopSignal, warn: told });
    const tracer = openRunTracer(host, executable, claimed.run, "run");
    this.trace = tracer && new RunTrace(tracer, executable, claimed, host.clock.now());
  }

  /** Whether it has not begun yet. */
  get isOpening(): boolean {
    return !this.#opened && !this.#gone;
  }

  /** Whether it is at work here: it has begun, and nobody has taken it over. */
  get isAtWork(): boolean {
    return this.#opened && !this.#gone;
  }

  /** Whether some step waits for nothing but room. */
  get wantsRoom(): boolean {
    return this.isAtWork && this.state.readyCount > this.taken;
  }

  /** Aborted when the run is cancelled, or this worker may not go on. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted when the run is cancelled, this worker may not go on, or nothing needs the step any more. */
  signalAt(place: number): AbortSignal {
    return this.#stops.signalAt(place);
  }

  /** What the run failed with, if it did; `place` is −1 if its time was over. */
  get failure(): { readonly place: number; readonly error: unknown } | undefined {
    const { failed } = this.state;
    const failure = this.errors.get(failed);
    return failure === undefined ? undefined : { place: failed, error: failure.error };
  }

  /** Begins where the run's records say. */
  async open(): Promise<void> {
    const { run, steps, offers } = this.#claimed;
    const { storage, codec, clock } = this.host;
    if (steps !== undefined) {
      this.state = restoreState(this.executable.shape, steps, offers, run.reopened);
      this.lending.resume(offers);
    }
    const { state } = this;
    try {
      const program = this.executable.programFor(await codec.decodeInput(run.input));
      this.pooled = this.host.pool?.open(this.executable, program);
      this.values = new RunValues(this.id, program, storage, codec, (place) => !hasEnded(state.steps[place]!.phase));
      await this.#plugins.begin(this);
      if (this.executable.cached !== undefined) this.cache = new ContentCache(this, this.executable.cached);
      const { hooks } = this.executable;
      if (hooks !== undefined) await abortable(this.lifetime.begin(hooks), this.stopSignal);
    } catch (error) {
      this.#opened = true;
      return this.#breakOff(error);
    }
    this.objects = new LiveObjects(
      state,
      this.executable.makers,
      this.values,
      (place, values) => callOf(this, place, values, []),
      (object) => this.pooled?.isLost(object) === true,
    );
    if (steps !== undefined) await this.#takeOver(steps);
    this.#collect(recover(state, clock.now()));
    this.#opened = true;
    if (steps !== undefined) this.#resumeWaits();
    this.#limitTime();
    await this.mail.readIfAny();
    this.#begun.resolve();
    this.pump();
    this.settle();
  }

  /** Resolves when it has begun, and all that it was told before is dealt with. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  async #takeOver(records: readonly StepRecord[]): Promise<void> {
    const { failures, shape, steps } = this.state;
    for (const place of this.executable.hooked) {
      const { hooks } = this.executable.optionsAt(place) ?? {};
      if (hooks !== undefined && records[place]!.attempt > 0) this.lifetime.owe(hooks);
    }
    // Where failures may be handled, any of them may turn out to be that of the run.
    const failed = shape.joins === undefined ? failures.slice(0, 1) : failures;
    const stored = failed.length === 0 ? [] : await this.host.storage.readValues(this.id, failed);
    for (const [i, place] of failed.entries()) {
      const value = stored[i];
      const record = value?.kind === "error" ? value.error : { name: "Error", message: "The error was not kept." };
      this.errors.set(place, { error: errorFrom(record), record });
    }
    for (let place = 0; place < steps.length; place++) {
      // What is tried again is as if new in the store too, before anything else is: else the next holder would take it for ended.
      if (isFinal(records[place]!.status) && !hasEnded(steps[place]!.phase)) this.pending.changed([place]);
      giveUpLost(this, place);
      if (steps[place]!.phase === "delayed") this.setTimer(place);
    }
  }

  /** Steps wait on that did so under an earlier holder. */
  #resumeWaits(): void {
    const { shape, steps } = this.state;
    if (shape.joins === undefined) return;
    for (const [place, { phase }] of steps.entries()) {
      if (phase === "awaiting") this.waits.resume(place);
      // The holder before may have ended before it could tell the run that the step has waited for, or was to wait for.
      else if (phase === "cancelled") this.waits.cancelChild(place);
    }
  }

  /** Ends the run when its time is over, which it may be already. */
  #limitTime(): void {
    const { host: { clock }, executable: { timeout }, run: { workflow } } = this;
    if (timeout === undefined) return;
    const end = (): void => {
      if (!this.isAtWork || this.state.ended !== undefined) return;
      const error = runTimeoutError(workflow, this.id, timeout);
      this.errors.set(RUN_ITSELF, { error, record: errorRecord(error) });
      this.apply({ kind: "timedOut", at: clock.now() });
      this.pump();
      this.settle();
    };
    const left = this.#deadline - clock.now();
    if (left > 0) this.#overdue = clock.setTimer(left, end);
    else end();
  }

  /** The run can not begin at all, because its input can not be used. */
  #breakOff(error: unknown): void {
    const first = this.state.steps.findIndex(({ phase }) => !hasEnded(phase));
    if (first >= 0) {
      const record = errorRecord(error);
      this.errors.set(first, { error, record });
      this.pending.value(first, { kind: "error", error: record });
    }
    this.apply({ kind: "broken", at: this.host.clock.now() });
    this.settle();
  }

  /** Starts ready steps as long as there is room. */
  pump(): void {
    const { host, state } = this;
    for (;;) {
      this.settleControls();
      if (
        !this.wantsRoom || this.cache?.isFull === true || this.commits.isLeaving || host.isDraining ||
        state.uncommitted >= MOST_AHEAD
      ) break;
      if (state.running + this.taken >= this.executable.limit) return;
      if (!host.takeRoom()) {
        host.wantRoom(this);
        this.lending.lend();
        return;
      }
      const place = this.nextReady();
      if (place < 0) {
        host.freeRoom();
        return;
      }
      this.taken++;
      const work = runStep(this, place);
      if (work === undefined) host.freeRoom();
      else void work.finally(() => this.#stepLeft());
    }
    if (this.lending.mayBeUnclaimed && this.mayTakeBack && state.readyCount === this.taken) host.wantLent(this);
  }

  /** Evaluates control nodes, also where there is no room: they make no call. */
  settleControls(): void {
    const { state, host } = this;
    if (state.shape.joins === undefined || !this.isAtWork || this.commits.isLeaving || host.isDraining) return;
    if (state.uncommitted >= MOST_AHEAD) return;
    for (let place = next(state, state.readyControls); place >= 0; place = next(state, state.readyControls)) {
      this.taken++;
      void runControl(this, place)?.then(() => {
        this.pump();
        this.settle();
      });
    }
  }

  /** Whether steps that were lent may be run here again. */
  get mayTakeBack(): boolean {
    return this.isAtWork && !this.commits.isLeaving && !this.host.isDraining;
  }

  #stepLeft(): void {
    this.host.freeRoom();
    this.pump();
    this.settle();
  }

  /** Takes the first ready step from the queue; −1 if there is none. */
  nextReady(): number {
    return next(this.state, this.state.ready);
  }

  /** Deals with the messages of the run. */
  async readMail(): Promise<void> {
    if (this.isAtWork) await this.mail.read();
  }

  /** Ends the attempts at work, because the worker has no more time for them. */
  abandon(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** The worker lost its lease: whatever is at work here counts for nothing. */
  lose(error: unknown): void {
    this.leave("lost", error);
  }

  /** Takes the run on by one event. */
  apply(happening: RunHappening): void {
    this.#collect(transition(this.state, happening));
  }

  #collect({ changed, aborted, dropped, ended }: Consequences): void {
    this.pending.changed(changed);
    this.trace?.changed(changed, this.state, this.errors, this.host.clock.now());
    for (const place of dropped) this.#drop(place);
    if (ended !== undefined) this.pending.urgent = true;
    if (aborted.length > 0) {
      const { workflow } = this.run;
      const timeout = this.state.timedOut ? this.errors.get(RUN_ITSELF)?.error : undefined;
      this.#stop.abort(
        timeout ?? new CancelledError(`Run ${this.id} of workflow \`${workflow}\` was cancelled.`, { workflow }),
      );
    }
    if (this.state.cancelled || this.state.broken || this.state.timedOut) this.waits.stop();
  }

  /** Nothing needs a step any more, whoever has it. */
  #drop(place: number): void {
    const node = this.executable.definition.steps[place]!;
    const { workflow } = this.run;
    this.#timers.get(place)?.cancel();
    this.#timers.delete(place);
    this.values?.ended(place);
    this.lending.drop(place);
    this.waits.drop(place);
    leavePlugins(this, place);
    this.#stops.stop(
      place,
      new CancelledError(`Step \`${node}\` of run ${this.id} of workflow \`${workflow}\` is not needed any more.`, {
        workflow,
        node,
      }),
    );
  }

  /** Greater than every fence before it: the number of the claim, then that of the call. */
  nextFence(): bigint {
    return (this.claim.fence << 32n) | ++this.#fences;
  }

  /** Has a delayed step go on when it is due. */
  setTimer(place: number): void {
    const { clock } = this.host;
    const wait = Math.max(0, this.state.steps[place]!.wakeAt - clock.now());
    this.#timers.get(place)?.cancel();
    const due = () => {
      this.#timers.delete(place);
      if (!this.isAtWork) return;
      if (this.state.steps[place]!.phase === "awaiting") this.waits.due(place);
      else this.apply({ kind: "due", place });
      this.pump();
      this.settle();
    };
    this.#timers.set(place, clock.setTimer(wait, due));
  }

  /** Whether a step may be what ended the worker before this one: that it starts is then committed first, so that losses are counted. */
  isSuspect(place: number): boolean {
    return this.state.steps[place]!.losses > 0 || (this.claim.fence > 1n && !this.commits.hasCommitted);
  }

  /** Has it committed that a step is at work, unless it ends soon. */
  showStart(): void {
    if (this.#showing) return;
    this.#showing = true;
    this.host.remind(() => {
      this.#showing = false;
      if (!this.isAtWork || this.pending.isEmpty) return;
      this.pending.urgent = true;
      this.settle();
    });
  }

  /** Commits if there is something to commit, and gives the run up if there is nothing left to do for now. */
  settle(): void {
    this.commits.settle();
  }

  /** When the next delayed step is due, or the time of the run is over, in milliseconds since 1970; `Infinity` if nothing is. */
  get wakeAt(): number {
    let wakeAt = this.#deadline;
    for (const place of this.#timers.keys()) wakeAt = Math.min(wakeAt, this.state.steps[place]!.wakeAt);
    return wakeAt;
  }

  /** The run is not at work here any more. */
  leave(exit: RunExit, reason?: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#overdue?.cancel();
    if (exit !== "ended") {
      const { workflow } = this.run;
      this.#stop.abort(
        reason ?? new LeaseLostError(`Run ${this.id} is not held by this worker any more.`, { workflow }),
      );
    }
    this.waits.left();
    this.pooled?.close();
    leavePlugins(this);
    void this.#plugins.end(this);
    // It was closed before the end was committed.
    if (exit === "ended" || this.lifetime.isIdle) void this.lifetime.close();
    else this.host.awaitLeft(closeLifetime(this, false));
    this.trace?.left(exit, this.host.clock.now());
    this.host.left(this, exit);
    this.#exit.resolve(exit);
  }
}

/** Takes the first ready step from a queue; −1 if there is none. */
function next({ steps }: RunState, queue: PlaceQueue): number {
  for (let place = queue.pop(); place >= 0; place = queue.pop()) if (steps[place]!.phase === "ready") return place;
  return -1;
}
