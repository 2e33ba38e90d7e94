/**
 * A run at work in this process: it feeds what happens to the rules in `transitions.ts`, makes the calls that follow, and commits.
 *
 * One commit is in flight at a time; what happens meanwhile goes into the next. A chain of steps is one commit a step, a crowd of steps
 * that end together one for all of them, and pure steps run ahead of their commits.
 *
 * @module
 */
import type { RunCommit } from "../../storage/runtime/engine_storage.ts";
import type { ClaimedRun, RunMessage, StepReport, StoredValue } from "../../storage/runtime/records.ts";
import type { AttemptOutcome } from "../attempt.ts";
import type { Timer } from "../clock.ts";
import { CancelledError, type ErrorRecord, errorRecord, LeaseLostError } from "../errors.ts";
import type { PluginCall } from "../plugin.ts";
import type { Executable } from "./executable.ts";
import { LiveObjects } from "./live_objects.ts";
import { PendingCommit } from "./pending_commit.ts";
import { endPlugins, startPlugins } from "./run_plugins.ts";
import type { RunExit, RunHost } from "./run_host.ts";
import type { RunState } from "./run_state.ts";
import { RunValues } from "./run_values.ts";
import { errorFrom } from "./stored_values.ts";
import { makeAttempt, type StepCall } from "./step_call.ts";
import { newState, restoreState } from "./step_records.ts";
import { type Consequences, recover, type RunHappening, transition } from "./transitions.ts";

/** How long, in milliseconds, a step may be at work before it is committed that it is. Shorter ones are committed with their end. */
const SHOW_START_AFTER = 20;

/** A run that has nothing to do for this long, in milliseconds, is given up until then. */
const RELEASE_AFTER = 2_000;

/** How many steps may have ended without being committed before pure ones wait. */
const MOST_AHEAD = 256;

/** How often a worker may be lost with a step before the step counts as the cause. */
const MOST_LOSSES = 10;

/** How long, in milliseconds, a step waits before it asks for a slot of its concurrency key again. */
const SLOT_PATIENCE = 50;

/** How many steps are offered to other workers at a time, and how many of them in one offer. */
const MOST_LENT = 64;
const OFFER_SIZE = 4;

/** One run, held by a worker of this process. */
export class ActiveRun {
  /** The run's id. */
  readonly id: string;
  /** What is known of it, as it was claimed. */
  readonly run: ClaimedRun["run"];
  /** Resolves when the run is not at work here any more. */
  readonly exit: Promise<RunExit>;
  /** What the run came to, once it has ended here. */
  failure: { readonly place: number; readonly error: unknown } | undefined;
  /** The values of the targets, once the run has ended here. */
  values: RunValues | undefined;
  readonly #exit = Promise.withResolvers<RunExit>();
  readonly #host: RunHost;
  readonly #claimed: ClaimedRun;
  readonly #stop = new AbortController();
  readonly #pending = new PendingCommit();
  readonly #timers = new Map<number, Timer>();
  readonly #offers = new Map<string, Set<number>>();
  readonly #errors = new Map<number, { readonly error: unknown; readonly record: ErrorRecord }>();
  readonly #handled = new Set<string>();
  #state!: RunState;
  #objects: LiveObjects | undefined;
  /** Ready steps that were taken from the queue and have not started. */
  #taken = 0;
  #fences = 0n;
  #committing = false;
  #flushing = false;
  #reading = false;
  #hasMail: boolean;
  #gone = false;
  #opened = false;
  #hasCommitted = false;
  #leaving = false;
  #startTimer: Timer | undefined;

  /** Takes over a claimed run; {@linkcode open} begins. */
  constructor(host: RunHost, readonly executable: Executable, claimed: ClaimedRun) {
    this.#host = host;
    this.#claimed = claimed;
    this.id = claimed.claim.runId;
    this.run = claimed.run;
    this.exit = this.#exit.promise;
    this.#hasMail = claimed.mail;
  }

  /** The state, for those who check it. */
  get state(): RunState {
    return this.#state;
  }

  /** Whether it has not begun yet. */
  get isOpening(): boolean {
    return !this.#opened && !this.#gone;
  }

  /** Whether some step waits for nothing but room. */
  get wantsRoom(): boolean {
    return !this.#gone && this.#opened && this.#state.readyCount > this.#taken;
  }

  /** Begins where the run's records say. */
  async open(): Promise<void> {
    const { run, steps, offers } = this.#claimed;
    const { shape } = this.executable;
    const now = this.#host.clock.now();
    this.#state = steps === undefined ? newState(shape) : restoreState(shape, steps, offers, run.reopened);
    for (const { id, places } of offers) this.#offers.set(id, new Set(places));
    try {
      const { storage, codec } = this.#host;
      const program = this.executable.programFor(await codec.decodeInput(run.input));
      const { state } = this;
      this.values = new RunValues(this.id, program, storage, codec, (place) => !isOver(state, place));
    } catch (error) {
      this.#opened = true;
      return this.#breakOff(error);
    }
    const { values, executable } = this;
    this.#objects = new LiveObjects(
      this.#state,
      executable.makers,
      values,
      (place, read) => this.#callOf(place, read, []),
    );
    for (const [place, { phase, losses }] of this.#state.steps.entries()) {
      if (phase === "waiting" && losses > MOST_LOSSES) this.#giveUp(place, losses, now);
      else if (phase === "delayed") this.#setTimer(place);
    }
    const { failed } = this.#state;
    if (failed >= 0) {
      const [stored] = await this.#host.storage.readValues(this.id, [failed]);
      const record = stored?.kind === "error" ? stored.error : { name: "Error", message: "unknown" };
      this.#errors.set(failed, { error: errorFrom(record), record });
    }
    this.#collect(recover(this.#state, now));
    this.#opened = true;
    if (this.#hasMail) await this.readMail();
    this.pump();
    this.#settle();
  }

  /** Starts ready steps as long as there is room. */
  pump(): void {
    if (!this.#opened || this.#gone || this.#leaving) return;
    while (this.wantsRoom && !this.#host.isDraining && this.#state.uncommitted < MOST_AHEAD) {
      if (!this.#host.takeRoom()) {
        this.#host.wantRoom(this);
        this.#lend();
        return;
      }
      const place = this.#nextReady();
      if (place < 0) {
        this.#host.freeRoom();
        return;
      }
      this.#taken++;
      void this.#step(place).finally(() => {
        this.#host.freeRoom();
        this.pump();
        this.#settle();
      });
    }
  }

  /** No more steps start here; the run is given up as soon as those at work have ended. */
  drain(): void {
    this.#settle();
  }

  /** Ends the attempts at work, because the worker has no more time for them. */
  abandon(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** The worker lost its lease: whatever is at work here counts for nothing. */
  lose(error: unknown): void {
    this.#leave("lost", error);
  }

  /** Deals with the messages of the run. */
  async readMail(): Promise<void> {
    if (this.#gone || !this.#opened) return;
    if (this.#reading) {
      this.#hasMail = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#hasMail = false;
        for (const { id, message } of await this.#host.storage.receive(this.#claimed.claim)) {
          if (this.#gone || this.#handled.has(id)) continue;
          this.#handled.add(id);
          this.#handle(message);
          this.#pending.handled(id);
        }
      } while (this.#hasMail && !this.#gone);
    } catch (error) {
      if (error instanceof LeaseLostError) return this.lose(error);
      this.#host.warn(`The messages of run ${this.id} could not be read: ${String(error)}`, this);
      this.#host.clock.setTimer(1_000, () => void this.readMail());
    } finally {
      this.#reading = false;
    }
    this.pump();
    this.#settle();
  }

  #handle(message: RunMessage): void {
    const now = this.#host.clock.now();
    switch (message.kind) {
      case "cancel":
        this.#apply({ kind: "cancelled", at: now });
        break;
      case "signal":
        break;
      case "report":
        this.#heard(message.offer, message.report);
        break;
      case "lost": {
        const places = [...this.#offers.get(message.offer) ?? []];
        this.#apply({ kind: "lost", places });
        this.#closeOffer(message.offer);
        for (const place of places) {
          const { losses, phase } = this.#state.steps[place]!;
          if (losses > MOST_LOSSES && phase === "ready") this.#giveUp(place, losses, now);
        }
        break;
      }
    }
  }

  /** Another worker tells of a step that it ran. */
  #heard(offer: string, { place, startedAt, endedAt, outcome }: StepReport): void {
    const places = this.#offers.get(offer);
    if (!places?.delete(place)) return;
    if (places.size === 0) this.#closeOffer(offer);
    if (this.#state.steps[place]!.phase !== "lent") return;
    this.#state.steps[place]!.startedAt = startedAt;
    switch (outcome.kind) {
      case "succeeded":
        this.#apply({ kind: "succeeded", place, at: endedAt });
        this.values?.ended(place);
        break;
      case "returned":
        this.#apply({ kind: "returned", places: [place] });
        break;
      case "retry":
        this.#repeat(place, outcome.error, endedAt + outcome.delay);
        break;
      case "failed":
      case "skipped":
        this.#endWithout(place, outcome.kind, outcome.error, outcome.error, endedAt);
        break;
    }
  }

  #closeOffer(offer: string): void {
    this.#offers.delete(offer);
    this.#pending.closeOffer(offer);
  }

  #apply(happening: RunHappening): void {
    this.#collect(transition(this.#state, happening));
  }

  #collect({ changed, aborted, ended }: Consequences): void {
    this.#pending.changed(changed);
    if (ended !== undefined) this.#pending.urgent = true;
    if (aborted.length > 0) {
      this.#stop.abort(
        new CancelledError(`Run ${this.id} of workflow \`${this.run.workflow}\` was cancelled.`, {
          workflow: this.run.workflow,
        }),
      );
    }
  }

  #nextReady(): number {
    for (let place = this.#state.ready.pop(); place >= 0; place = this.#state.ready.pop()) {
      if (this.#state.steps[place]!.phase === "ready") return place;
    }
    return -1;
  }

  /** Takes a ready step to its end, or to its next delay. */
  async #step(place: number): Promise<void> {
    const { clock, storage, session } = this.#host;
    const values = this.values!;
    let limit;
    let plugins: PluginCall[] = [];
    let isFree = true;
    try {
      const missing = values.missingFor(place);
      if (missing.length > 0) await this.#bring(missing);
      limit = this.executable.optionsAt(place)?.concurrency;
      if (limit !== undefined && this.#conditionsHold(place)) {
        const slot = { ...limit, session, holder: `${this.id}/${place}` };
        isFree = await storage.takeSlot(slot, clock.now());
      }
    } catch (error) {
      this.#taken--;
      if (!this.#isReady(place)) return;
      this.#apply({ kind: "started", place, at: clock.now() });
      return this.#endWithout(place, "failed", error, errorRecord(error), clock.now());
    }
    this.#taken--;
    if (!this.#isReady(place)) return this.#freeSlot(place);
    if (!this.#conditionsHold(place)) return this.#skip(place);
    if (!isFree) {
      this.#apply({ kind: "held", place, until: clock.now() + SLOT_PATIENCE * (0.5 + clock.random()) });
      return this.#setTimer(place);
    }
    this.#apply({ kind: "started", place, at: clock.now() });
    this.#showStart();
    if (this.#isSuspect(place)) await this.#committed();
    const own = this.executable.pluginsAt(place);
    let outcome: AttemptOutcome;
    try {
      if (own !== undefined) plugins = await startPlugins(own, this.#pluginContext(place, 0));
      outcome = await makeAttempt(this.#callOf(place, values.values, plugins));
    } catch (error) {
      outcome = { kind: "failed", error };
    }
    await this.#end(place, outcome, plugins);
    await this.#freeSlot(place);
  }

  #isReady(place: number): boolean {
    return !this.#gone && this.#state.steps[place]!.phase === "ready";
  }

  #isRunning(place: number): boolean {
    return !this.#gone && this.#state.steps[place]!.phase === "running";
  }

  async #bring(missing: readonly number[]): Promise<void> {
    const objects = this.#objects!;
    const stored = missing.filter((place) => !objects.isObject(place));
    if (stored.length > 0) await this.values!.load(stored);
    for (const place of missing) if (objects.isObject(place)) await objects.revive(place);
  }

  #conditionsHold(place: number): boolean {
    const { conditions } = this.values!.program;
    if (conditions.size === 0) return true;
    return (conditions.get(place) ?? []).every(({ holds }) => holds(this.values!.values));
  }

  async #freeSlot(place: number): Promise<void> {
    const limit = this.executable.optionsAt(place)?.concurrency;
    if (limit === undefined) return;
    const { storage, session } = this.#host;
    await storage.freeSlot({ ...limit, session, holder: `${this.id}/${place}` }).catch((error) => {
      this.#host.warn(`A slot of \`${limit.key}\` could not be freed: ${String(error)}`, this);
    });
  }

  #callOf(place: number, values: readonly unknown[], plugins: readonly PluginCall[]): StepCall {
    const { clock } = this.#host;
    return {
      executable: this.executable,
      program: this.values!.program,
      runId: this.id,
      place,
      attempt: this.#state.steps[place]!.attempt,
      values,
      plugins,
      fence: this.#nextFence(),
      signal: this.#stop.signal,
      clock,
      beginCall: (limit) => this.#host.beginCall(limit),
    };
  }

  /** Greater than every fence before it: the number of the claim, then that of the call. */
  #nextFence(): bigint {
    return (this.#claimed.claim.fence << 32n) | ++this.#fences;
  }

  #pluginContext(place: number, attempt: number) {
    return {
      workflowName: this.run.workflow,
      runId: this.id,
      nodeName: this.values!.program.graph.names.at(place),
      attempt,
    };
  }

  async #end(place: number, outcome: AttemptOutcome, plugins: readonly PluginCall[]): Promise<void> {
    const { clock, codec } = this.#host;
    let value: StoredValue | undefined;
    let result = outcome;
    if (result.kind === "succeeded" && !this.#objects!.isObject(place) && this.#isRunning(place)) {
      try {
        const encoded = codec.encode(this.id, result.value);
        value = encoded instanceof Promise ? await encoded : encoded;
      } catch (error) {
        result = { kind: "failed", error };
      }
    }
    if (plugins.length > 0) {
      const failed = await endPlugins(
        plugins,
        result,
        this.#isRunning(place),
        this.#pluginContext(place, this.#state.steps[place]!.attempt),
      );
      if (failed !== undefined) result = { kind: "failed", error: failed.error };
    }
    if (!this.#isRunning(place)) return;
    if (this.#stop.signal.aborted && result.kind !== "succeeded") return;
    const now = clock.now();
    switch (result.kind) {
      case "succeeded":
        if (value !== undefined) this.#pending.value(place, value);
        this.values!.set(place, result.value);
        this.values!.ended(place);
        this.#apply({ kind: "succeeded", place, at: now });
        this.#pending.urgent = true;
        break;
      case "retry":
        this.#repeat(place, errorRecord(result.error), now + result.delay);
        break;
      case "failed":
      case "skipped":
        this.#endWithout(place, result.kind, result.error, errorRecord(result.error), now);
        break;
    }
  }

  #skip(place: number): void {
    this.#apply({ kind: "skipped", place, at: this.#host.clock.now() });
    this.values!.ended(place);
    this.#pending.urgent = true;
  }

  #endWithout(place: number, how: "failed" | "skipped", error: unknown, record: ErrorRecord, at: number): void {
    this.#errors.set(place, { error, record });
    const { attempt } = this.#state.steps[place]!;
    if (attempt > 1) {
      this.#pending.event({ event: "attempt_failed", place, attempt, error: record, timestamp: at });
    }
    this.#pending.value(place, { kind: "error", error: record });
    this.#apply({ kind: how, place, at });
    this.values?.ended(place);
    this.#pending.urgent = true;
  }

  #giveUp(place: number, losses: number, now: number): void {
    const node = this.values!.program.graph.names.at(place);
    const error = new LeaseLostError(
      `${losses} workers were lost while they ran step \`${node}\` of workflow \`${this.run.workflow}\`, so it is not tried again; ` +
        "look for what ends the process, such as memory running out, then call run.retry().",
      { workflow: this.run.workflow, node },
    );
    const step = this.#state.steps[place]!;
    if (step.phase === "waiting") {
      step.phase = "ready";
      this.#state.readyCount++;
    }
    this.#endWithout(place, "failed", error, errorRecord(error), now);
  }

  #repeat(place: number, error: ErrorRecord, until: number): void {
    const { attempt } = this.#state.steps[place]!;
    const timestamp = this.#host.clock.now();
    if (attempt > 1) this.#pending.event({ event: "attempt_failed", place, attempt, error, timestamp });
    this.#pending.event({ event: "attempt_started", place, attempt: attempt + 1, timestamp: until });
    this.#apply({ kind: "retried", place, until });
    this.#pending.urgent = true;
    this.#setTimer(place);
  }

  #setTimer(place: number): void {
    const { clock } = this.#host;
    const wait = Math.max(0, this.#state.steps[place]!.wakeAt - clock.now());
    this.#timers.get(place)?.cancel();
    this.#timers.set(
      place,
      clock.setTimer(wait, () => {
        this.#timers.delete(place);
        if (this.#gone) return;
        this.#apply({ kind: "due", place });
        this.pump();
        this.#settle();
      }),
    );
  }

  /** Whether a step may be what ended the worker before this one: that it starts is then committed first, so that losses are counted. */
  #isSuspect(place: number): boolean {
    return this.#state.steps[place]!.losses > 0 || (this.#claimed.claim.fence > 1n && !this.#hasCommitted);
  }

  async #committed(): Promise<void> {
    this.#pending.urgent = true;
    while (!this.#gone && !this.#pending.isEmpty || this.#committing) {
      await this.#flush();
      if (this.#committing) await new Promise<void>((resolve) => this.#host.clock.setTimer(1, resolve));
    }
  }

  /** Has it committed that a step is at work, unless it ends soon. */
  #showStart(): void {
    this.#startTimer ??= this.#host.clock.setTimer(SHOW_START_AFTER, () => {
      this.#startTimer = undefined;
      if (!this.#pending.isEmpty) this.#pending.urgent = true;
      this.#settle();
    });
  }

  /** Lets other workers have a part of what waits for room here, if any of them has nothing to do. */
  #lend(): void {
    const { storage, isDraining } = this.#host;
    if (!storage.shared || isDraining || this.#offers.size > 0 || !this.#host.hasIdleNeighbour(this.run.queue)) return;
    const { bound } = this.executable.shape;
    const kept: number[] = [];
    const lent: number[] = [];
    const surplus = Math.min(MOST_LENT, this.#state.readyCount - this.#taken);
    while (lent.length < surplus) {
      const place = this.#nextReady();
      if (place < 0) break;
      (bound[place] === 1 ? kept : lent).push(place);
    }
    for (const place of kept) this.#state.ready.push(place);
    for (let at = 0; at < lent.length; at += OFFER_SIZE) {
      const places = lent.slice(at, at + OFFER_SIZE);
      const fence = this.#nextFence();
      const id = `${fence}`;
      this.#offers.set(id, new Set(places));
      this.#pending.offer({ id, places, fence });
    }
    this.#apply({ kind: "lent", places: lent });
    this.#settle();
  }

  /** Commits if there is something to commit, and gives the run up if there is nothing left to do for now. */
  #settle(): void {
    if (this.#flushing || this.#gone || !this.#opened) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#committing || this.#gone) return;
    const then = this.#then();
    if (then === undefined && !this.#pending.urgent) return;
    this.#committing = true;
    this.#leaving = then !== undefined;
    const { commit, ended } = this.#pending.take(this.#claimed.claim, this.#state, then);
    const done = await this.#write(commit);
    this.#committing = false;
    this.#hasCommitted = true;
    if (!done || this.#gone) return;
    for (const id of commit.handled ?? []) this.#handled.delete(id);
    if (then !== undefined) return this.#leave(then.kind);
    if (commit.offers !== undefined) this.#host.nudge();
    this.#collect(transition(this.#state, { kind: "committed", places: ended }));
    this.pump();
    this.#settle();
  }

  /** Writes a commit, as often as it takes. Gives `false` if the run is held by another worker now. */
  async #write(commit: RunCommit): Promise<boolean> {
    const { storage, clock } = this.#host;
    for (let wait = 100;; wait = Math.min(2 * wait, 5_000)) {
      try {
        await storage.commit(commit);
        return true;
      } catch (error) {
        if (error instanceof LeaseLostError) {
          this.lose(error);
          return false;
        }
        if (this.#gone) return false;
        this.#host.warn(`A commit of run ${this.id} failed and is tried again: ${String(error)}`, this);
        await new Promise<void>((resolve) => clock.setTimer(wait, resolve));
      }
    }
  }

  /** Whether the next commit is the last one here, and why. */
  #then(): RunCommit["then"] {
    const { state } = this;
    const { clock, isDraining } = this.#host;
    if (state.ended !== undefined) {
      const failed = state.failed;
      return {
        kind: "ended",
        status: state.ended,
        endedAt: clock.now(),
        ...(state.ended !== "FAILED" || failed < 0
          ? {}
          : { failure: { place: failed, error: this.#errors.get(failed)!.record } }),
      };
    }
    const isBusy = state.running > 0 || this.#taken > 0 || this.#reading || this.#hasMail;
    if (isBusy || (state.readyCount > 0 && !isDraining)) return undefined;
    if (this.#pending.urgent && !isDraining) return undefined;
    if (this.#offers.size > 0 && !isDraining) return undefined;
    if (state.readyCount > 0) return { kind: "released", parked: false };
    let wakeAt = Infinity;
    for (const place of this.#timers.keys()) wakeAt = Math.min(wakeAt, state.steps[place]!.wakeAt);
    if (!isDraining && wakeAt < clock.now() + RELEASE_AFTER) return undefined;
    return { kind: "released", parked: true, ...(wakeAt === Infinity ? {} : { wakeAt }) };
  }

  /** The run can not begin at all, because its input can not be used. */
  #breakOff(error: unknown): void {
    const first = this.#state.steps.findIndex((_, place) => !isOver(this.#state, place));
    if (first >= 0) {
      const record = errorRecord(error);
      this.#errors.set(first, { error, record });
      this.#pending.value(first, { kind: "error", error: record });
    }
    this.#apply({ kind: "broken", at: this.#host.clock.now() });
    this.#settle();
  }

  #leave(exit: RunExit, reason?: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    const { failed } = this.#state;
    const failure = this.#errors.get(failed);
    if (failure !== undefined) this.failure = { place: failed, error: failure.error };
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#startTimer?.cancel();
    if (exit !== "ended") {
      this.#stop.abort(
        reason ??
          new LeaseLostError(`Run ${this.id} is not held by this worker any more.`, { workflow: this.run.workflow }),
      );
    }
    this.#host.left(this, exit);
    this.#exit.resolve(exit);
  }
}

function isOver(state: RunState, place: number): boolean {
  const { phase } = state.steps[place]!;
  return phase === "succeeded" || phase === "failed" || phase === "cancelled" || phase === "skipped";
}
