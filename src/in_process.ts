/**
 * Workflows that run in this process: parent of the local backend and of the pool, and of backends of one's own that only want
 * to decide where a call is made.
 *
 * @module
 */
import { nameWithin } from "../storage/names.ts";
import type { TaskContext } from "./context.ts";
import type { Execution } from "./execution/execution.ts";
import type { Clock } from "./clock.ts";
import type { Definition, WorkflowDefinition } from "./definition.ts";
import type { NestOptions, StepCall } from "./execution/setup.ts";
import type { SharedRoom } from "./execution/shared_room.ts";
import type { AnyTaskOptions, CacheMode } from "./options.ts";
import { mayBecomeUnneeded, needsOf } from "./handled.ts";
import type { Run } from "./run.ts";
import type { StorageSetup } from "./results/storage_results.ts";
import { checkStart } from "./start_guard.ts";
import { BaseWorkflow } from "./workflow.ts";
import type { ResultOf, WorkflowSource } from "./workflow_options.ts";

/** What makes runs, which is loaded with the first of them. */
let loaded: typeof Execution | undefined;

/** A workflow whose nodes start as soon as what they wait for is done, scheduled by this thread. */
export abstract class InProcessWorkflow<const S extends WorkflowSource> extends BaseWorkflow<S> {
  /** The name under which results are stored, if it is another: two nodes may wait for runs of the same definition. */
  #storedAs: string | undefined;

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

  /**
   * A workflow of another definition on the same backend, for a node of this one that waits for a run of it.
   *
   * @internal
   */
  protected nested(
    definition: WorkflowDefinition,
    options: NestedOptions,
  ): InProcessWorkflow<Definition<unknown, unknown>> {
    return new NestedWorkflow(definition, options);
  }

  /**
   * What decides which nodes run.
   *
   * @internal
   */
  protected override storageSetup(): StorageSetup {
    const setup = super.storageSetup();
    return this.#storedAs === undefined ? setup : { ...setup, workflowName: this.#storedAs };
  }

  async #nest(
    definition: WorkflowDefinition,
    input: unknown,
    { id, node, concurrency, room }: NestOptions,
    keepEvents: boolean,
  ): Promise<Execution> {
    const workflow = this.nested(definition, {
      input,
      concurrency: Math.min(concurrency, this.concurrency),
      clock: this.clock,
      cache: definition.options.cache ?? this.cache,
    });
    workflow.setStorage(this.storage);
    workflow.#storedAs = nameWithin(this.#storedAs ?? this.workflowName, node);
    if (this.tracer !== undefined) workflow.setTracer(this.tracer);
    await workflow.checkInput();
    return await workflow.#execution(keepEvents, { id, room });
  }

  /** The slots that a run shares with those that its nodes wait for, if there are such nodes. */
  async #newRoom(): Promise<SharedRoom | undefined> {
    const { nodeGraph, concurrency } = this;
    if (!nodeGraph.hasControls || concurrency === Infinity) return undefined;
    const isShared = nodeGraph.members.some(({ extra }) =>
      extra?.control?.kind === "map" || extra?.control?.kind === "subWorkflow"
    );
    return isShared ? new (await import("./execution/shared_room.ts")).SharedRoom(concurrency) : undefined;
  }

  async #execution(
    keepEvents: boolean,
    child?: { readonly id: string; readonly room: SharedRoom | undefined },
  ): Promise<Execution> {
    loaded ??= (await import("./execution/execution.ts")).Execution;
    const { storage } = this;
    const invoke = this.invoke === undefined
      ? undefined
      : (call: StepCall, context: TaskContext) => this.invoke?.(call, context);
    return new loaded({
      program: this.program,
      id: child?.id,
      room: child?.room ?? await this.#newRoom(),
      nest: (definition, input, options) => this.#nest(definition, input, options, keepEvents),
      workflowName: this.workflowName,
      version: this.version,
      concurrency: this.concurrency,
      policies: this.policies,
      plugins: this.definitionPlugins,
      timeout: this.timeout,
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

/** How a workflow within another is made. */
export interface NestedOptions {
  /** Input of its run. */
  readonly input: unknown;
  /** How many of its nodes may be at work at a time. */
  readonly concurrency: number;
  /** Time and chance. */
  readonly clock: Clock;
  /** When a stored result stands for a new one. */
  readonly cache: CacheMode;
}

/** A workflow within another whose calls are made in this thread. */
export class NestedWorkflow extends InProcessWorkflow<Definition<unknown, unknown>> {}

function changesAttempts(
  { retry, timeout, onFailure, concurrency, rateLimit, policies, hooks }: AnyTaskOptions,
): boolean {
  return retry !== undefined || timeout !== undefined || onFailure !== undefined || concurrency !== undefined ||
    rateLimit !== undefined || hooks !== undefined || policies !== undefined && policies.length > 0;
}
