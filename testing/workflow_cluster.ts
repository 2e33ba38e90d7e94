import type { ActiveRun } from "../src/engine/active_run.ts";
import { changedAfterCommit, committedOutcomes, violations } from "../src/engine/invariants.ts";
import type { Phase } from "../src/engine/run_state.ts";
import { FusewireError } from "../src/errors.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { SimulatedWorld } from "./simulated_world.ts";
import type { StoredRuns } from "./stored_runs.ts";
import { WorkflowProcess, type WorkflowProcessSetup } from "./workflow_process.ts";

/** How long it takes until a process that was killed is followed by another, at most, in milliseconds. */
const LONGEST_RESTART = 500;

/** The processes of a simulation, each followed by another when it is killed. */
export class WorkflowCluster {
  readonly #world: SimulatedWorld;
  readonly #setup: WorkflowProcessSetup;
  readonly #stored: StoredRuns;
  readonly #random: SeededRandom;
  readonly #living = new Map<string, WorkflowProcess>();
  /** What was seen of each run at work: how many of its steps were where, and what was committed. */
  readonly #seen = new WeakMap<ActiveRun, { readonly counts: string; readonly committed: (Phase | undefined)[] }>();
  readonly #lives: Promise<void>[] = [];
  #born = Promise.withResolvers<void>();
  #isOver = false;
  readonly #dead = new Set<string>();

  /** Begins with no process. */
  constructor(world: SimulatedWorld, setup: WorkflowProcessSetup, stored: StoredRuns, random: SeededRandom) {
    this.#world = world;
    this.#setup = setup;
    this.#stored = stored;
    this.#random = random;
    world.onEvent(() => this.#check());
  }

  /** Names of the processes that live. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#living.values()].map(({ process }) => process.name));
  }

  /** Keeps a process of this name serving. */
  begin(name: string): void {
    this.#lives.push(this.#live(name).catch((error) => this.#world.fail(error)));
  }

  /** Names of the processes that were killed. */
  get dead(): ReadonlySet<string> {
    return this.#dead;
  }

  /** Ends the processes that live, each as it ends when it is asked to. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const process of this.#living.values()) process.stop();
    await Promise.all(this.#lives);
    const living = [...this.#living.values()];
    const closed = living.map(({ runtime, process }) => Promise.race([runtime.close(), process.killed]));
    await Promise.all(closed);
  }

  /** A process that lives. */
  async any(): Promise<WorkflowProcess> {
    while (this.#living.size === 0) await this.#born.promise;
    return this.#random.pick([...this.#living.values()]);
  }

  /** Does something in some process; if that is killed meanwhile, does it again in another. */
  async anywhere<T>(work: (process: WorkflowProcess) => Promise<T>): Promise<T> {
    for (;;) {
      const process = await this.any();
      const done = work(process).then((value) => ({ value }), (error: unknown) => {
        if (error instanceof FusewireError && error.code !== "LEASE_LOST" && error.code !== "CONFIG") throw error;
        throw new Error(`A call in ${process.process.name} failed with what no user should see: ${error}`, {
          cause: error,
        });
      });
      const outcome = await Promise.race([done, process.process.killed]);
      if (outcome !== undefined) return outcome.value;
    }
  }

  async #live(name: string): Promise<void> {
    while (!this.#isOver) {
      const process = new WorkflowProcess(this.#world.process(name), this.#setup);
      this.#living.set(name, process);
      this.#born.resolve();
      this.#born = Promise.withResolvers();
      this.#disturb(process);
      void process.process.killed.then(() => this.#dead.add(process.process.name));
      await Promise.race([process.serve(), process.process.killed]);
      if (process.process.alive) return;
      this.#living.delete(name);
      await this.#world.after(this.#random.int(1, LONGEST_RESTART));
    }
  }

  /** Wakes a process at times at which there is nothing for it. */
  #disturb(process: WorkflowProcess): void {
    process.process.clock.setTimer(process.process.chance.int(1, 1_500), () => {
      process.nudge();
      if (!this.#isOver) this.#disturb(process);
    });
  }

  /** What always holds of the runs at work. */
  #check(): void {
    for (const { process, activeRun } of this.#actives()) {
      const { state } = activeRun;
      const { readyCount, open, running, uncommitted, ended } = state;
      const counts = `${readyCount} ${open} ${running} ${uncommitted} ${ended}`;
      const before = this.#seen.get(activeRun);
      // Each change of a state changes one of its counts.
      if (before?.counts === counts) continue;
      const found = violations(state);
      if (before !== undefined) {
        const changed = changedAfterCommit(before.committed, state);
        for (const place of changed) found.push(`step ${place} changed after its commit`);
      }
      this.#seen.set(activeRun, { counts, committed: committedOutcomes(state) });
      if (found.length > 0) throw new Error(`Run ${activeRun.id} in ${process.process.name}: ${found.join("; ")}.`);
    }
  }

  *#actives() {
    for (const process of this.#living.values()) {
      for (const id of this.#stored.runs.keys()) {
        const activeRun = process.activeRun(id);
        if (activeRun?.isAtWork) yield { process, activeRun };
      }
    }
  }
}
