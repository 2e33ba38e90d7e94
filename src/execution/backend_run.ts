/**
 * Runs of backends of one's own: the backend tells what becomes of each step, and the run gives status, events and result.
 *
 * @module
 */
import { abortable } from "../abortable.ts";
import type { Clock } from "../clock.ts";
import { CancelledError, NotFoundError, type StepFailedError, type TimeoutError } from "../errors.ts";
import type { RunEvent } from "../events.ts";
import type { RunHooks } from "../hooks.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Plugin } from "../plugin.ts";
import type { Program } from "../program.ts";
import type { Run, RunStatus } from "../run.ts";
import { RunLifetime } from "../run_lifetime.ts";
import { ReportedEnds } from "./reported_ends.ts";
import { runTimeoutError, skippedTarget, stepFailure, targetValues } from "./run_outcome.ts";
import { RunRecord } from "./run_record.ts";
import { isFinal, type Status } from "../status.ts";
import { openTrace, type Tracer } from "../tracer.ts";

/** One node of a workflow, as a backend of one's own runs it. */
export interface BackendStep {
  /** Name of the node. */
  readonly name: string;
  /** Its place in topological order. Values are kept by place. */
  readonly place: number;
  /** Places of the nodes that it waits for. */
  readonly parents: readonly number[];
  /** Options of the node in this workflow, or `undefined` if it has none. */
  readonly options: AnyTaskOptions | undefined;
  /** Plugins of the node in this workflow. */
  readonly plugins: readonly Plugin<unknown>[];
  /** What the backend was told about the node. */
  readonly remoteArgs: Readonly<Record<string, unknown>>;
  /** Whether the node's conditions hold, given the values so far; a node without conditions always runs. */
  mayRun(values: readonly unknown[]): boolean;
  /** Calls the node's function with its arguments, made from the values so far. */
  call(values: readonly unknown[]): unknown;
}

/** One run of a backend of one's own: it is told what becomes of each step. What comes too late is not heard. */
export interface BackendRun {
  /** Id of the run. */
  readonly id: string;
  /** Aborted when the run is cancelled, or its time is over. */
  readonly stopSignal: AbortSignal;
  /** What its steps share, and its hooks: for the attempts of its steps. It is closed when the backend's work is done. */
  readonly lifetime: RunLifetime;
  /** Whether the step has ended: by itself, because of a step above it, or because the run was cancelled or its time is over. */
  isOver(step: BackendStep): boolean;
  /** The step starts its first attempt. */
  started(step: BackendStep): void;
  /** An attempt failed, and the step waits for another one. */
  waits(step: BackendStep, attempt: number, error: unknown): void;
  /** An attempt begins after a wait. */
  startedAgain(step: BackendStep, attempt: number): void;
  /** The step reports progress, from 0 to 1. */
  progress(step: BackendStep, fraction: number, message?: string): void;
  /** The step has its value. */
  succeeded(step: BackendStep): void;
  /** The step failed for good: what waits for it is cancelled, and the run rejects with the first failure. */
  failed(step: BackendStep, error: unknown): void;
  /** The step is skipped, and what waits for it too. */
  skipped(step: BackendStep, error?: unknown): void;
}

/** What a {@linkcode ReportedRun} is of. */
export interface BackendRunSetup {
  /** The graph, made flat. */
  readonly program: Program;
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Version of the definition, or empty. */
  readonly version: string;
  /** Time and chance. */
  readonly clock: Clock;
  /** What is called around the run; `undefined` if nothing is. */
  readonly hooks: RunHooks | undefined;
  /** Milliseconds that the run may take; `undefined` if there is no limit. */
  readonly timeout: number | undefined;
  /** Hears of the run; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Whether the result is the one target's value, not an array of values. */
  readonly single: boolean;
}

/** A run that gives status, events and result from what it is told. */
export class ReportedRun implements Run<unknown>, BackendRun {
  readonly id: string;
  readonly lifetime: RunLifetime;
  readonly #setup: BackendRunSetup;
  readonly #record: RunRecord;
  readonly #controller = new AbortController();
  readonly #result = Promise.withResolvers<unknown>();
  readonly #ends: ReportedEnds;
  readonly #failures = new Map<number, StepFailedError>();

  /** Prepares a run; {@linkcode drive} makes it. */
  constructor(setup: BackendRunSetup) {
    const { program, workflowName, version, clock, tracer } = setup;
    this.id = clock.newId();
    this.lifetime = new RunLifetime({ workflowName, runId: this.id, signal: this.stopSignal });
    this.#setup = setup;
    const trace = openTrace(tracer, { workflowId: workflowName, runId: this.id, version });
    this.#record = new RunRecord(program.graph, this.id, workflowName, version, clock, true, trace);
    this.#ends = new ReportedEnds(program, this.#record);
    this.#result.promise.catch(() => {});
  }

  get stopSignal(): AbortSignal {
    return this.#controller.signal;
  }

  isOver(step: BackendStep): boolean {
    return this.stopSignal.aborted || isFinal(this.#record.stateOf(step.place));
  }

  started(step: BackendStep): void {
    if (this.isOver(step)) return;
    this.#record.enqueued(step.place);
    this.#record.started(step.place);
  }

  waits(step: BackendStep, attempt: number, error: unknown): void {
    if (this.isOver(step)) return;
    this.#record.attemptFailed(step.place, attempt, error);
    this.#record.waits(step.place);
  }

  startedAgain(step: BackendStep, attempt: number): void {
    if (!this.isOver(step)) this.#record.attempt(step.place, attempt);
  }

  progress(step: BackendStep, fraction: number, message?: string): void {
    if (!this.isOver(step)) this.#record.progress(step.place, fraction, message);
  }

  succeeded(step: BackendStep): void {
    if (!this.isOver(step)) this.#ends.end(step.place, "SUCCEEDED");
  }

  failed(step: BackendStep, error: unknown): void {
    if (this.isOver(step)) return;
    const { place } = step;
    const attempts = this.#record.attemptsOf(place);
    if (attempts === 0) this.#record.enqueued(place);
    else this.#record.attemptFailed(place, attempts, error);
    this.#failures.set(place, stepFailure(this.#record, place, error));
    this.#ends.end(place, "FAILED", error);
  }

  skipped(step: BackendStep, error?: unknown): void {
    if (this.isOver(step)) return;
    const { place } = step;
    if (this.#record.attemptsOf(place) === 0) this.#record.enqueued(place);
    this.#ends.end(place, this.#ends.skipOf(place), error);
  }

  result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    return abortable(this.#result.promise, signal);
  }

  status(): Promise<RunStatus> {
    return Promise.resolve(this.#record.snapshot());
  }

  events(): AsyncIterableIterator<RunEvent> {
    return this.#record.events();
  }

  async cancel(): Promise<void> {
    const { workflowName } = this.#setup;
    if (!this.#record.isFinished && !this.stopSignal.aborted) {
      const error = new CancelledError(`Run ${this.id} of workflow \`${workflowName}\` was cancelled.`, {
        workflow: workflowName,
      });
      this.#stop("CANCELLED", error);
    }
    await this.#result.promise.catch(() => {});
  }

  signal(name: string, _payload: unknown): Promise<void> {
    const { workflowName } = this.#setup;
    return Promise.reject(
      new NotFoundError(`No node of workflow \`${workflowName}\` waits for the signal ${JSON.stringify(name)}.`, {
        workflow: workflowName,
      }),
    );
  }

  /** Makes the run: `work` runs the steps, tells of each, and gives the values by place. */
  async drive(work: (run: BackendRun) => Promise<readonly unknown[]>): Promise<void> {
    if (this.#record.isFinished) return;
    this.#record.status = "RUNNING";
    this.#record.ofRun("workflow_started");
    const { workflowName, clock, timeout } = this.#setup;
    const timer = timeout === undefined ? undefined : clock.setTimer(timeout, () => {
      if (this.#record.isFinished) return;
      this.#stop("FAILED", runTimeoutError(workflowName, this.id, timeout));
    });
    try {
      const values = await this.#withHooks(work);
      if (this.#record.isFinished) return;
      const { program, single } = this.#setup;
      const skipped = skippedTarget(program, this.#record);
      const failure = this.#failure();
      if (failure !== undefined) this.#end("FAILED", failure);
      else if (skipped !== undefined) this.#end("SKIPPED", skipped);
      else {
        const given = targetValues(program, values);
        this.#record.finish("SUCCEEDED", () => "SKIPPED");
        this.#result.resolve(single ? given[0] : given);
      }
    } catch (error) {
      if (!this.#record.isFinished) this.#end("FAILED", this.#failure() ?? error);
    } finally {
      timer?.cancel();
    }
  }

  async #withHooks(work: (run: BackendRun) => Promise<readonly unknown[]>): Promise<readonly unknown[]> {
    try {
      if (this.#setup.hooks !== undefined) await this.lifetime.begin(this.#setup.hooks);
      return await work(this);
    } finally {
      await this.lifetime.close();
    }
  }

  #stop(status: Status, error: CancelledError | TimeoutError): void {
    this.#controller.abort(error);
    this.#end(status, error);
  }

  #end(status: Status, error: unknown): void {
    this.#record.finish(status, () => "CANCELLED");
    this.#result.reject(error);
  }

  /** The first failure that is not handled. */
  #failure(): StepFailedError | undefined {
    const place = this.#ends.firstUnhandled([...this.#failures.keys()]);
    return this.#failures.get(place);
  }
}
