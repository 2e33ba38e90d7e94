/**
 * The record of one run in this process: the state of every step, its attempts and errors, and the events.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { EventLog, type EventSink, TracedEvents } from "./event_log.ts";
import { type ErrorRecord, errorRecord } from "../errors.ts";
import type { EventDetail } from "../events.ts";
import type { NodeGraph } from "../graph.ts";
import type { RunStatus, StepStatus } from "../run.ts";
import { isFinal, type Status } from "../status.ts";
import type { RunTracer } from "../tracer.ts";

const STATES = [
  "PENDING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
  "CANCELLED",
  "SKIPPED",
] as const satisfies readonly Status[];
const PENDING = STATES.indexOf("PENDING");
const SUCCEEDED = STATES.indexOf("SUCCEEDED");
const FAILED = STATES.indexOf("FAILED");
const RUNNING = STATES.indexOf("RUNNING");

/** What has become of each step of one run. */
export class RunRecord {
  /** State of the run. */
  status: Status = "PENDING";
  readonly #states: Uint8Array;
  readonly #attempts = new Map<number, number>();
  readonly #errors = new Map<number, ErrorRecord>();
  readonly #log: EventSink | undefined;
  readonly #kept: EventLog | undefined;
  /** All steps before this place succeeded at their first attempt; their states are not written one by one. */
  #prefix = 0;

  /** Without `keepEvents` nobody can ask for the events; without `trace` too they cost nothing. */
  constructor(
    readonly graph: NodeGraph,
    readonly id: string,
    readonly workflow: string,
    readonly version: string,
    clock: Clock,
    keepEvents: boolean,
    trace?: RunTracer,
  ) {
    this.#states = new Uint8Array(graph.size);
    const nameOf = (place: number): string => graph.names.at(place);
    const now = (): number => clock.now();
    this.#kept = keepEvents ? new EventLog({ workflowId: workflow, runId: id }, nameOf, now) : undefined;
    this.#log = trace === undefined ? this.#kept : new TracedEvents(trace, this.#kept, nameOf, now);
  }

  /** Whether anybody hears of events. */
  get keepsEvents(): boolean {
    return this.#log !== undefined;
  }

  /** Whether the run has ended. */
  get isFinished(): boolean {
    return isFinal(this.status);
  }

  /** All steps before `place` succeeded at their first attempt. */
  succeededBefore(place: number): void {
    this.#states.fill(SUCCEEDED, this.#prefix, place);
    this.#prefix = place;
  }

  /** State of the step at a place. */
  stateOf(place: number): Status {
    return STATES[this.#states[place]!]!;
  }

  /** Whether the step is at work. */
  isRunning(place: number): boolean {
    return this.#states[place] === RUNNING;
  }

  /** Number of attempts that the step has made. */
  attemptsOf(place: number): number {
    const state = this.#states[place];
    return this.#attempts.get(place) ?? (state === SUCCEEDED || state === FAILED || state === RUNNING ? 1 : 0);
  }

  /** The step is ready. */
  enqueued(place: number): void {
    this.#log?.add("step_enqueued", place);
  }

  /** The step starts, or goes on after a wait. */
  started(place: number): void {
    this.#states[place] = RUNNING;
    this.#log?.add("step_started", place);
  }

  /** An attempt begins. */
  attempt(place: number, attempt: number): void {
    this.#states[place] = RUNNING;
    if (attempt > 1 || this.#attempts.has(place)) this.#attempts.set(place, attempt);
    if (attempt > 1) this.#log?.add("attempt_started", place, { attempt });
  }

  /** An attempt failed. */
  attemptFailed(place: number, attempt: number, error: unknown): void {
    this.#attempts.set(place, attempt);
    if (attempt > 1) this.#log?.add("attempt_failed", place, { attempt, error: errorRecord(error) });
  }

  /** The step waits for its next attempt. */
  waits(place: number): void {
    this.#states[place] = PENDING;
  }

  /** The step made progress. */
  progress(place: number, fraction: number, message?: string): void {
    this.#log?.add("step_progress", place, message === undefined ? { fraction } : { fraction, message });
  }

  /** The step ended, whether it had started or not. */
  ended(place: number, status: Status, error?: unknown): void {
    this.#states[place] = STATES.indexOf(status);
    const record = error === undefined ? undefined : errorRecord(error);
    if (record !== undefined) this.#errors.set(place, record);
    this.#log?.add("step_finished", place, record === undefined ? { status } : { status, error: record });
  }

  /** The step was cancelled, perhaps while it was at work. */
  cancelled(place: number): void {
    const attempts = this.attemptsOf(place);
    if (attempts > 0) this.#attempts.set(place, attempts);
    this.ended(place, "CANCELLED");
  }

  /** The step's stored value stands for it. */
  stored(place: number): void {
    this.#attempts.set(place, 0);
    this.#states[place] = SUCCEEDED;
  }

  /** Something is not as it should be. */
  warning(message: string, place = -1): void {
    this.#log?.add("warning", place, { message });
  }

  /** An event about the run itself. */
  ofRun(event: EventDetail["event"], status?: Status): void {
    this.#log?.add(event, -1, status === undefined ? undefined : { status });
  }

  /** The run has ended; no step of it is left pending. */
  finish(status: Status, leftOver: (place: number) => Status): void {
    for (let place = 0; place < this.#states.length; place++) {
      const state = this.#states[place]!;
      if (state !== PENDING && state !== RUNNING) continue;
      const end = leftOver(place);
      if (end === "SUCCEEDED") this.stored(place);
      else if (end === "CANCELLED") this.cancelled(place);
      else this.#states[place] = STATES.indexOf(end);
    }
    this.status = status;
    this.ofRun("workflow_finished", status);
    this.#log?.close();
  }

  /** Events from the first one on. */
  events(): ReturnType<EventLog["events"]> {
    if (this.#kept === undefined) throw new TypeError("The events of this run are not kept.");
    return this.#kept.events();
  }

  /** The state of all as data; `children` are runs that steps wait for, by place. */
  snapshot(children?: ReadonlyMap<number, { readonly id: string; snapshot(): RunStatus }>): RunStatus {
    const steps = this.graph.members.flatMap((_, place): StepStatus[] => {
      const error = this.#errors.get(place);
      const child = children?.get(place);
      const step: StepStatus = {
        name: this.graph.names.at(place),
        status: this.stateOf(place),
        attempt: this.attemptsOf(place),
        ...(error === undefined ? {} : { error }),
        ...(child === undefined ? {} : { child: child.id }),
      };
      const isMap = child !== undefined && this.graph.extraAt(place)?.control?.kind === "map";
      // The last step of the items' run gathers them, which is what the map's own step stands for.
      return isMap ? [...child.snapshot().steps.slice(0, -1), step] : [step];
    });
    return { id: this.id, workflow: this.workflow, version: this.version, status: this.status, steps };
  }
}
