/**
 * How far a run has come.
 *
 * @module
 */
import type { PluginOutcome } from "../../src/plugin.ts";

/** The counts of one run. */
export class RunProgress {
  /** Nodes that ended, by how they did. */
  readonly ended: Record<PluginOutcome["status"], number> = { SUCCEEDED: 0, FAILED: 0, SKIPPED: 0, CANCELLED: 0 };
  /** Names of the nodes at work, the oldest first. */
  readonly running = new Set<string>();
  #begun = 0;

  /** `steps` is how many nodes will run, as far as it is known; `startedAt` is in milliseconds. */
  constructor(readonly title: string, readonly steps: number, readonly startedAt: number) {}

  /** How many nodes there are: as many as was said at the start, or more if more have begun. */
  get total(): number {
    return Math.max(this.steps, this.#begun);
  }

  /** Nodes that ended. */
  get done(): number {
    return this.#begun - this.running.size;
  }

  /** Nodes that never began. */
  get notRun(): number {
    return this.total - this.#begun;
  }

  /** A node begins. */
  begin(node: string): void {
    this.running.add(node);
    this.#begun++;
  }

  /** A node ended. */
  end(node: string, status: PluginOutcome["status"]): void {
    if (this.running.delete(node)) this.ended[status]++;
  }
}
