/**
 * What a worker tells a tracer of a run that it holds: the events that `run.events()` tells from the store, as they happen, and what
 * becomes of its hold. Who makes an attempt tells that it begins, who holds the run how it ended, so that each is told once.
 *
 * @module
 */
import type { ClaimedRun, RunRecord } from "../../storage/runtime/records.ts";
import type { ErrorRecord } from "../errors.ts";
import type { Status } from "../status.ts";
import {
  joinTracers,
  openTracer,
  type RunTracer,
  type TraceDetail,
  type TracedRun,
  type TraceEnd,
  type Tracer,
} from "../tracer.ts";
import type { Executable } from "./executable.ts";
import type { RunState } from "./run_state.ts";

/** Who works on a run, and who hears of that. */
export interface TracingHost {
  /** Hears of all that this process does; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Name of the machine, or empty, and id of the process. */
  readonly process: { readonly host: string; readonly id: number };
}

/** Has the tracers of a process and of a graph hear of a run, or of steps of one, if there are any. */
export function openRunTracer(
  { tracer, process }: TracingHost,
  executable: Executable | undefined,
  run: RunRecord,
  holds: TracedRun["holds"],
): RunTracer | undefined {
  const all = joinTracers([tracer, executable?.tracer]);
  if (all === undefined) return undefined;
  // Whoever has taken it up before has ended the wait.
  const waitsSince = holds === "run" && run.fence <= 1n ? { waitsSince: run.dueAt } : {};
  return openTracer(all, { ...tracedRun(process, run, holds), fence: Number(run.fence), ...waitsSince });
}

/** A run as tracers know it. */
export function tracedRun(
  { host, id }: TracingHost["process"],
  { workflow, id: runId, version, trace }: Pick<RunRecord, "workflow" | "id" | "version" | "trace">,
  holds: TracedRun["holds"],
): TracedRun {
  const link = trace === undefined ? {} : { link: trace };
  return { workflowId: workflow, runId, process: id, host, version, holds, ...link };
}

/** Tells of one run as long as one worker holds it. */
export class RunTrace {
  /** Who hears of it. */
  readonly tracer: RunTracer;
  readonly #nameOf: (place: number) => string;
  readonly #ended: Uint8Array;
  readonly #fence: number;
  #mayBegin: boolean;

  /** `now` is when the run was claimed. */
  constructor(tracer: RunTracer, { definition, shape }: Executable, claimed: ClaimedRun, now: number) {
    const { claim } = claimed;
    this.tracer = tracer;
    this.#nameOf = (place) => definition.steps[place]!;
    this.#ended = new Uint8Array(shape.size);
    this.#fence = Number(claim.fence);
    this.#mayBegin = isNewRun(claimed);
    if (claim.fence > 1n) tracer.event({ event: "claim_taken", fence: this.#fence }, now);
  }

  /** Steps of the run have changed, causes before what follows from them. */
  changed(
    places: readonly number[],
    { steps }: RunState,
    errors: ReadonlyMap<number, { readonly record: ErrorRecord }>,
    now: number,
  ): void {
    for (const place of places) {
      const { phase, attempt, startedAt, endedAt } = steps[place]!;
      switch (phase) {
        case "running":
        case "awaiting":
          tellAttempt((detail) => this.#tell(detail, startedAt), this.#nameOf(place), attempt);
          break;
        case "lent":
          this.#tell({ event: "step_lent", step: this.#nameOf(place) }, now);
          break;
        case "succeeded":
          this.#stepEnded(place, "SUCCEEDED", endedAt);
          break;
        case "failed":
          this.#stepEnded(place, "FAILED", endedAt, errors.get(place)?.record);
          break;
        case "skipped":
          this.#stepEnded(place, "SKIPPED", endedAt, errors.get(place)?.record);
          break;
        case "cancelled":
          this.#stepEnded(place, "CANCELLED", endedAt);
          break;
        case "waiting":
        case "ready":
        case "delayed":
          break;
      }
    }
  }

  /** An attempt failed; that the first one did shows by the second. */
  attemptFailed(place: number, attempt: number, error: ErrorRecord, at: number): void {
    if (attempt > 1) this.#tell({ event: "attempt_failed", step: this.#nameOf(place), attempt, error }, at);
  }

  /** Something is not as it should be. */
  warning(message: string, at: number): void {
    this.#tell({ event: "warning", message }, at);
  }

  /** The run's end is committed. */
  finished(status: Status, at: number): void {
    this.#tell({ event: "workflow_finished", status }, at);
  }

  /** The run is not at work here any more. */
  left(end: TraceEnd, at: number): void {
    if (end === "lost") this.#tell({ event: "claim_lost", fence: this.#fence }, at);
    this.tracer.close(end);
  }

  #stepEnded(place: number, status: Status, at: number, error?: ErrorRecord): void {
    if (this.#ended[place] === 1) return;
    this.#ended[place] = 1;
    const step = this.#nameOf(place);
    this.#tell({ event: "step_finished", step, status, ...(error === undefined ? {} : { error }) }, at);
  }

  /** A run has started when the first thing happens in it. */
  #tell(detail: TraceDetail, at: number): void {
    if (this.#mayBegin) {
      this.#mayBegin = false;
      this.tracer.event({ event: "workflow_started" }, at);
    }
    this.tracer.event(detail, at);
  }
}

/** Whether nobody has worked on a run before. The steps that a fork begins with have ended elsewhere. */
export function isNewRun({ claim, steps, run }: ClaimedRun): boolean {
  return steps === undefined || run.forkedFrom !== undefined && claim.fence <= 1n;
}

/** Tells that an attempt begins: of the first one, that the step does. */
export function tellAttempt(tell: (detail: TraceDetail) => void, step: string, attempt: number): void {
  if (attempt > 1) return tell({ event: "attempt_started", step, attempt });
  tell({ event: "step_enqueued", step });
  tell({ event: "step_started", step });
}

/** Tells of a run that nobody held, and that was cancelled as a whole. */
export function tellCancelled(tracer: RunTracer, steps: readonly string[], isNew: boolean, at: number): void {
  if (isNew) tracer.event({ event: "workflow_started" }, at);
  for (const step of steps) tracer.event({ event: "step_finished", step, status: "CANCELLED" }, at);
  tracer.event({ event: "workflow_finished", status: "CANCELLED" }, at);
  tracer.close("ended");
}
