/**
 * The spans and metrics of one run, as long as it is at work in this process.
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { AttemptOutcome, AttemptPlace } from "../../src/attempt.ts";
import type { TraceDetail, TracedRun, TraceEnd } from "../../src/tracer.ts";
import type { Instruments } from "./instruments.ts";
import { linkedSpan } from "./trace_link.ts";

/** A step that has begun here and has not ended. */
interface OpenStep {
  readonly span: Span;
  readonly context: Context;
  /** By the clock that measures durations, in milliseconds. */
  readonly startedAt: number;
}

/** One run. */
export class RunTelemetry {
  readonly #run: TracedRun;
  readonly #tracer: Tracer;
  readonly #instruments: Instruments;
  readonly #span: Span;
  readonly #context: Context;
  readonly #steps = new Map<string, OpenStep>();
  readonly #enqueued = new Map<string, number>();
  readonly #labels: Attributes;

  /** Begins the span of the run. */
  constructor(run: TracedRun, tracer: Tracer, instruments: Instruments) {
    const { workflowId, runId, version, holds, link, fence } = run;
    this.#run = run;
    this.#tracer = tracer;
    this.#instruments = instruments;
    this.#labels = { "fusewire.workflow": workflowId };
    const start = linkedSpan(link);
    const parent = start === undefined ? context.active() : trace.setSpanContext(ROOT_CONTEXT, start);
    this.#span = tracer.startSpan(holds === "steps" ? `lent steps of ${workflowId}` : `run ${workflowId}`, {
      kind: fence === undefined ? SpanKind.INTERNAL : SpanKind.CONSUMER,
      attributes: {
        ...this.#labels,
        "fusewire.run": runId,
        "fusewire.version": version,
        ...(fence === undefined ? {} : { "fusewire.fence": fence }),
      },
    }, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  /** Something happened. */
  event(detail: TraceDetail, timestamp: number): void {
    const { attempts, lostClaims, runs, wait } = this.#instruments;
    switch (detail.event) {
      case "workflow_started": {
        const { waitsSince } = this.#run;
        if (waitsSince !== undefined) wait.record(Math.max(0, timestamp - waitsSince) / 1_000, this.#labels);
        break;
      }
      case "step_enqueued":
        // When a step of a durable run could have begun is not told.
        if (this.#run.fence === undefined) this.#enqueued.set(detail.step, timestamp);
        break;
      case "step_started": {
        const since = this.#enqueued.get(detail.step);
        if (since !== undefined) wait.record((timestamp - since) / 1_000, this.#labels);
        this.#enqueued.delete(detail.step);
        this.#begin(detail.step);
        attempts.add(1, this.#labels);
        break;
      }
      case "attempt_started":
        if (!this.#steps.has(detail.step)) this.#begin(detail.step);
        attempts.add(1, this.#labels);
        break;
      case "attempt_failed":
        break;
      case "step_progress":
        this.#steps.get(detail.step)?.span.addEvent("progress", { "fusewire.fraction": detail.fraction });
        break;
      case "step_finished":
        this.#end(detail.step, detail.status, detail.error?.message);
        break;
      case "warning":
        this.#spanOf(detail.step).addEvent("warning", { "fusewire.message": detail.message });
        break;
      case "workflow_finished":
        runs.add(1, { ...this.#labels, "fusewire.status": detail.status });
        setEnd(this.#span, detail.status, undefined);
        break;
      case "claim_taken":
        this.#span.addEvent("claim taken");
        break;
      case "claim_lost":
        lostClaims.add(1, this.#labels);
        this.#span.addEvent("claim lost");
        break;
      case "step_lent":
        this.#span.addEvent("step lent", { "fusewire.step": detail.step });
        break;
    }
  }

  /** Makes an attempt within a span of its own. */
  attempt<T extends AttemptOutcome | Promise<AttemptOutcome>>({ nodeName, attempt }: AttemptPlace, make: () => T): T {
    const parent = this.#steps.get(nodeName)?.context ?? this.#context;
    const attributes = { ...this.#labels, "fusewire.step": nodeName, "fusewire.attempt": attempt };
    const span = this.#tracer.startSpan("attempt", { attributes }, parent);
    const made = context.with(trace.setSpan(parent, span), make);
    if (made instanceof Promise) void made.then((outcome) => this.#endAttempt(nodeName, span, outcome));
    else this.#endAttempt(nodeName, span, made);
    return made;
  }

  #endAttempt(step: string, span: Span, outcome: AttemptOutcome): void {
    endAttempt(span, outcome);
    if (this.#run.holds !== "steps") return;
    // The holder of the run tells how the step ended; here it has with its one attempt.
    this.#steps.get(step)?.span.end();
    this.#steps.delete(step);
  }

  /** Writes a commit within a span of its own. */
  async commit(steps: number, write: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    const span = this.#tracer.startSpan("commit", { attributes: { "fusewire.steps": steps } }, this.#context);
    try {
      await context.with(trace.setSpan(this.#context, span), write);
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      this.#instruments.commitDuration.record((performance.now() - startedAt) / 1_000, this.#labels);
      span.end();
    }
  }

  /** Ends the spans of what is not at work here any more. */
  close(end: TraceEnd): void {
    for (const { span } of this.#steps.values()) span.end();
    this.#steps.clear();
    if (end !== "ended") this.#span.setAttribute("fusewire.left", end);
    this.#span.end();
  }

  #spanOf(step: string | undefined): Span {
    return (step === undefined ? undefined : this.#steps.get(step))?.span ?? this.#span;
  }

  #begin(step: string): void {
    // A step that was given back, or lost, begins again.
    this.#steps.get(step)?.span.end();
    const attributes = { ...this.#labels, "fusewire.step": step };
    const span = this.#tracer.startSpan(`step ${step}`, { attributes }, this.#context);
    this.#steps.set(step, { span, context: trace.setSpan(this.#context, span), startedAt: performance.now() });
  }

  #end(step: string, status: string, message: string | undefined): void {
    const { steps, stepDuration } = this.#instruments;
    const labels = { ...this.#labels, "fusewire.status": status };
    steps.add(1, labels);
    this.#enqueued.delete(step);
    const open = this.#steps.get(step);
    if (open === undefined) return;
    stepDuration.record((performance.now() - open.startedAt) / 1_000, labels);
    setEnd(open.span, status, message);
    open.span.end();
    this.#steps.delete(step);
  }
}

function setEnd(span: Span, status: string, message: string | undefined): void {
  span.setAttribute("fusewire.status", status);
  if (status !== "FAILED") return;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
}

function endAttempt(span: Span, outcome: AttemptOutcome): void {
  span.setAttribute("fusewire.outcome", outcome.kind);
  switch (outcome.kind) {
    case "succeeded":
      break;
    case "retry":
    case "failed":
    case "skipped":
      fail(span, outcome.error);
      break;
  }
  span.end();
}

function fail(span: Span, error: unknown): void {
  const exception = error instanceof Error ? error : String(error);
  span.recordException(exception);
  span.setStatus({ code: SpanStatusCode.ERROR, message: exception instanceof Error ? exception.message : exception });
}
