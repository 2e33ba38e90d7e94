/**
 * Workflows: a graph with all that was set on it, and how it is run. Parent of every backend.
 *
 * @module
 */
import { type BackendRun, type BackendStep, ReportedRun } from "./execution/backend_run.ts";
import { type Clock, systemClock } from "./clock.ts";
import { WorkflowDefinition } from "./definition.ts";
import { ConfigError, GraphError } from "./errors.ts";
import { type Graph, NodeGraph } from "./graph.ts";
import type { RunHooks } from "./hooks.ts";
import { checkName } from "./naming.ts";
import { ownCalls } from "./control/own_backend.ts";
import { CallNode, ItemRef, type Node } from "./node.ts";
import { describe } from "./describe.ts";
import { liveObject, StandIn } from "./stand_in.ts";
import { type AnyTaskOptions, type CacheMode, checkOptions, type Scope } from "./options.ts";
import type { Plan } from "./results/plan.ts";
import type { Plugin } from "./plugin.ts";
import type { Policy } from "./policy.ts";
import { type FlatTarget, Program } from "./program.ts";
import { Query, type QueryTarget } from "./query.ts";
import type { AnyFunction } from "./ref.ts";
import type { Run } from "./run.ts";
import type { SchemaNames } from "./schema/named_code.ts";
import type { WorkflowSchema } from "./schema/workflow_schema.ts";
import type { StorageSetup } from "./results/storage_results.ts";
import type { BaseWorkflowOptions, OptionsFor, ResultOf, WorkflowSource } from "./workflow_options.ts";
import { isOnlyTracer, joinTracers, type Tracer } from "./tracer.ts";
import { compilePattern } from "../storage/pattern.ts";
import type { TaskStorage } from "../storage/task_storage.ts";

/** What a workflow was told about one node. */
interface NodeSettings {
  options?: AnyTaskOptions;
  plugins?: Plugin<unknown>[];
  remoteArgs?: Readonly<Record<string, unknown>>;
  func?: (...args: unknown[]) => unknown;
  logged?: boolean;
}

/**
 * Parent of every backend: a graph, and all that was set on it for this workflow. `T` is what a run of the backend gives: the
 * values of the targets, where it runs them.
 */
export abstract class BaseWorkflow<const S extends WorkflowSource, T = ResultOf<S>> {
  /** Name of the workflow. */
  readonly workflowName: string;
  /**
   * The nodes and their edges, as the backends of this package see them.
   *
   * @internal
   */
  protected readonly nodeGraph: NodeGraph;
  /**
   * Where the values of the targets come from.
   *
   * @internal
   */
  protected readonly flatTargets: readonly FlatTarget[];
  /** Version of the definition, or empty. */
  protected readonly version: string;
  /** Whether the result is one target's value, and not an array. */
  protected readonly single: boolean;
  /** How many nodes may be at work at a time. */
  protected readonly concurrency: number;
  /** When a stored result stands for a new one. */
  protected readonly cache: CacheMode;
  /** Policies of the workflow. */
  protected readonly policies: readonly Policy[];
  /** What is called around each run, if anything is. */
  protected readonly hooks: RunHooks | undefined;
  /** Milliseconds that a run may take; `undefined` if there is no limit. */
  protected readonly timeout: number | undefined;
  /** Time and chance. */
  protected readonly clock: Clock;
  /** Where results are kept, if anywhere. */
  protected storage: TaskStorage | undefined;
  readonly #tracers = new Set<Tracer>();
  readonly #settings = new Map<CallNode, NodeSettings>();
  readonly #scope: Scope;
  readonly #definition: WorkflowDefinition | undefined;
  /** For each target the place of the node that must have run. */
  readonly #targetLasts: readonly number[];
  #input: unknown;
  #inputIsChecked = false;
  #program: Program | undefined;

  /**
   * Checks the graph and keeps the targets.
   *
   * @param source One node, item or instance, or an array of them (an empty one is a workflow without nodes); or a definition.
   * @throws {GraphError} On something that is not a node, duplicate names, cycles, an unusable name.
   * @throws {ConfigError} On an option that is out of range.
   */
  constructor(source: S, options: OptionsFor<S>) {
    const definition = source instanceof WorkflowDefinition ? source : undefined;
    const given: BaseWorkflowOptions & { readonly workflowName?: string; readonly input?: unknown } = options ?? {};
    const {
      workflowName = definition?.name ?? "",
      scope = definition?.options.scope ?? "ancestors",
      concurrency = 16,
      cache = definition?.options.cache ?? "name",
      policies = definition?.options.policies ?? [],
      hooks = definition?.options.hooks,
      timeout = definition?.options.timeout,
      clock = systemClock,
      input,
    } = given;
    checkName(workflowName, "workflow");
    if (!(Number.isInteger(concurrency) && concurrency >= 1 || concurrency === Infinity)) {
      throw new ConfigError(
        `Option \`concurrency\` of workflow \`${workflowName}\` is ${concurrency}; it must be a whole number of at least 1.`,
        { workflow: workflowName },
      );
    }
    if (scope !== "ancestors" && scope !== "descendants") {
      throw new ConfigError(
        `Option \`scope\` of workflow \`${workflowName}\` is ${
          String(scope)
        }; it must be "ancestors" or "descendants".`,
        { workflow: workflowName },
      );
    }
    checkOptions(timeout === undefined ? { cache } : { cache, timeout }, `workflow \`${workflowName}\``);
    this.workflowName = workflowName;
    this.#scope = scope;
    this.version = definition?.version ?? "";
    this.#definition = definition;
    this.#input = input;
    this.concurrency = concurrency;
    this.cache = cache;
    this.policies = policies;
    if (hooks !== undefined) checkOptions({ hooks }, `workflow \`${workflowName}\``);
    this.hooks = hooks;
    this.timeout = timeout;
    this.clock = clock;
    const targets: unknown = definition === undefined ? source : definition.targets();
    this.single = !Array.isArray(targets);
    const refs = (Array.isArray(targets) ? targets : [targets]).map((target) => targetOf(target, workflowName));
    try {
      this.nodeGraph = new NodeGraph(refs.flatMap(({ value, last }) => [value, last]), scope);
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      throw new GraphError(`Workflow \`${workflowName}\`: ${error.message}`, {
        cause: error,
        workflow: workflowName,
        ...(error.node === undefined ? {} : { node: error.node }),
      });
    }
    this.nodeGraph.stamp();
    this.flatTargets = refs.map(({ value, item }) => ({ place: value.index, item }));
    this.#targetLasts = refs.map(({ last }) => last.index);
    for (const plugin of definition?.options.plugins ?? []) this.setPlugin(undefined, plugin);
  }

  /**
   * The graph made flat, with the functions that this workflow calls.
   *
   * @internal
   */
  protected get program(): Program {
    return this.#program ??= this.programWith(this.#input);
  }

  /**
   * The graph made flat for another value of the definition's input.
   *
   * @internal
   */
  protected programWith(input: unknown): Program {
    const replaced = new Map<CallNode, (...args: unknown[]) => unknown>();
    for (const [node, { func }] of this.#settings) if (func !== undefined) replaced.set(node, func);
    return new Program(this.nodeGraph, this.flatTargets, replaced, input);
  }

  /**
   * Has the definition's schema check the input, once.
   *
   * @throws {ConfigError} If the schema refuses it.
   */
  protected async checkInput(): Promise<void> {
    if (this.#inputIsChecked || this.#definition === undefined) return;
    this.#input = await this.checkedInput(this.#input);
    this.#inputIsChecked = true;
    this.#program = undefined;
  }

  /**
   * An input as the definition's schema gives it back; as it is, where there is no schema.
   *
   * @throws {ConfigError} If the schema refuses it.
   */
  protected async checkedInput(input: unknown): Promise<unknown> {
    return this.#definition === undefined ? input : await this.#definition.checkInput(input);
  }

  /**
   * Plugins of every node, as the definition names them.
   *
   * @internal
   */
  protected get definitionPlugins(): readonly Plugin<unknown>[] {
    return this.#definition?.options.plugins ?? [];
  }

  /** The nodes and their edges, by name. */
  get graph(): Graph {
    return this.nodeGraph;
  }

  /** The nodes that wait for no other, in topological order. */
  findRoots(): Node<unknown>[] {
    const { start } = this.nodeGraph.parents();
    return this.nodeGraph.members.filter((_, place) => start[place] === start[place + 1]);
  }

  /** Pairs of name and node, in topological order; the same order every time. */
  graphTraversal(): Generator<[name: string, node: Node<unknown>]> {
    return this.nodeGraph.entries();
  }

  /**
   * The nodes whose whole name matches, in topological order.
   *
   * @param pattern A glob or a `RegExp`; without one, all nodes.
   * @throws {ConfigError} If the pattern is not a glob or a `RegExp`.
   */
  findNodes(pattern?: string | RegExp): Node<unknown>[] {
    return this.#matching(pattern);
  }

  /** The nodes that match, to set things on them. */
  query(pattern?: string | RegExp): Query {
    const target: QueryTarget = {
      setOptionsOf: (node, options) => {
        checkOptions(options, `node \`${node.name}\``);
        const settings = this.#settingsOf(node);
        settings.options = { ...settings.options, ...options };
      },
      setPluginOf: (node, plugin) => {
        if (plugin.tracer !== undefined) this.setTracer(plugin.tracer);
        if (!isOnlyTracer(plugin)) (this.#settingsOf(node).plugins ??= []).push(plugin);
      },
      setRemoteArgsOf: (node, args) => {
        const settings = this.#settingsOf(node);
        settings.remoteArgs = { ...settings.remoteArgs, ...args };
      },
    };
    return new Query(target, this.findNodes(pattern));
  }

  /** Calls another function for one node, in this workflow only. For a method, `this` is the object. */
  replaceFunc<T>(node: Node<T>, fn: (...args: never[]) => T | Promise<T>): void {
    if (typeof fn !== "function") {
      throw new GraphError(`replaceFunc() of node \`${node.name}\` was given ${describe(fn)}; it takes a function.`);
    }
    if (node instanceof CallNode && node.extra?.control !== undefined) {
      throw new GraphError(
        `replaceFunc() of node \`${node.name}\`: ${node.extra.control.kind}() makes no call that could be another one.`,
        { node: node.name },
      );
    }
    // The node's arguments were checked against the function that this one replaces.
    this.#settingsOf(node).func = fn as AnyFunction as (...args: unknown[]) => unknown;
    this.#program = undefined;
  }

  /** Keeps results in `storage` from the next run on; `undefined` keeps none. */
  setStorage(storage: TaskStorage | undefined): void {
    this.storage = storage;
  }

  /** Hears of the runs of this workflow, if anybody does. */
  protected get tracer(): Tracer | undefined {
    return this.#tracers.size === 0 ? undefined : joinTracers([...this.#tracers]);
  }

  /** Adds a tracer, which hears of every run of this workflow from the next one on. */
  setTracer(tracer: Tracer): void {
    this.#tracers.add(tracer);
  }

  /** Adds a plugin to the nodes that match. */
  setPlugin<S>(pattern: string | RegExp | undefined, plugin: Plugin<S>): void {
    this.query(pattern).setPlugin(plugin);
  }

  /** Nodes that match always run, and are never stored. */
  logNodes(pattern?: string | RegExp): void {
    for (const node of this.#matching(pattern)) this.#settingsOf(node).logged = true;
  }

  /**
   * What a run would do now, node by node, and why.
   *
   * @param options With `verify` every stored value is read and checked, not just its header. Default: `false`.
   */
  async plan(options: { readonly verify?: boolean } = {}): Promise<Plan> {
    await this.checkInput();
    const { planOf } = await import("./results/storage_results.ts");
    return await planOf(this.storageSetup(), options);
  }

  /**
   * The workflow as plain data, with the options that were set on it: its name and version, its steps with their tasks, arguments, edges and
   * options, and its targets. Tracers and storages are not part of it.
   *
   * @param names The names of what is code in it, beside tasks. Default: none, and such code is refused.
   * @throws {SerializationError} If something of it can not be said as data and has no name; the message names the node and the option.
   */
  async toSchema(names: SchemaNames = {}): Promise<WorkflowSchema> {
    const { schemaOf } = await import("./schema/graph_schema.ts");
    const { workflowName, version, nodeGraph, single, timeout, policies, hooks } = this;
    const definition = this.#definition;
    return schemaOf({
      workflow: workflowName,
      version,
      graph: nodeGraph,
      scope: this.#scope,
      targets: this.flatTargets.map((target, i) => ({ ...target, last: this.#targetLasts[i]! })),
      single,
      cache: definition?.options.cache !== undefined || this.cache !== "name" ? this.cache : undefined,
      timeout,
      policies,
      hooks,
      definition,
      optionsAt: (place) => this.optionsAt(place),
      settingAt: (place) => this.#settingAt(place),
    }, names);
  }

  /** The workflow as YAML, for `fromYaml()` and for people to read. See {@linkcode BaseWorkflow.toSchema}. */
  async toYaml(names: SchemaNames = {}): Promise<string> {
    const { yamlOf } = await import("./schema/yaml_text.ts");
    return yamlOf(await this.toSchema(names));
  }

  /** What was set on a node for this workflow, and is not an option; `undefined` if nothing was. */
  #settingAt(place: number): string | undefined {
    const settings = this.#settings.get(this.nodeGraph.members[place]!);
    if (settings === undefined) return undefined;
    const { plugins, remoteArgs, func, logged } = settings;
    if (func !== undefined) return "another function by replaceFunc()";
    if (logged === true) return "been logged by logNodes()";
    if (remoteArgs !== undefined) return "remote arguments by setRemoteArgs()";
    const ofDefinition = (this.#definition?.options.plugins ?? []).filter((plugin) => !isOnlyTracer(plugin));
    return plugins?.every((plugin, i) => plugin === ofDefinition[i]) === false ? "plugins by setPlugin()" : undefined;
  }

  /** Starts a run. A backend makes it with {@linkcode BaseWorkflow.newRun}, which gives status, events and `cancel()`. */
  abstract start(): Promise<Run<T>>;

  /** The nodes as a backend of one's own runs them, in topological order; for a definition, after `checkInput()`. */
  protected steps(): BackendStep[] {
    const { program, nodeGraph } = this;
    const { start, list } = nodeGraph.parents();
    return nodeGraph.members.map((_, place) => ({
      name: nodeGraph.names.at(place),
      place,
      parents: [...list.subarray(start[place], start[place + 1])],
      options: this.optionsAt(place),
      plugins: this.pluginsAt(place) ?? [],
      remoteArgs: this.remoteArgsAt(place),
      ...ownCalls(program, place, async (wait) => {
        const { waitInProcess } = await import("./execution/own_waits.ts");
        return await waitInProcess(wait, nodeGraph.names.at(place), {
          workflowName: this.workflowName,
          clock: this.clock,
        });
      }),
    }));
  }

  /**
   * A run that goes on by itself.
   *
   * @param work Runs the steps, one after another or as it likes, tells the run what becomes of each, and returns the values by
   *   place. It stops early when the run's `stopSignal` is aborted.
   */
  protected newRun(work: (run: BackendRun) => Promise<readonly unknown[]>): Run<T> {
    const { program, workflowName, version, clock, timeout, hooks, single, tracer } = this;
    const run = new ReportedRun({ program, workflowName, version, clock, timeout, hooks, single, tracer });
    const prepared = async (run: BackendRun): Promise<readonly unknown[]> => {
      await tracer?.prepare?.();
      return await work(run);
    };
    setTimeout(() => void run.drive(prepared), 0);
    // The targets that the constructor checked give the result its type.
    return run as Run<unknown> as Run<T>;
  }

  /**
   * Starts a run and waits for its result: the value of a single target, or an array of values in the order of the targets.
   *
   * @throws {StepFailedError} The first failure, after everything that does not hang on it is done and stored.
   */
  async run(): Promise<T> {
    return await (await this.start()).result();
  }

  /**
   * What decides which nodes run.
   *
   * @internal
   */
  protected storageSetup(): StorageSetup {
    const { workflowName, storage, cache, program } = this;
    return {
      workflowName,
      storage,
      cache,
      program,
      optionsAt: (place) => this.optionsAt(place),
      isLogged: (place) => this.isLogged(place),
      funcAt: (place) => {
        const node = this.nodeGraph.members[place]!;
        return this.#settings.get(node)?.func ?? node.site.task.call;
      },
      wholeGraph: this.#scope === "descendants",
    };
  }

  /** Whether nothing was said about any single node, so that its task says all. */
  protected get isPlain(): boolean {
    return this.#settings.size === 0 && !this.nodeGraph.hasExtras;
  }

  /** Options of a node in this workflow, or `undefined` if it has none. */
  protected optionsAt(place: number): AnyTaskOptions | undefined {
    const node = this.nodeGraph.members[place]!;
    // A node that makes no call has none that could be said of it.
    if (this.nodeGraph.hasControls && node.site.task.kind === "control") return undefined;
    const own = this.nodeGraph.extraAt(place)?.options ?? node.site.task.options;
    const set = this.#settings.size === 0 ? undefined : this.#settings.get(node)?.options;
    return set === undefined ? own : { ...own, ...set };
  }

  /** Plugins of a node in this workflow, or `undefined` if it has none. */
  protected pluginsAt(place: number): readonly Plugin<unknown>[] | undefined {
    const node = this.nodeGraph.members[place]!;
    if (this.#settings.size === 0 || node.site.task.kind === "control") return undefined;
    return this.#settings.get(node)?.plugins;
  }

  /** What the backend was told about a node. */
  protected remoteArgsAt(place: number): Readonly<Record<string, unknown>> {
    return this.#settings.get(this.nodeGraph.members[place]!)?.remoteArgs ?? {};
  }

  /** Whether a node always runs and is never stored. */
  protected isLogged(place: number): boolean {
    return this.#settings.size > 0 && this.#settings.get(this.nodeGraph.members[place]!)?.logged === true;
  }

  #matching(pattern: string | RegExp | undefined): CallNode[] {
    if (pattern === undefined) return [...this.nodeGraph.members];
    const matches = compilePattern(pattern);
    return this.nodeGraph.members.filter((_, place) => matches(this.nodeGraph.names.at(place)));
  }

  #settingsOf(node: Node<unknown>): NodeSettings {
    if (!(node instanceof CallNode) || this.nodeGraph.placeOf(node) === undefined) {
      throw new GraphError(`Node \`${String(node?.name)}\` is not in workflow \`${this.workflowName}\`.`, {
        workflow: this.workflowName,
      });
    }
    let settings = this.#settings.get(node);
    if (settings === undefined) this.#settings.set(node, settings = {});
    return settings;
  }
}

/** A target: where its value comes from, which part of it, and the node that must have run. */
function targetOf(
  target: unknown,
  workflowName: string,
): { readonly value: CallNode; readonly item: ItemRef | undefined; readonly last: CallNode } {
  if (target instanceof CallNode) return { value: target, item: undefined, last: target };
  if (target instanceof ItemRef) return { value: target.node, item: target, last: target.node };
  if (target instanceof StandIn) {
    return { value: target[liveObject].maker, item: undefined, last: target[liveObject].last };
  }
  throw new GraphError(
    `Workflow \`${workflowName}\` was given ${describe(target)} as a target; ` +
      `a target is a node, an item of a node or an instance, as tasks return them.`,
    { workflow: workflowName },
  );
}
