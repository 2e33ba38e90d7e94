/**
 * An SDK of OpenTelemetry that keeps what it is given in memory.
 *
 * @module
 */
import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** The SDK of one test. Hold it with `await using`. */
export class Otel implements AsyncDisposable {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });
  readonly #meters = new MeterProvider({ readers: [this.#reader] });

  /** Registers it. */
  constructor() {
    trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })] }),
    );
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    metrics.setGlobalMeterProvider(this.#meters);
  }

  /** The spans that have ended. */
  get spans(): ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  /** The only span of a name. */
  span(name: string): ReadableSpan {
    const found = this.spans.filter((span) => span.name === name);
    if (found.length !== 1) {
      throw new Error(
        `${found.length} spans are called ${name}; all: ${this.spans.map(({ name }) => name).join(", ")}.`,
      );
    }
    return found[0]!;
  }

  /** Each value of each metric: what was counted, or how often something was measured. */
  async metrics(): Promise<Map<string, number>> {
    await this.#reader.forceFlush();
    const values = new Map<string, number>();
    for (const { scopeMetrics } of this.#metrics.getMetrics()) {
      for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        for (const { attributes, value } of dataPoints) {
          const labels = Object.values(attributes).join(" ");
          values.set(`${descriptor.name} ${labels}`, typeof value === "number" ? value : value.count);
        }
      }
    }
    return values;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#meters.shutdown();
    trace.disable();
    context.disable();
    metrics.disable();
  }
}
