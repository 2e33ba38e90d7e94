/**
 * Runs that do not begin with nothing: forks and imports, as stores know them.
 *
 * @module
 */
import type { ErrorRecord } from "../../src/errors.ts";
import type { Status } from "../../src/status.ts";
import type { NewRun, NotableEvent, StepRecord, StoredValue } from "./records.ts";

/** A run that is about to exist and does not begin with nothing; its input is among its contents. */
export type FilledRun = Omit<NewRun, "input">;

/** What a run is made of that does not begin with nothing: a fork, or an import. */
export interface RunContents {
  /** The records of its steps, by place. */
  readonly steps: readonly StepRecord[];
  /** What the steps do not tell. */
  readonly events: readonly NotableEvent[];
  /** Its end, if it has ended already: nobody works on it. */
  readonly ended?: {
    readonly status: Status;
    readonly endedAt: number;
    readonly failure?: { readonly place: number; readonly error: ErrorRecord };
  };
  /** Its input; asked for once, when nobody else can have the id any more. */
  input(): Promise<StoredValue>;
  /** The values of steps, each place once; asked for once, after the input. What it throws is thrown by the start, and nothing is kept. */
  values(): AsyncIterable<{ readonly place: number; readonly value: StoredValue }>;
  /** Called when nothing comes of the run after its input was asked for, before others can have the id. */
  discard(): Promise<void>;
}
