/**
 * Runs as OpenTelemetry sees them. It loads the API, so it is loaded on first use itself.
 *
 * @module
 */
import { createNoopMeter, metrics, ProxyTracerProvider, SpanKind, trace } from "@opentelemetry/api";
import type { RunTracer, TraceCarry, TracedRun } from "../../src/tracer.ts";
import { type Instruments, instrumentsOf } from "./instruments.ts";
import { RunTelemetry } from "./run_telemetry.ts";
import { traceLink } from "./trace_link.ts";

/** Who makes the spans and metrics. */
const SCOPE = "fusewire";

/** Begins the spans of runs. */
export class Telemetry {
  #instruments: Instruments | undefined;

  /** The span of a start: what the spans of the run are below, in whichever process. */
  started({ workflowId, runId, version }: TracedRun): string | undefined {
    if (!isTracing()) return undefined;
    const attributes = { "fusewire.workflow": workflowId, "fusewire.run": runId, "fusewire.version": version };
    const span = trace.getTracer(SCOPE).startSpan(`start ${workflowId}`, { kind: SpanKind.PRODUCER, attributes });
    span.end();
    return traceLink(span.spanContext());
  }

  /** The spans and metrics of a run; `undefined` where nobody takes them. */
  open(run: TracedRun): RunTracer | undefined {
    const isTraced = isTracing();
    const meter = metrics.getMeter(SCOPE);
    const isMeasured = meter !== createNoopMeter();
    if (!isTraced && !isMeasured) return undefined;
    // An instrument that was made before there was an SDK stays silent.
    if (isMeasured) this.#instruments ??= instrumentsOf(meter);
    const telemetry = new RunTelemetry(run, trace.getTracer(SCOPE), this.#instruments ?? instrumentsOf(meter));
    return {
      event: (detail, timestamp) => telemetry.event(detail, timestamp),
      close: (end) => telemetry.close(end),
      commit: (steps, write) => telemetry.commit(steps, write),
      // Only spans are worth a promise for each step.
      ...(isTraced ? { attempt: (place, make) => telemetry.attempt(place, make), carry: activeAttempt } : {}),
    };
  }
}

function activeAttempt(): TraceCarry | undefined {
  const span = trace.getActiveSpan();
  const link = span && traceLink(span.spanContext());
  return link === undefined ? undefined : { module: import.meta.resolve("./enter.ts"), link };
}

/** Whether the application has an SDK for spans, or Deno is it. */
function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined;
}
