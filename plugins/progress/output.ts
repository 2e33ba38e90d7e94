/**
 * Where progress is written to.
 *
 * @module
 */

/** A place for progress: the standard error stream, or something else that takes text. */
export interface ProgressOutput {
  /** Writes text at once. What it throws ends the display, not the run. */
  write(text: string): void;
  /** Whether a person watches, on a terminal that knows escape codes; else plain lines are written. */
  isTerminal(): boolean;
  /** Columns of the terminal now; anything below 1 stands for "not known". */
  columns(): number;
}

/** The standard error stream of this process. */
export const standardError: ProgressOutput = {
  write(text) {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  },
  isTerminal: () => Deno.stderr.isTerminal(),
  columns() {
    try {
      return Deno.consoleSize().columns;
    } catch {
      return 0;
    }
  },
};
