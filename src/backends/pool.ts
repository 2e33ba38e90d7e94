/**
 * The pool: a graph whose calls are made by Web Workers.
 *
 * @module
 */
import type { TaskContext } from "../context.ts";
import type { Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError, GraphError } from "../errors.ts";
import type { StepCall } from "../execution/setup.ts";
import { InProcessWorkflow, type NestedOptions } from "../in_process.ts";
import type { Node } from "../node.ts";
import type { OptionsFor, WorkflowSource } from "../workflow_options.ts";
import { LiveHandle } from "../pool/live_handle.ts";
import { type PoolLimits, poolLimits, type PoolOptions } from "../pool/pool_options.ts";
import type { PoolRun } from "../pool/pool_run.ts";
import type { WorkerPool } from "../pool/worker_pool.ts";

export type { PoolOptions };

/** The options of a {@linkcode PoolWorkflow}, by what it is made from. */
export type PoolOptionsFor<S extends WorkflowSource> = OptionsFor<S> & PoolOptions;

/**
 * Runs a graph on Web Workers, for functions that keep a core busy. Order, retries, policies, storage and timeouts are as in
 * {@linkcode LocalWorkflow}; only the calls are made elsewhere.
 *
 * A worker finds a task by the module that called `task()` and its order there, and imports that module again: make tasks at
 * the top level of a module, and start workflows behind `import.meta.main`. It inherits the permissions of the process, and
 * needs to read the modules.
 *
 * Arguments and results are passed by structured clone. Large arrays are copied once, or moved where that is safe; a task with
 * `transfer: true` promises that its function keeps no reference to what it returns. Functions, symbols and instances of classes
 * other than `NdArray` are refused, because they would not arrive as they are.
 *
 * An instance lives in one worker, and calls on it are made there; it can not be a target. A plugin with `remoteInitialize` is
 * found like a task: one of the package's classes at the top level of a module, or anything given to `definePlugin()` there.
 *
 * A synchronous function past its `timeout` is stopped; asynchronous code hears of it through the signal. A worker that crashes or
 * ends is replaced, and its nodes fail with a {@linkcode WorkerLostError}, which retries see. The workers end with the last run.
 *
 * @example
 * ```ts ignore
 * import { PoolWorkflow, task } from "@fusewire/fusewire";
 *
 * const sumOfRoots = task(function sumOfRoots(from: number, to: number) {
 *   let sum = 0;
 *   for (let n = from; n < to; n++) sum += Math.sqrt(n);
 *   return sum;
 * });
 *
 * if (import.meta.main) {
 *   const parts = [sumOfRoots(0, 1e8), sumOfRoots(1e8, 2e8)];
 *   console.log(await new PoolWorkflow(parts, { workflowName: "roots", workers: 2 }).run());
 * }
 * ```
 */
export class PoolWorkflow<const S extends WorkflowSource> extends InProcessWorkflow<S> {
  readonly #limits: PoolLimits;
  readonly #runs = new Map<string, PoolRun>();
  #pool: WorkerPool | undefined;
  /** Whether another run is open on the pool as long as one of this workflow is. */
  #isNested = false;

  /**
   * Checks the graph and the options.
   *
   * @param source Nodes, or a definition.
   * @throws {GraphError} On something that is not a node, duplicate names, cycles, an unusable name.
   * @throws {ConfigError} On an option that can not be used.
   */
  constructor(source: S, options: PoolOptionsFor<S>) {
    const given: PoolOptions = options ?? {};
    const { workers = navigator.hardwareConcurrency, maxPendingTasks = 2 * workers } = given;
    // Calls that wait for the worker of their object must not keep others from the rest.
    super(source, { concurrency: Math.max(16, 2 * maxPendingTasks) || 16, ...options });
    this.#limits = poolLimits(given, (option, value) =>
      new ConfigError(
        `Option \`${option}\` of workflow \`${this.workflowName}\` is ${value}; it must be a whole number of at least 1.`,
        { workflow: this.workflowName },
      ));
  }

  /**
   * Refused: a worker finds functions by the task that they were given to, and a replacement is none.
   *
   * @throws {GraphError} Always.
   */
  override replaceFunc<T>(node: Node<T>, _fn: (...args: never[]) => T | Promise<T>): void {
    throw new GraphError(
      `Node \`${node.name}\` of workflow \`${this.workflowName}\` can not have its function replaced on a pool, because workers ` +
        "find functions by their task; build the node with another task, or use LocalWorkflow.",
      { workflow: this.workflowName, node: node.name },
    );
  }

  /** Has workers for a run, and what closes them after it. */
  protected override async openRun(runId: string): Promise<() => Promise<void>> {
    const [{ WorkerPool }, { PoolRun }] = await Promise.all([
      import("../pool/worker_pool.ts"),
      import("../pool/pool_run.ts"),
    ]);
    const pool = this.#pool ??= new WorkerPool(this.#limits);
    const run = new PoolRun({
      pool,
      runId,
      workflowName: this.workflowName,
      graph: this.nodeGraph,
      program: this.program,
      policies: this.policies,
      optionsAt: (place) => this.optionsAt(place),
      pluginsAt: (place) => this.pluginsAt(place),
      isStored: this.storage !== undefined,
    });
    this.#runs.set(runId, run);
    return async () => {
      this.#runs.delete(runId);
      if (this.#runs.size === 0) this.#pool = undefined;
      await run.close();
    };
  }

  /** Makes a call on a worker. */
  protected override invoke(call: StepCall, context: TaskContext): unknown {
    return this.#runs.get(context.runId)?.call(this.#isNested ? { ...call, isLast: false } : call, context);
  }

  /**
   * A workflow whose calls are made by the same workers.
   *
   * @internal
   */
  protected override nested(
    definition: WorkflowDefinition,
    options: NestedOptions,
  ): InProcessWorkflow<Definition<unknown, unknown>> {
    const workflow: PoolWorkflow<Definition<unknown, unknown>> = new PoolWorkflow(definition, {
      ...options,
      ...this.#limits,
    });
    workflow.#pool = this.#pool;
    workflow.#isNested = true;
    return workflow;
  }

  /** Lets go of an instance that nobody will use any more. */
  protected override released(value: unknown): void {
    if (value instanceof LiveHandle) this.#pool?.release(value);
  }
}
