/**
 * Executables: all that a worker needs to know of a graph to run durable runs of it.
 *
 * @module
 */
import { sha256Hex } from "../../storage/digest.ts";
import type { DefinitionRecord, NewRun } from "../../storage/runtime/records.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import { type Control, isWaiting } from "../control/control.ts";
import { signalNames } from "../control/signal_names.ts";
import type { NodeGraph } from "../graph.ts";
import { needsOf } from "../handled.ts";
import type { RunHooks } from "../hooks.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Plugin } from "../plugin.ts";
import type { Policy } from "../policy.ts";
import type { Program } from "../program.ts";
import { InputRef } from "../input.ts";
import { childrenOf, type StepChild } from "./step_children.ts";
import { type CallNode, nodeBehind, parentOf } from "../node.ts";
import type { Tracer } from "../tracer.ts";
import { DeepArg, LiveArg } from "../stand_in.ts";
import { BaseWorkflow } from "../workflow.ts";
import type { WorkflowSource } from "../workflow_options.ts";
import type { RunShape } from "./run_state.ts";

/** The queue of runs for which none was named. */
export const DEFAULT_QUEUE = "default";

/** A graph as a worker sees it. It holds no state of a run, so that any number of runs can use it. */
export interface Executable {
  /** What is kept of it: names, edges, targets, and the hash that tells graphs apart. */
  readonly definition: DefinitionRecord;
  /** The graph itself. */
  readonly graph: NodeGraph;
  /** What the rules of the engine need to know. */
  readonly shape: RunShape;
  /** The place of the node that made the live object which a step uses; −1 where it uses none. */
  readonly makers: Int32Array;
  /** 1 where a result that was made from the same may stand for the step; `undefined` where that is so of none. */
  readonly cached: Uint8Array | undefined;
  /** The places of the steps that have plugins. */
  readonly plugged: readonly number[];
  /** The places of the steps whose hooks are called around the run too. */
  readonly hooked: readonly number[];
  /** What is called around the run itself; `undefined` if nothing is. */
  readonly hooks: RunHooks | undefined;
  /** The queue of its runs. */
  readonly queue: string;
  /** The queue that its definition names, if it does. */
  readonly ownQueue: string | undefined;
  /** How many steps may be at work at a time. */
  readonly limit: number;
  /** The steps that wait for runs of their own. */
  readonly children: readonly StepChild[];
  /** Policies of the workflow. */
  readonly policies: readonly Policy[];
  /** Milliseconds that a run may take; `undefined` if there is no limit. */
  readonly timeout: number | undefined;
  /** Hears of its runs; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Options of a step, or `undefined` if it has none. */
  optionsAt(place: number): AnyTaskOptions | undefined;
  /** Plugins of a step, or `undefined` if it has none. */
  pluginsAt(place: number): readonly Plugin<unknown>[] | undefined;
  /** The graph made flat, for the input of one run. */
  programFor(input: unknown): Program;
  /** Whether the step at `place` waits for a run. */
  hasChild(place: number): boolean;
  /** What the run needs that the step at `place` waits for. */
  childAt(place: number): Executable;
  /** The same for one run: that of a map's items has steps for as many as there are, with names of their own. */
  ofRun(run: Pick<NewRun, "size" | "parent">): Executable;
}

/** How an executable is made. */
export interface CompileOptions {
  /** The queue that the definition names. */
  readonly queue?: string | undefined;
  /** How many steps may be at work at a time. Default: as many as there is room for. */
  readonly limit?: number;
  /** Hears of the runs, in place of those that were set on the workflow. */
  readonly tracer?: Tracer | undefined;
  /** The steps that wait for runs of their own, where they are known. */
  readonly children?: readonly StepChild[] | undefined;
}

/** Parent of the workflows that the engine can run. */
export abstract class DurableWorkflow<const S extends WorkflowSource> extends BaseWorkflow<S> {
  /**
   * The graph as a worker sees it, with what was set on the workflow so far.
   *
   * @internal
   */
  protected executable(
    { queue, limit = Infinity, tracer = this.tracer, children: known }: CompileOptions = {},
  ): Executable {
    const { nodeGraph, workflowName: workflow, version } = this;
    const { size } = nodeGraph;
    const pure = new Uint8Array(size);
    const bound = new Uint8Array(size).fill(limit === Infinity ? 0 : 1);
    const waits = new Uint8Array(size);
    const makers = new Int32Array(size).fill(-1);
    const plugged: number[] = [];
    let cached: Uint8Array | undefined;
    const hooked: number[] = [];
    nodeGraph.stamp();
    for (let place = 0; place < size; place++) {
      const node = nodeGraph.members[place]!;
      const options = this.optionsAt(place);
      const receiver = nodeGraph.extraAt(place)?.receiver;
      if (receiver !== undefined) makers[place] = receiver.index;
      else if (node.site.task.kind === "class") makers[place] = place;
      if (this.pluginsAt(place) !== undefined) plugged.push(place);
      const isCached = (options?.cache ?? this.cache) === "content" && !this.isLogged(place);
      if (isCached && node.site.task.kind === "function") (cached ??= new Uint8Array(size))[place] = 1;
      // Such hooks are called by the run's holder, where what they have made ready is.
      const isHooked = options?.hooks?.beforeAll !== undefined || options?.hooks?.afterAll !== undefined;
      if (isHooked) hooked.push(place);
      const control = nodeGraph.extraAt(place)?.control;
      const isControl = control !== undefined;
      if (isControl && isWaiting(control)) waits[place] = 1;
      else if (isControl || options?.pure === true && makers[place]! < 0) pure[place] = 1;
      if (
        makers[place]! >= 0 || options?.concurrency !== undefined || options?.rateLimit !== undefined ||
        this.pluginsAt(place) !== undefined || isControl || isHooked || this.hooks !== undefined ||
        isGivenObject(node) || nodeGraph.extraAt(place)?.when !== undefined
      ) bound[place] = 1;
    }
    const parents = nodeGraph.parents();
    const targets = this.flatTargets.map(({ place, item }) => ({ place, path: (item?.path ?? []).map(pathKey) }));
    const steps = nodeGraph.nodes();
    const edges = steps.map((_, place) => [...parents.list.subarray(parents.start[place], parents.start[place + 1])]);
    const tasks = nodeGraph.members.map((node) => node.site.task.base);
    const { single } = this;
    const children = known ?? childrenOf(nodeGraph, {
      name: workflow,
      version,
      policies: this.policies,
      plugins: this.definitionPlugins,
      cache: this.cache,
      tracer,
    });
    const childPlaces = new Map(children.map((child) => [child.place, child]));
    const controls = controlsOf(nodeGraph, children);
    const signals = signalNames(nodeGraph) ?? null;
    const schema = sha256Hex(
      JSON.stringify([
        "fusewire/schema/1",
        steps,
        tasks,
        edges,
        targets,
        single,
        ...controls.length > 0 ? [controls] : [],
      ]),
    ).slice(0, 32);
    return {
      definition: {
        workflow,
        version,
        schema,
        steps,
        parents: edges,
        targets,
        single,
        ...signals?.length === 0 ? {} : { signals },
        ...children.length === 0 ? {} : { children: children.map(({ place, of }) => ({ place, of })) },
      },
      graph: nodeGraph,
      shape: { ...needsOf(nodeGraph, targets), size, pure, bound, waits, targets: targets.map(({ place }) => place) },
      makers,
      cached,
      plugged,
      hooked,
      hooks: this.hooks,
      queue: queue ?? DEFAULT_QUEUE,
      ownQueue: queue,
      limit,
      children,
      policies: this.policies,
      timeout: this.timeout,
      tracer,
      optionsAt: (place) => this.optionsAt(place),
      pluginsAt: (place) => this.pluginsAt(place),
      programFor: (input) => this.programWith(input),
      hasChild: (place) => childPlaces.has(place),
      childAt: (place) => childAt(childPlaces, place),
      ofRun(this: Executable) {
        return this;
      },
    };
  }
}

function childAt(children: ReadonlyMap<number, StepChild>, place: number): Executable {
  const child = children.get(place);
  if (child === undefined) throw new TypeError(`The step at ${place} waits for no run.`);
  return child.executable();
}

/** What of control nodes and cases is not told by edges and tasks. */
function controlsOf(graph: NodeGraph, children: readonly StepChild[]): unknown[] {
  const schemas = new Map(children.map(({ place, schema }) => [place, schema]));
  const joins = graph.joins();
  if (joins === undefined) return [];
  return graph.members.flatMap((node, place) => {
    const { control, when = [] } = graph.extraAt(place) ?? {};
    const inCases = when.flatMap(({ on, inCase, inLoop }) => {
      if (inCase === undefined && inLoop !== true) return [];
      const from = on instanceof InputRef ? on.path.map(pathKey) : parentOf(on).index;
      return [inCase === undefined ? [from] : [from, inCase]];
    });
    if (control === undefined && inCases.length === 0) return [];
    const edges = joins.get(place);
    const takes = edges === undefined ? [] : [[...edges.data], [...edges.strict]];
    const child = schemas.get(place);
    const given = control === undefined ? [] : givenTo(node, control);
    return [[place, control?.kind ?? "", takes, given, inCases, ...child === undefined ? [] : [child]]];
  });
}

/** What of one control node is not told by what it takes. */
function givenTo(node: CallNode, control: Control): unknown[] {
  switch (control.kind) {
    case "branch":
      return control.cases.map((name, i) => [name, nodeBehind(node.argumentAt(i + 1))?.index ?? -1]);
    case "repeatUntil":
      return [control.onLimit];
    case "optional":
    case "anyOf":
    case "initial":
    case "gather":
    case "sleep":
    case "waitForSignal":
    case "subWorkflow":
    case "map":
      return [];
  }
}

/** Whether a live object is among the arguments of a step, which then stays where the object is. */
function isGivenObject(node: CallNode): boolean {
  for (let i = 0; i < node.argumentCount; i++) {
    const arg = node.argumentAt(i);
    if (arg instanceof LiveArg || arg instanceof DeepArg && arg.refs.some((ref) => ref instanceof LiveArg)) return true;
  }
  return false;
}

function pathKey(key: PropertyKey): string | number {
  return typeof key === "symbol" ? String(key) : key;
}

/** A definition as a workflow, so that it is compiled like one. It makes no runs by itself. */
class DefinitionWorkflow extends DurableWorkflow<Definition<unknown, unknown>> {
  constructor(definition: WorkflowDefinition) {
    super(definition, { input: undefined });
  }

  override start(): Promise<never> {
    throw new TypeError("The runtime starts runs of definitions.");
  }

  /** See {@linkcode executableOf}. */
  compile(options: CompileOptions): Executable {
    return this.executable(options);
  }
}

/** Compiles a definition anew. */
export function compile(definition: WorkflowDefinition, options: CompileOptions): Executable {
  return new DefinitionWorkflow(definition).compile(options);
}

const compiled = new WeakMap<WorkflowDefinition, Executable>();

/**
 * The executable of a definition; its graph is built once.
 *
 * @throws {ConfigError} If it was not made by `defineWorkflow()`.
 * @throws {GraphError} If its graph can not be built.
 */
export function executableOf(definition: Definition<never, unknown>): Executable {
  if (!(definition instanceof WorkflowDefinition)) {
    throw new ConfigError("A runtime runs definitions as defineWorkflow() returns them, and was given something else.");
  }
  let executable = compiled.get(definition);
  if (executable === undefined) {
    compiled.set(definition, executable = compile(definition, { queue: definition.options.queue }));
  }
  return executable;
}
