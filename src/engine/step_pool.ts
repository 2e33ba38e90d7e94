/**
 * The Web Workers that make the calls of one durable worker. Loaded where a worker has a pool.
 *
 * @module
 */
import type { AttemptTime } from "../attempt.ts";
import type { TaskContext } from "../context.ts";
import { LiveHandle } from "../pool/live_handle.ts";
import type { PoolLimits } from "../pool/pool_options.ts";
import { PoolRun } from "../pool/pool_run.ts";
import { Placement } from "../pool/placement.ts";
import { WorkerPool } from "../pool/worker_pool.ts";
import type { PluginCall } from "../plugin.ts";
import type { Program } from "../program.ts";
import type { TraceCarry } from "../tracer.ts";
import type { Executable } from "./executable.ts";

/** The pool of one durable worker; its threads are started when they are needed, and end with {@linkcode close}. */
export class StepPool {
  readonly #pool: WorkerPool;
  #programs = 0;

  /** Starts no thread yet. */
  constructor(limits: PoolLimits) {
    this.#pool = new WorkerPool(limits);
    // The threads stay also while no run is at work.
    this.#pool.openRun("");
  }

  /**
   * Looks whether a graph can run on a pool.
   *
   * @throws {GraphError} If the value of an instance is asked for outside of its thread.
   */
  check({ definition: { workflow }, graph, shape }: Executable): void {
    Placement.of(graph, shape.targets.map((place) => ({ place })), workflow);
  }

  /** The calls of a program; an object that one of them makes lives until it is closed. */
  open(executable: Executable, program: Program): PooledCalls {
    const run = new PoolRun({
      pool: this.#pool,
      // A run may come back while what it left behind is being closed.
      runId: `${++this.#programs}`,
      workflowName: executable.definition.workflow,
      graph: program.graph,
      program,
      policies: executable.policies,
      optionsAt: executable.optionsAt,
      pluginsAt: executable.pluginsAt,
      isStored: true,
    });
    return new PooledCalls(this.#pool, run, program);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#pool.close();
  }
}

/** Makes the calls of one run on the threads of a pool. */
export class PooledCalls {
  readonly #pool: WorkerPool;
  readonly #run: PoolRun;
  readonly #program: Program;

  /** Made by {@linkcode StepPool.open}. */
  constructor(pool: WorkerPool, run: PoolRun, program: Program) {
    this.#pool = pool;
    this.#run = run;
    this.#program = program;
  }

  /** Makes the call of the step at `place`. */
  call(
    place: number,
    args: unknown[],
    plugins: readonly PluginCall[],
    time: AttemptTime,
    context: TaskContext,
    carry: TraceCarry | undefined,
  ): Promise<unknown> {
    const call = this.#program.calls[place]!;
    const made = { place, call, args, plugins, time, carry, isLast: false, readsLast: () => false };
    return this.#run.call(made, context);
  }

  /** Whether a live object was lost with the thread that it lived in. */
  isLost(object: unknown): boolean {
    return object instanceof LiveHandle && !this.#pool.isAlive(object);
  }

  /** Lets go of the objects. */
  close(): void {
    void this.#run.close();
  }
}
