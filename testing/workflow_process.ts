import type { ActiveRun } from "../src/engine/active_run.ts";
import type { Executable } from "../src/engine/executable.ts";
import { Runtime } from "../src/engine/runtime.ts";
import { RuntimeCore } from "../src/engine/runtime_core.ts";
import { Worker } from "../src/engine/worker_handle.ts";
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import type { CallLog } from "./call_log.ts";
import type { SimulatedProcess } from "./simulated_process.ts";

/** What the processes of a simulation have in common. */
export interface WorkflowProcessSetup {
  /** Keeps the calls. */
  readonly log: CallLog;
  /** Opens the store of a process. */
  readonly open: (process: SimulatedProcess) => EngineStorage;
  /** What is served. */
  readonly executables: readonly Executable[];
  /** Milliseconds for which a lease holds. */
  readonly lease: number;
  /** How many steps a worker has at work at a time. */
  readonly concurrency: number;
}

/** How long a worker serves before it ends by itself and another begins, at most, in milliseconds. */
const LONGEST_SERVICE = 4_000;

/** A process that serves workflows: a runtime of its own on a store of its own, on the KV that all share. */
export class WorkflowProcess {
  /** The runtime. */
  readonly runtime: Runtime;
  /** The executables, with calls that are logged, by the name of their workflow. */
  readonly executables: ReadonlyMap<string, Executable>;
  readonly #core: RuntimeCore;
  readonly #setup: WorkflowProcessSetup;
  #stop = new AbortController();
  #isOver = false;

  /** Opens the store and the runtime; {@linkcode serve} begins. */
  constructor(readonly process: SimulatedProcess, setup: WorkflowProcessSetup) {
    const { name, clock } = process;
    const storage = setup.open(process);
    const number = Number(name.replace(/\D/g, ""));
    this.#setup = setup;
    this.#core = new RuntimeCore({
      storage,
      objects: undefined,
      serializers: [],
      clock,
      process: { host: name, id: number },
      lease: setup.lease,
    });
    this.runtime = new Runtime(this.#core, () => storage.close());
    this.executables = new Map(
      setup.executables.map((executable) => [executable.definition.workflow, setup.log.logged(executable, process)]),
    );
  }

  /** A run at work here. */
  activeRun(id: string): ActiveRun | undefined {
    return this.#core.activeRun(id);
  }

  /** Wakes the workers, for no reason. */
  nudge(): void {
    this.#core.nudge();
  }

  /** Has `serve` end. */
  stop(): void {
    this.#isOver = true;
    this.#stop.abort();
  }

  /** Serves until it is told to stop: as a worker that runs, or by ticks, each for a while. */
  async serve(): Promise<void> {
    const { process: { name, chance }, executables } = this;
    const { concurrency } = this.#setup;
    // Some know only one of the definitions; the first process knows all, so that there is one for each.
    const all = [...executables.values()];
    const known = name.startsWith("w1") || chance.bool(0.7) ? all : [chance.pick(all)];
    while (!this.#isOver) {
      const worker = new Worker(this.#core, known, { concurrency });
      const milliseconds = chance.int(50, LONGEST_SERVICE);
      this.#stop = new AbortController();
      await (chance.bool(0.2) ? this.#tick(worker, milliseconds) : this.#run(worker, milliseconds));
    }
  }

  async #run(worker: Worker, milliseconds: number): Promise<void> {
    const stop = this.#stop;
    const timer = this.process.clock.setTimer(milliseconds, () => stop.abort());
    await worker.run({ signal: stop.signal, handleSignals: false });
    timer.cancel();
  }

  /** Some ticks are told to end before their time, and do not wait for what is at work. */
  async #tick(worker: Worker, budgetMs: number): Promise<void> {
    const { name, chance, clock } = this.process;
    const stop = this.#stop;
    const hurry = (): void => {
      this.#setup.log.disturb(name);
      stop.abort();
    };
    const timer = chance.bool(0.5) ? clock.setTimer(chance.int(1, budgetMs), hurry) : undefined;
    await worker.tick({ budgetMs, signal: stop.signal, patience: chance.int(0, 20) });
    timer?.cancel();
  }
}
