/**
 * Workflows that run in this process: parent of the local backend and of the pool, and of backends of one's own that only want
 * to decide where a call is made.
 *
 * @module
 */
import type { TaskContext } from "./context.ts";
import type { Execution } from "./execution/execution.ts";
import type { StepCall } from "./execution/setup.ts";
import type { AnyTaskOptions } from "./options.ts";
import { mayBecomeUnneeded, needsOf } from "./handled.ts";
import type { Run } from "./run.ts";
import { checkStart } from "./start_guard.ts";
import { BaseWorkflow } from "./workflow.ts";
import type { ResultOf, WorkflowSource } from "./workflow_options.ts";

/** What makes runs, which is loaded with the first of them. */
let loaded: typeof Execution | undefined;

/** A workflow whose nodes start as soon as what they wait for is done, scheduled by this thread. */
export abstract class InProcessWorkflow<const S extends WorkflowSource> extends BaseWorkflow<S> {
  /** Starts a run. Its events are kept, so that all of them can be read at any time. */
  async start(): Promise<Run<ResultOf<S>>> {
    checkStart(this.workflowName);
    await this.checkInput();
    await this.tracer?.prepare?.();
    const execution = await this.#execution(true);
    setTimeout(() => void execution.drive(), 0);
    // The targets that the constructor checked give the result its type.
    return execution as Run<unknown> as Run<ResultOf<S>>;
  }

  /** Runs the graph and gives its result; the events of the run are not kept. */
  override async run(): Promise<ResultOf<S>> {
    checkStart(this.workflowName);
    await this.checkInput();
    await this.tracer?.prepare?.();
    const execution = await this.#execution(false);
    await execution.drive();
    // As in start().
    return await execution.result() as ResultOf<S>;
  }

  /** Makes a call elsewhere. Without this method, calls are made in this thread. */
  protected invoke?(call: StepCall, context: TaskContext): unknown;

  /** Prepares a run before its first call. What it returns is awaited after the last call, before the run's result is known. */
  protected openRun?(runId: string): Promise<() => Promise<void>>;

  /** Hears of values that no node will read any more. */
  protected released?(value: unknown): void;

  async #execution(keepEvents: boolean): Promise<Execution> {
    loaded ??= (await import("./execution/execution.ts")).Execution;
    const { storage } = this;
    const invoke = this.invoke === undefined
      ? undefined
      : (call: StepCall, context: TaskContext) => this.invoke?.(call, context);
    return new loaded({
      program: this.program,
      workflowName: this.workflowName,
      version: this.version,
      concurrency: this.concurrency,
      policies: this.policies,
      clock: this.clock,
      hooks: this.hooks,
      managed: this.#managed(),
      optionsAt: (place) => this.optionsAt(place),
      pluginsAt: (place) => this.pluginsAt(place),
      isLogged: (place) => this.isLogged(place),
      invoke,
      open: this.openRun === undefined ? undefined : async (runId) => await this.openRun?.(runId) ?? (async () => {}),
      released: this.released === undefined ? undefined : (value) => this.released?.(value),
      openResults: storage === undefined ? undefined : async (record) => {
        const { StorageResults } = await import("./results/storage_results.ts");
        return await StorageResults.open(this.storageSetup(), storage, record);
      },
      tracer: this.tracer,
      keepEvents,
      single: this.single,
    });
  }

  /** Marks the nodes that are more than a plain call, so that the others cost no more than one. */
  #managed(): Uint8Array | undefined {
    const { size } = this.nodeGraph;
    if (this.invoke !== undefined || this.policies.length > 0) return new Uint8Array(size).fill(1);
    if (
      this.isPlain && [...this.program.tasks].every(({ options }) => options === undefined || !changesAttempts(options))
    ) {
      return undefined;
    }
    // A node that may have to be stopped, and a control node, are more than a plain call.
    let managed = this.#mayBeUnneeded();
    for (let place = 0; place < size; place++) {
      const options = this.optionsAt(place);
      if (
        options !== undefined && changesAttempts(options) || this.pluginsAt(place) !== undefined ||
        this.nodeGraph.extraAt(place)?.when !== undefined || this.nodeGraph.extraAt(place)?.control !== undefined
      ) (managed ??= new Uint8Array(size))[place] = 1;
    }
    return managed;
  }

  #mayBeUnneeded(): Uint8Array | undefined {
    const { nodeGraph } = this;
    if (!nodeGraph.hasControls) return undefined;
    return mayBecomeUnneeded(needsOf(nodeGraph, this.flatTargets, (place) => this.isLogged(place)));
  }
}

function changesAttempts({ retry, timeout, onFailure, concurrency, policies, hooks }: AnyTaskOptions): boolean {
  return retry !== undefined || timeout !== undefined || onFailure !== undefined || concurrency !== undefined ||
    hooks !== undefined || policies !== undefined && policies.length > 0;
}
