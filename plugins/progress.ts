/**
 * A plugin that shows how far a run is.
 *
 * @module
 */
import { type Clock, systemClock } from "../src/clock.ts";
import type { Plugin, PluginContext, PluginOutcome, PluginRunContext } from "../src/plugin.ts";
import { registerPlugin } from "../src/plugin_origin.ts";
import type { Display } from "./progress/display.ts";
import type { ProgressOutput } from "./progress/output.ts";
import type { RunProgress } from "./progress/run_progress.ts";

type Parts = typeof import("./progress/parts.ts");

/** Where and how progress is shown. */
export interface ProgressOptions {
  /** Where to write. Default: the standard error stream. */
  readonly output?: ProgressOutput;
  /** Whether a bar has colours. Default: unless the environment variable `NO_COLOR` is set. */
  readonly color?: boolean;
  /** Time. Default: the real one. */
  readonly clock?: Clock;
}

/** How many failures of a run have a line of their own; further ones are counted. */
const MOST_FAILURE_LINES = 10;

/**
 * Shows how far a run is: on a terminal a bar with counts, time and an estimate, at most ten times a second; elsewhere a line at the
 * start, after each tenth of the nodes, and at the end. Failures have a line each. It counts the nodes that it is set on; stored
 * results are not among them.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, ProgressPlugin, task } from "@fusewire/fusewire";
 *
 * const square = task((x: number) => x * x, { name: "square" });
 * const workflow = new LocalWorkflow([square(1), square(2)], { workflowName: "squares" });
 * workflow.setPlugin("*", new ProgressPlugin());
 * await workflow.run();
 * ```
 */
export class ProgressPlugin implements Plugin {
  readonly #runs = new Map<string, RunProgress>();
  readonly #output: ProgressOutput | undefined;
  readonly #clock: Clock;
  readonly #color: boolean;
  #parts: Parts | undefined;
  #display: Display | undefined;
  #isBroken = false;

  /** Writes nothing before a run starts. */
  constructor({ output, color = !Deno.noColor, clock = systemClock }: ProgressOptions = {}) {
    this.#output = output;
    this.#color = color;
    this.#clock = clock;
    registerPlugin(this, new.target);
  }

  /** Shows the run. */
  async runStarted({ workflowName, runId, steps }: PluginRunContext): Promise<void> {
    const parts = this.#parts ??= await import("./progress/parts.ts");
    if (this.#runs.size === 0) this.#display = this.#open(parts);
    const run = new parts.RunProgress(workflowName, steps, this.#clock.now());
    this.#runs.set(runId, run);
    this.#display?.started(run);
  }

  /** Counts a node that begins. */
  localInitialize({ runId, nodeName }: PluginContext): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    run.begin(nodeName);
    this.#display?.changed(run);
  }

  /** Counts a node that ended. */
  finished(outcome: PluginOutcome, { runId, nodeName }: PluginContext): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    run.end(nodeName, outcome.status);
    if (outcome.status === "FAILED" && run.ended.FAILED <= MOST_FAILURE_LINES) {
      this.#display?.failed(run, this.#parts?.failure(outcome.error.message) ?? "");
    } else this.#display?.changed(run);
  }

  /** Leaves one line about the run. */
  runFinished({ runId }: PluginRunContext): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    this.#runs.delete(runId);
    this.#display?.ended(run);
  }

  #open({ LiveBar, PlainLines, standardError }: Parts): Display {
    const output = this.#output ?? standardError;
    const write = (text: string): void => this.#write(output, text);
    return output.isTerminal()
      ? new LiveBar({ write, columns: () => output.columns() }, this.#clock, this.#color)
      : new PlainLines(write, this.#clock);
  }

  /** A closed pipe is no reason for a run to fail. */
  #write(output: ProgressOutput, text: string): void {
    if (this.#isBroken) return;
    try {
      output.write(text);
    } catch {
      this.#isBroken = true;
    }
  }
}
