/**
 * A tracer that keeps what it hears.
 *
 * @module
 */
import type { RunTracer, TracedRun, TraceEnd, TraceEvent, Tracer } from "@fusewire/fusewire";

/** Keeps all events, and how runs were opened and closed. */
export class RecordingTracer implements Tracer {
  /** What happened. */
  readonly events: TraceEvent[] = [];
  /** What was at work. */
  readonly opened: TracedRun[] = [];
  /** How it left. */
  readonly closed: TraceEnd[] = [];

  open(run: TracedRun): RunTracer {
    this.opened.push(run);
    const { workflowId, runId, process, host } = run;
    return {
      event: (detail, timestamp) => void this.events.push({ workflowId, runId, process, host, timestamp, ...detail }),
      close: (end) => void this.closed.push(end),
    };
  }
}
