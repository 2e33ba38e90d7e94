/**
 * The run of a backend that draws: no step is run, and the result is the drawing.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { CancelledError, NotFoundError } from "../../errors.ts";
import type { RunEvent } from "../../events.ts";
import type { NodeGraph } from "../../graph.ts";
import type { Run, RunStatus } from "../../run.ts";
import { RunRecord } from "../../execution/run_record.ts";
import { abortable } from "../../abortable.ts";

/** What is drawn, and how. */
export interface DrawingSetup {
  /** The graph. */
  readonly graph: NodeGraph;
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Version of the definition, or empty. */
  readonly version: string;
  /** Time and chance. */
  readonly clock: Clock;
  /** Draws; stops at the next occasion when the signal is aborted. */
  readonly draw: (signal: AbortSignal) => Promise<string>;
}

/** One drawing of a graph. */
export class DrawingRun implements Run<string> {
  readonly id: string;
  readonly #workflow: string;
  readonly #record: RunRecord;
  readonly #controller = new AbortController();
  readonly #result: Promise<string>;

  /** Starts to draw. */
  constructor({ graph, workflowName, version, clock, draw }: DrawingSetup) {
    this.id = clock.newId();
    this.#workflow = workflowName;
    this.#record = new RunRecord(graph, this.id, workflowName, version, clock, true);
    this.#result = this.#drive(draw);
    this.#result.catch(() => {});
  }

  result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<string> {
    return abortable(this.#result, signal);
  }

  status(): Promise<RunStatus> {
    return Promise.resolve(this.#record.snapshot());
  }

  events(): AsyncIterableIterator<RunEvent> {
    return this.#record.events();
  }

  async cancel(): Promise<void> {
    this.#controller.abort(
      new CancelledError(`The drawing of workflow \`${this.#workflow}\` was cancelled.`, { workflow: this.#workflow }),
    );
    await this.#result.catch(() => {});
  }

  signal(name: string, _payload: unknown): Promise<void> {
    return Promise.reject(
      new NotFoundError(
        `No node of workflow \`${this.#workflow}\` waits for the signal ${JSON.stringify(name)}: it is drawn, not run.`,
        { workflow: this.#workflow },
      ),
    );
  }

  async #drive(draw: DrawingSetup["draw"]): Promise<string> {
    const { signal } = this.#controller;
    this.#record.status = "RUNNING";
    this.#record.ofRun("workflow_started");
    try {
      const drawing = await draw(signal);
      this.#record.finish("SUCCEEDED", () => "SKIPPED");
      return drawing;
    } catch (error) {
      this.#record.finish(error === signal.reason ? "CANCELLED" : "FAILED", () => "CANCELLED");
      throw error;
    }
  }
}
