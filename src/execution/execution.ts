/**
 * Executions: one run of a graph in this process. Nodes start as soon as what they wait for is done, a bounded number at a time.
 * A run of plain synchronous functions costs no promise a node; everything else is paid for only where it is used.
 *
 * @module
 */
import { abortable } from "../abortable.ts";
import { AttemptContext } from "../attempt.ts";
import type { Timer } from "../clock.ts";
import { switchContext, withContext } from "../context.ts";
import { Dataflow } from "./dataflow.ts";
import { Controls } from "./controls.ts";
import { CancelledError, type StepFailedError, type TimeoutError } from "../errors.ts";
import type { RunEvent } from "../events.ts";
import { callPlain, isThenable, nextTurn, type Prefix, runPrefix, SLICE } from "./fast_path.ts";
import { Frame } from "./frame.ts";
import type { Plugin, PluginRunContext } from "../plugin.ts";
import type { Run, RunStatus } from "../run.ts";
import { RunLifetime } from "../run_lifetime.ts";
import { runTimeoutError, skippedTarget, stepFailure, targetValues } from "./run_outcome.ts";
import { End } from "../join.ts";
import { RunRecord } from "./run_record.ts";
import type { ExecutionSetup } from "./setup.ts";
import type { Status } from "../status.ts";
import { runStep } from "./step.ts";
import { Waits } from "./waits.ts";
import type { SharedRoom } from "./shared_room.ts";
import type { StoredResults } from "../results/stored_results.ts";
import { openTrace, type RunTracer } from "../tracer.ts";
import { warn } from "../warning.ts";

/** A plugin with what it is told about the run. */
interface PluginRun {
  readonly plugin: Plugin<unknown>;
  readonly context: PluginRunContext;
}

/** One run of a graph in this process. */
export class Execution implements Run<unknown> {
  /** Id of the run. */
  readonly id: string;
  /** What has become of each step. */
  readonly record: RunRecord;
  /** Hears of the run, if anybody does. */
  readonly trace: RunTracer | undefined;
  /** What its steps share, and its hooks. */
  readonly lifetime: RunLifetime;
  /** Stored results, once they are known. */
  results: StoredResults | undefined;
  /** Slots that it shares with the runs that its steps wait for, if there may be any. */
  readonly room: SharedRoom | undefined;
  readonly #controller = new AbortController();
  readonly #result = Promise.withResolvers<unknown>();
  readonly #allEnded = Promise.withResolvers<void>();
  /** Steps that were held up and have a slot again when they are taken. */
  readonly #heldUp = new Map<number, () => void>();
  /** Steps at work that have plugins: a run that is cancelled waits until their plugins know. */
  readonly #stepsWithPlugins = new Set<Promise<void>>();
  readonly #managed: Uint8Array | undefined;
  #flow: Dataflow | undefined;
  #frame: Frame | undefined;
  #running = 0;
  #pumping = false;
  #resting = false;
  #starts = 0;
  #sliceEnd = performance.now() + SLICE;
  /** What steps failed with, in the order in which they did. */
  readonly #failures = new Map<number, StepFailedError>();
  /** Evaluates control nodes; most graphs have none. */
  readonly #controls: Controls | undefined;
  #waits: Waits | undefined;
  #cancelled: CancelledError | undefined;
  #timedOut: TimeoutError | undefined;

  /** Prepares a run; {@linkcode drive} makes it. */
  constructor(readonly setup: ExecutionSetup) {
    const { program, workflowName, version, clock, keepEvents } = setup;
    this.id = setup.id ?? clock.newId();
    this.room = setup.room;
    this.trace = openTrace(setup.tracer, { workflowId: workflowName, runId: this.id, version });
    this.record = new RunRecord(program.graph, this.id, workflowName, version, clock, keepEvents, this.trace);
    this.lifetime = new RunLifetime({
      workflowName,
      runId: this.id,
      signal: this.stopSignal,
      warn: (message) => this.#warn(message),
    });
    // An attempt that is traced is more than a plain call.
    this.#managed = this.trace?.attempt === undefined ? setup.managed : new Uint8Array(program.graph.size).fill(1);
    this.#controls = program.graph.hasControls ? new Controls(this) : undefined;
    this.#result.promise.catch(() => {});
  }

  #warn(message: string): void {
    warn(message, { workflow: this.setup.workflowName, run: this.id });
    // After the last event there are no more.
    if (!this.record.isFinished) this.record.warning(message);
  }

  /** Aborted when the run is cancelled, or its time is over. */
  get stopSignal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborted when the run is cancelled, or nothing needs the step any more. */
  signalAt(place: number): AbortSignal {
    return this.#controls?.signalAt(place) ?? this.stopSignal;
  }

  result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return abortable(this.#result.promise, signal);
  }

  status(): Promise<RunStatus> {
    return Promise.resolve(this.snapshot());
  }

  /** The state of all as data: what a map's items are comes before the map. */
  snapshot(): RunStatus {
    return this.record.snapshot(this.#waits?.children);
  }

  /** What its steps wait for that none of them does. */
  get waits(): Waits {
    return this.#waits ??= new Waits(this);
  }

  /** What a step has failed with, if it has. */
  errorOf(place: number): unknown {
    return this.#failures.get(place)?.cause;
  }

  /** Something goes on that the run does not end before. */
  outlives(work: Promise<void>): void {
    this.#stepsWithPlugins.add(work);
    void work.then(() => this.#stepsWithPlugins.delete(work));
  }

  /** A step that waited has ended: others may start. */
  resume(): void {
    if (this.#flow !== undefined) this.#pump();
  }

  events(): AsyncIterableIterator<RunEvent> {
    return this.record.events();
  }

  async cancel(): Promise<void> {
    if (!this.record.isFinished && this.#timedOut === undefined) {
      const { workflowName } = this.setup;
      this.#cancelled ??= new CancelledError(`Run ${this.id} of workflow \`${workflowName}\` was cancelled.`, {
        workflow: workflowName,
      });
      this.#controller.abort(this.#cancelled);
      this.#allEnded.resolve();
    }
    await this.#result.promise.catch(() => {});
  }

  async signal(name: string, payload: unknown): Promise<void> {
    await Promise.resolve();
    this.waits.signal(name, payload);
  }

  /** Makes the run. Its end is seen through {@linkcode result}. */
  async drive(): Promise<void> {
    const { record, setup } = this;
    record.status = "RUNNING";
    record.ofRun("workflow_started");
    let broken: { readonly error: unknown } | undefined;
    let values: readonly unknown[] = [];
    let close: (() => Promise<void>) | undefined;
    const begun: PluginRun[] = [];
    const limit = this.#limitTime();
    try {
      close = await setup.open?.(this.id);
      this.results = await setup.openResults?.(record);
      for (const run of this.#runPlugins()) {
        begun.push(run);
        await run.plugin.runStarted?.(run.context);
      }
      if (setup.hooks !== undefined) await abortable(this.lifetime.begin(setup.hooks), this.stopSignal);
      values = await this.#runNodes();
    } catch (error) {
      broken = { error };
      this.#controller.abort(error);
    }
    limit?.cancel();
    await Promise.all(this.#stepsWithPlugins);
    try {
      await close?.();
    } catch (error) {
      broken ??= { error };
    }
    try {
      await this.lifetime.close();
    } catch (error) {
      broken ??= { error };
    }
    for (const { plugin, context } of begun) {
      try {
        await plugin.runFinished?.(context);
      } catch (error) {
        broken ??= { error };
      }
    }
    try {
      await this.results?.settle();
    } catch (error) {
      broken ??= { error };
    }
    this.#finish(values, broken);
  }

  /** Ends the run when its time is over. */
  #limitTime(): Timer | undefined {
    const { timeout, clock, workflowName } = this.setup;
    if (timeout === undefined) return undefined;
    return clock.setTimer(timeout, () => {
      if (this.#cancelled !== undefined || this.#flow?.open === 0) return;
      this.#controller.abort(this.#timedOut = runTimeoutError(workflowName, this.id, timeout));
      this.#allEnded.resolve();
    });
  }

  async #runNodes(): Promise<readonly unknown[]> {
    const { program } = this.setup;
    const { size } = program.graph;
    const { record, results } = this;
    const frame = this.#newFrame();
    // The node that ends it may be at work, so it has a slot.
    const hasSlot = results === undefined && (this.room?.mayTake(this) ?? true);
    if (hasSlot) this.#enter();
    const prefix = hasSlot
      ? await runPrefix({ program, record, frame, managed: this.#managed, signal: this.stopSignal })
      : undefined;
    if (hasSlot) this.#leave();
    const from = prefix?.place ?? 0;
    record.succeededBefore(from);
    if (from === size || this.stopSignal.aborted) return prefix?.values ?? [];
    const onReady = record.keepsEvents
      ? (place: number) => {
        if (results?.actionAt(place) !== "load" && !record.isRunning(place)) record.enqueued(place);
      }
      : undefined;
    const flow = this.#flow = new Dataflow(program, from, prefix?.values ?? [], {
      onReady,
      onRelease: this.setup.released,
      onBlocked: (place, end) => record.ended(place, end),
    });
    for (let place = from; place < size; place++) {
      const action = results?.actionAt(place) ?? "run";
      if (action !== "none") flow.activate(place, action === "load");
    }
    if (prefix !== undefined) this.#goOnFrom(prefix, frame, flow);
    this.#pump();
    await this.#allEnded.promise;
    return flow.values;
  }

  /** Takes over the node at which the prefix ended. The promise is let go, or its value would live as long as the run. */
  #goOnFrom(prefix: Prefix, frame: Frame, flow: Dataflow): void {
    const { place, pending, failed } = prefix;
    if (pending !== undefined) {
      flow.take();
      prefix.pending = undefined;
      withContext(frame, () => this.#await(place, pending, frame));
    } else if (failed !== undefined) {
      flow.take();
      this.fail(place, failed.error);
    }
  }

  /** Starts ready nodes as long as there are slots. `own` is a frame that the running code is already in. */
  #pump(own?: Frame): void {
    if (this.#pumping) return;
    this.#pumping = true;
    if (own === undefined) withContext(this.#frame ??= this.#newFrame(), () => this.#startReady());
    else {
      this.#frame = own;
      this.#startReady();
    }
    this.#pumping = false;
    if (this.#flow!.open === 0) this.#allEnded.resolve();
  }

  #startReady(): void {
    const flow = this.#flow!;
    while (!this.stopSignal.aborted) {
      this.#controls?.settle(flow);
      if (this.#running >= this.setup.concurrency || this.#resting) return;
      if (this.room !== undefined && !this.room.mayTake(this)) return;
      const place = flow.take();
      if (place < 0) return;
      this.#start(place);
      if ((++this.#starts & 31) === 0 && performance.now() > this.#sliceEnd) this.#rest();
    }
  }

  /** Lets timers, input and output have a turn before more nodes start. */
  #rest(): void {
    this.#resting = true;
    void nextTurn().then(() => {
      this.#resting = false;
      this.#sliceEnd = performance.now() + SLICE;
      this.#pump();
    });
  }

  #start(place: number): void {
    const { setup, record } = this;
    const resume = this.#heldUp.get(place);
    if (resume !== undefined) {
      this.#heldUp.delete(place);
      this.#enter();
      resume();
      return;
    }
    if (this.results !== undefined || this.#managed !== undefined && this.#managed[place] === 1) {
      this.#enter();
      const step = runStep(this, place).catch((error) => this.fail(place, error)).then(() => {
        this.#leave();
        this.#stepsWithPlugins.delete(step);
        this.#pump();
      });
      if (setup.pluginsAt(place) !== undefined) this.#stepsWithPlugins.add(step);
      return;
    }
    record.started(place);
    const frame = this.#enterFrame();
    frame.place = place;
    let result: unknown;
    let pending: PromiseLike<unknown> | undefined;
    try {
      result = callPlain(setup.program, place, this.#flow!.values);
      if (isThenable(result)) pending = result;
    } catch (error) {
      this.fail(place, error);
      return;
    }
    if (pending !== undefined) {
      this.#frame = undefined;
      this.#await(place, pending, frame);
    } else this.succeed(place, result);
  }

  #enter(): void {
    this.#running++;
    this.room?.take();
  }

  #leave(): void {
    this.#running--;
    this.room?.put();
  }

  /** The frame that the running code is in; a new one, if an asynchronous node has kept the last one. */
  #enterFrame(): Frame {
    if (this.#frame === undefined) switchContext(this.#frame = this.#newFrame());
    return this.#frame;
  }

  #newFrame(): Frame {
    return new Frame((place) => this.contextAt(place));
  }

  /** Goes on when the promise of a plain node has settled; what runs then is still in the node's frame. */
  #await(place: number, pending: PromiseLike<unknown>, frame: Frame): void {
    this.#enter();
    if (!this.record.isRunning(place)) this.record.started(place);
    Promise.resolve(pending).then(
      (value) => {
        this.#leave();
        this.succeed(place, value);
        this.#pump(frame);
      },
      (error) => {
        this.#leave();
        this.fail(place, error);
        this.#pump(frame);
      },
    );
  }

  /** The arguments of a node, from the values so far. */
  argumentsAt(place: number): unknown[] {
    return this.setup.program.argumentsAt(place, this.#flow!.values);
  }

  /** How many nodes that take part have not ended. */
  get openNodes(): number {
    return this.#flow!.open;
  }

  /** Whether nobody will read the value of the node at `of` after the node at `place` has ended. */
  readsLast(place: number, of: number): boolean {
    return this.#flow!.readsLast(place, of);
  }

  /** The values so far. */
  get values(): readonly unknown[] {
    return this.#flow!.values;
  }

  /** What the node at a place sees, if it is a plain one. */
  contextAt(place: number): AttemptContext {
    return new AttemptContext(
      {
        workflowName: this.setup.workflowName,
        runId: this.id,
        nodeName: this.setup.program.graph.names.at(place),
        attempt: 1,
      },
      () => this.signalAt(place),
      () => this.lifetime,
      {
        seed: this.setup.optionsAt(place)?.seed,
        onProgress: (fraction, message) => this.record.progress(place, fraction, message),
      },
    );
  }

  /** Whether the step has been ended from outside while it ran. */
  isOver(place: number): boolean {
    return this.stopSignal.aborted || !this.record.isRunning(place);
  }

  /** Whether the step may not go on: the run is cancelled, or nothing needs the step any more. */
  isStopped(place: number): boolean {
    return this.stopSignal.aborted || this.#flow!.hasEnded(place);
  }

  /** A step has its value. */
  succeed(place: number, value: unknown): void {
    if (this.isOver(place)) return;
    this.record.ended(place, "SUCCEEDED");
    this.#flow!.succeed(place, value);
  }

  /** A step has its stored value. */
  succeedStored(place: number, value: unknown): void {
    if (this.isStopped(place)) return;
    if (this.record.stateOf(place) !== "SUCCEEDED") this.record.stored(place);
    this.#flow!.succeed(place, value);
  }

  /** The error that a run rejects with when this step failed. */
  failure(place: number, error: unknown): StepFailedError {
    return stepFailure(this.record, place, error);
  }

  /** A step failed for good; what waits for it is cancelled. */
  fail(place: number, error: unknown): void {
    if (this.isStopped(place)) return;
    this.#failures.set(place, this.failure(place, error));
    this.record.ended(place, "FAILED", error);
    this.#flow!.block(place, End.Failed);
  }

  /** A step is skipped, and what waits for it too. */
  skip(place: number, error?: unknown): void {
    if (this.isStopped(place)) return;
    this.record.ended(place, "SKIPPED", error);
    this.#flow!.block(place, End.Skipped);
  }

  /** A step ends without having failed itself, because what it would take the value of did. */
  giveUp(place: number): void {
    this.record.ended(place, "CANCELLED");
    this.#flow!.block(place, End.Failed);
  }

  /** Nothing needs a step any more. */
  drop(place: number): void {
    this.#heldUp.delete(place);
    if (this.results?.isStored(place) === true) this.record.stored(place);
    else this.record.cancelled(place);
  }

  /** A stored value turned out to be missing: the step waits until what it needs has been computed. */
  recompute(place: number): void {
    if (!this.isStopped(place)) this.#flow!.demand(place, (parent) => this.results?.takeUp(parent) ?? false);
  }

  /**
   * Gives up the step's slot until `begin` has called back and a slot is free again, or the run is cancelled; then what `begin`
   * returned is called.
   */
  async holdUp(place: number, begin: (resolve: () => void) => () => void): Promise<void> {
    this.record.waits(place);
    this.#leave();
    const { promise, resolve } = Promise.withResolvers<void>();
    let hasSlot = false;
    const signal = this.signalAt(place);
    const stop = begin(() => {
      if (signal.aborted) return;
      this.#heldUp.set(place, () => {
        hasSlot = true;
        resolve();
      });
      this.#flow!.putBack(place);
      this.#pump();
    });
    const onAbort = () => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    this.#pump();
    await promise;
    signal.removeEventListener("abort", onAbort);
    if (!hasSlot) this.#enter();
    if (signal.aborted) stop();
  }

  #runPlugins(): PluginRun[] {
    const steps = new Map<Plugin<unknown>, number>();
    if (this.setup.managed === undefined && this.results === undefined) return [];
    for (let place = 0; place < this.setup.program.graph.size; place++) {
      const plugins = this.setup.pluginsAt(place);
      if (plugins === undefined) continue;
      const action = this.results?.actionAt(place) ?? "run";
      const runs = action === "run" || action === "check" ? 1 : 0;
      for (const plugin of plugins) steps.set(plugin, (steps.get(plugin) ?? 0) + runs);
    }
    return [...steps].map(([plugin, count]) => ({
      plugin,
      context: { workflowName: this.setup.workflowName, runId: this.id, steps: count },
    }));
  }

  /** The state of a step that has not ended: cancelled if it took part in the run, else as what is stored says. */
  #leftOver(place: number): Status {
    if (this.results === undefined || this.#flow === undefined || this.#flow.isActive(place)) return "CANCELLED";
    return this.results.isStored(place) ? "SUCCEEDED" : "SKIPPED";
  }

  /** The first failure that is not handled. */
  #unhandledFailure(): StepFailedError | undefined {
    const failed = [...this.#failures.keys()];
    const place = this.#controls?.firstUnhandled(failed) ?? failed[0];
    return place === undefined ? undefined : this.#failures.get(place);
  }

  #finish(values: readonly unknown[], broken: { readonly error: unknown } | undefined): void {
    const { record, setup } = this;
    const end = (status: Status, error: unknown): void => {
      record.finish(status, (place) => this.#leftOver(place));
      this.#result.reject(error);
    };
    if (this.#cancelled !== undefined) return end("CANCELLED", this.#cancelled);
    if (this.#timedOut !== undefined) return end("FAILED", this.#timedOut);
    const failure = this.#unhandledFailure();
    if (failure !== undefined) return end("FAILED", failure);
    if (broken !== undefined) return end("FAILED", broken.error);
    const skipped = skippedTarget(setup.program, record);
    if (skipped !== undefined) return end("SKIPPED", skipped);
    try {
      const given = targetValues(setup.program, values);
      record.finish("SUCCEEDED", (place) => this.#leftOver(place));
      this.#result.resolve(setup.single ? given[0] : given);
    } catch (error) {
      end("FAILED", error);
    }
  }
}
