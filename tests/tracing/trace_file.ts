/**
 * Trace files of tests.
 *
 * @module
 */
import { FileTracer, type FileTracerOptions, readTrace, type TraceEvent } from "@fusewire/fusewire";

/** A trace file in a folder of its own. Hold it with `await using`. */
export interface TraceFile extends AsyncDisposable {
  /** Where it is. */
  readonly path: string;
  /** A tracer that writes to it, as one more process would. */
  tracer(options?: Omit<FileTracerOptions, "path">): FileTracer;
  /** All that was written. */
  events(): Promise<TraceEvent[]>;
}

/** Makes a folder for a trace file. */
export async function traceFile(): Promise<TraceFile> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/trace.jsonl`;
  const tracers: FileTracer[] = [];
  return {
    path,
    tracer(options = {}) {
      const tracer = new FileTracer({ path, ...options });
      tracers.push(tracer);
      return tracer;
    },
    async events() {
      for (const tracer of tracers) tracer.flush();
      return await Array.fromAsync(readTrace(path));
    },
    async [Symbol.asyncDispose]() {
      for (const tracer of tracers) tracer.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** An event as a short text. */
export function short(event: TraceEvent): string {
  const parts: (string | number)[] = [event.event];
  if ("step" in event && event.step !== undefined) parts.push(event.step);
  if ("attempt" in event) parts.push(event.attempt);
  if ("status" in event) parts.push(event.status);
  return parts.join(" ");
}

/** The eight events of a run of `a` then `b`. */
export const A_THEN_B = [
  "workflow_started",
  "step_enqueued a",
  "step_started a",
  "step_finished a SUCCEEDED",
  "step_enqueued b",
  "step_started b",
  "step_finished b SUCCEEDED",
  "workflow_finished SUCCEEDED",
];
