/**
 * What shows progress.
 *
 * @module
 */
import type { RunProgress } from "./run_progress.ts";

/** Shows the progress of runs, one way or another. */
export interface Display {
  /** A run begins. */
  started(run: RunProgress): void;
  /** Something was counted. */
  changed(run: RunProgress): void;
  /** A node failed; `text` is one line that says which and why. */
  failed(run: RunProgress, text: string): void;
  /** A run has ended. */
  ended(run: RunProgress): void;
}
