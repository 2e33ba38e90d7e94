/**
 * The place of a span as text, as the W3C recommendation "Trace Context" has it, for those who go on with its trace elsewhere.
 *
 * @module
 */
import { isSpanContextValid, type SpanContext } from "@opentelemetry/api";

const PATTERN = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A `traceparent`; `undefined` of a span that is not traced. */
export function traceLink(span: SpanContext): string | undefined {
  if (!isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}`;
}

/** What a `traceparent` says; `undefined` if it says nothing. */
export function linkedSpan(link: string | undefined): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] = PATTERN.exec(link ?? "") ?? [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}
