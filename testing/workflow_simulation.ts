import { type Definition, WorkflowDefinition } from "../src/definition.ts";
import { executableOf } from "../src/engine/executable.ts";
import type { StartArguments, StartOptions } from "../src/engine/new_run.ts";
import { FusewireError } from "../src/errors.ts";
import type { RunStatus } from "../src/run.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { SimulatedWorld } from "./simulated_world.ts";
import type { StoredRuns } from "./stored_runs.ts";
import type { WorkflowCluster } from "./workflow_cluster.ts";

/** A signal. */
export interface SentSignal {
  /** Its name. */
  readonly name: string;
  /** What no other signal of the run brings. */
  readonly payload: unknown;
}

/** For how many milliseconds a signal may be under way whose sender got no answer. */
const UNDER_WAY = 5_000;

/** How often, in milliseconds, it is tried to send a signal that nobody waits for yet. */
const SEND_EVERY = 40;

/** A run that a scenario has started. */
export interface SimulatedRun {
  /** Of what. */
  readonly definition: Definition<never, unknown>;
  /** With which input. */
  readonly input: unknown;
  /** The signals that it was sent, or a run that it waits for. */
  readonly signals: SentSignal[];
  /** Whether it was cancelled. */
  cancelled: boolean;
  /** Whether it was tried again. */
  retried: boolean;
}

/**
 * What a scenario can do in a simulation: all that a user does with runs, each time in some process that lives. If that process dies
 * before it has answered, it is done again in another.
 */
export interface WorkflowSimulation {
  /** Chance, from the seed. */
  readonly random: SeededRandom;
  /** Ids of the runs that were started. */
  readonly ids: Iterable<string>;
  /** Starts a run, and gives its id. Some runs are driven by the process that starts them, as `runtime.run()` does. */
  start<I, T>(definition: Definition<I, T>, ...args: StartArguments<I>): Promise<string>;
  /** Cancels a run; resolves when it has ended. */
  cancel(id: string): Promise<void>;
  /** Tries a run again; whether it had ended without a result. */
  retry(id: string): Promise<boolean>;
  /**
   * Sends a run a signal once, also if its sender is killed; resolves when it is sent, or the run, or the one that waits for the signal, has
   * ended. No other signal of the run may have this payload. One for a run that does not exist yet is sent when it does.
   */
  signal(id: string, name: string, payload: unknown): Promise<void>;
  /** Looks at a run. */
  status(id: string): Promise<RunStatus>;
  /** Waits for the result of a run. */
  result(id: string): Promise<unknown>;
  /** Lets so many milliseconds pass. */
  wait(milliseconds: number): Promise<void>;
}

/** The simulation that a scenario acts in, and what it has done. */
export class ClusterSimulation implements WorkflowSimulation {
  /** The runs, by id. */
  readonly runs: Map<string, SimulatedRun> = new Map();
  readonly #world: SimulatedWorld;
  readonly #cluster: WorkflowCluster;
  readonly #stored: StoredRuns;
  #starts = 0;

  /** Acts in the processes of `cluster`. */
  constructor(world: SimulatedWorld, cluster: WorkflowCluster, stored: StoredRuns, readonly random: SeededRandom) {
    this.#world = world;
    this.#cluster = cluster;
    this.#stored = stored;
  }

  get ids(): Iterable<string> {
    return this.runs.keys();
  }

  async start<I, T>(definition: Definition<I, T>, ...[input, options]: StartArguments<I>): Promise<string> {
    const id = options?.id ?? `run-${++this.#starts}`;
    const isDriven = this.random.bool(0.3);
    const checked = definition instanceof WorkflowDefinition ? await definition.checkInput(input) : input;
    this.#world.note("user", `starts ${id}${isDriven ? ", driven" : ""}`);
    const run = await this.#cluster.anywhere(async ({ runtime, executables }) => {
      const executable = executables.get(definition.name) ?? executableOf(definition);
      const all: StartOptions = { ...options, id };
      if (isDriven) return (await runtime.driveExecutable(executable, checked, all)).run;
      return (await runtime.startExecutable(executable, checked, all)).run;
    });
    if (!this.runs.has(run.id)) {
      this.runs.set(run.id, { definition, input: checked, signals: [], cancelled: false, retried: false });
    }
    return run.id;
  }

  async cancel(id: string): Promise<void> {
    const run = this.runs.get(id);
    if (run !== undefined) run.cancelled = true;
    this.#world.note("user", `cancels ${id}`);
    await this.#cluster.anywhere(({ runtime }) => runtime.get(id).cancel());
    this.#world.note("user", `has cancelled ${id}`);
  }

  async retry(id: string): Promise<boolean> {
    const run = this.runs.get(id);
    if (run !== undefined) run.retried = true;
    this.#world.note("user", `tries ${id} again`);
    return await this.#cluster.anywhere(({ runtime }) =>
      runtime.get(id).retry().then(() => true, (error) => {
        if (error instanceof FusewireError && error.code === "GRAPH") return false;
        throw error;
      })
    );
  }

  async signal(id: string, name: string, payload: unknown): Promise<void> {
    this.runs.get(id)?.signals.push({ name, payload });
    while (this.#stored.run(id).head?.e === undefined) {
      const sender = await this.#cluster.any();
      this.#world.note("user", `sends ${id} the signal ${name}`);
      const sending = sender.runtime.get(id).signal(name, payload).then(() => "sent" as const, (error: unknown) => {
        // A run that waits for the signal may not have begun.
        return error instanceof FusewireError && error.code === "NOT_FOUND" ? "refused" as const : "unknown" as const;
      });
      const answer = await Promise.race([sending, sender.process.killed.then(() => "unknown" as const)]);
      if (answer === "sent") return;
      await this.#world.after(answer === "refused" ? SEND_EVERY : UNDER_WAY);
      // Users do not know whether one without an answer has come; the simulation does.
      if (answer === "unknown" && this.#stored.wasSent(id, payload)) return;
    }
  }

  async status(id: string): Promise<RunStatus> {
    return await this.#cluster.anywhere(({ runtime }) => runtime.get(id).status());
  }

  async result(id: string): Promise<unknown> {
    return await this.#cluster.anywhere(({ runtime }) => runtime.get(id).result());
  }

  async wait(milliseconds: number): Promise<void> {
    await this.#world.after(milliseconds);
  }
}
