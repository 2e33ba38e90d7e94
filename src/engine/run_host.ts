/**
 * What a run asks of the worker that holds it.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { Claim, NewRun } from "../../storage/runtime/records.ts";
import type { Clock } from "../clock.ts";
import type { Tracer } from "../tracer.ts";
import type { ActiveRun } from "./active_run.ts";
import type { ChildRuns, StartedChild } from "./child_runs.ts";
import type { Executable } from "./executable.ts";
import type { StepPool } from "./step_pool.ts";
import type { StoredValues } from "./stored_values.ts";
import type { TurnWaits } from "./turn_waits.ts";

/** How a run left the worker: it has its final state, it waits for a worker again, or another worker has taken it over. */
export type RunExit = "ended" | "released" | "lost";

/** The worker, as its runs see it. */
export interface RunHost {
  /** Where runs are kept. */
  readonly storage: EngineStorage;
  /** Encodes values. */
  readonly codec: StoredValues;
  /** Time and chance. */
  readonly clock: Clock;
  /** Hears of all that the worker does; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Name of the machine, or empty, and id of the process. */
  readonly process: { readonly host: string; readonly id: number };
  /** The threads that make the calls; without them this one does. */
  readonly pool: StepPool | undefined;
  /** Steps that wait for turns of rate limits. */
  readonly turns: TurnWaits;
  /** Id of the worker's session. */
  readonly session: string;
  /** Whether no more steps are to start. */
  readonly isDraining: boolean;
  /** Takes room for one step at work, if there is any. */
  takeRoom(): boolean;
  /** Gives room back; whoever wants it gets it. */
  freeRoom(): void;
  /** Has the run try again when there is room. */
  wantRoom(run: ActiveRun): void;
  /** Whether another worker of the queue has nothing to do, as far as is known. */
  hasIdleNeighbour(queue: string): boolean;
  /** The run has room for steps that it has lent, and takes those back that nobody has begun with. */
  wantLent(run: ActiveRun): void;
  /** A call begins that may take so many milliseconds; what is returned ends it. A session is not kept past that time. */
  beginCall(limit: number | undefined): (() => void) | Promise<() => void>;
  /** Calls back soon, in some tens of milliseconds: one timer for all. */
  remind(call: () => void): void;
  /** Something is in the store that the workers of this process may want: a released run, an offer. */
  nudge(): void;
  /** The runs that steps wait for. */
  readonly children: ChildRuns;
  /** Serves a definition too: that of a run that a step waits for. */
  know(executable: Executable): Promise<void>;
  /** Starts a run that a step waits for, and works on it, or leaves it to whoever is free. */
  startChild(run: NewRun, executable: Executable, again: boolean, held: Claim): Promise<StartedChild>;
  /** Takes up a run that was started for a step, if that was not heard of. */
  findChild(id: string, executable: Executable): Promise<void>;
  /** Tells of something that is not as it should be. */
  warn(message: string, run: ActiveRun): void;
  /** Has the end of the worker wait for what is still being ended of a run that is not at work here any more. */
  awaitLeft(work: Promise<void>): void;
  /** The run is not at work here any more. */
  left(run: ActiveRun, exit: RunExit): void;
}
