/**
 * Goes on with the trace of an attempt in the thread that makes its call.
 *
 * @module
 */
import { context, trace } from "@opentelemetry/api";
import { linkedSpan } from "./trace_link.ts";

/** Makes a call within a span of another thread. */
export function enter<T>(link: string, call: () => T): T {
  const span = linkedSpan(link);
  return span === undefined ? call() : context.with(trace.setSpanContext(context.active(), span), call);
}
