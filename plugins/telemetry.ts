/**
 * A tracer that hands runs to OpenTelemetry.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";
import type { Plugin } from "../src/plugin.ts";
import type { RunTracer, TracedRun, Tracer } from "../src/tracer.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/**
 * Makes spans and metrics of runs, by the API of OpenTelemetry: a span for each run, in it one for each step, in that one for each attempt,
 * and one for each commit of a durable run. Where a durable run goes on in another process, its spans are of the same trace. A span that a
 * task makes, and a request that it sends, are within its attempt.
 *
 * The application brings the SDK, or is started with `OTEL_DENO=true`. Without either, runs are not traced, and cost nothing.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, task, TelemetryPlugin } from "@fusewire/fusewire";
 *
 * const workflow = new LocalWorkflow(task(() => 1, { name: "one" })(), { workflowName: "ones" });
 * workflow.setTracer(new TelemetryPlugin()); // or openRuntime({ tracer: new TelemetryPlugin() })
 * console.log(await workflow.run()); // 1
 * ```
 */
export class TelemetryPlugin implements Plugin, Tracer {
  /** Itself, so that it can be set like a plugin. */
  readonly tracer: Tracer = this;
  #telemetry: Telemetry | undefined;
  #loading: Promise<void> | undefined;

  /**
   * Loads the API of OpenTelemetry.
   *
   * @throws {ConfigError} If it can not be loaded.
   */
  prepare(): Promise<void> {
    return this.#loading ??= this.#load();
  }

  /** Begins the trace of a durable run, or goes on with the one that is active. */
  started(run: TracedRun): string | undefined {
    return this.#telemetry?.started(run);
  }

  /** Begins the span of a run. */
  open(run: TracedRun): RunTracer | undefined {
    if (this.#telemetry !== undefined) return this.#telemetry.open(run);
    // A backend of one's own makes its run before anything can be loaded.
    let opened: RunTracer | undefined;
    return {
      event: (detail, at) => (opened ??= this.#telemetry?.open(run))?.event(detail, at),
      close: (end) => opened?.close(end),
    };
  }

  async #load(): Promise<void> {
    try {
      const { Telemetry } = await import("./telemetry/telemetry.ts");
      this.#telemetry = new Telemetry();
    } catch (error) {
      throw new ConfigError(`TelemetryPlugin can not load npm:@opentelemetry/api: ${String(error)}`, { cause: error });
    }
  }
}
