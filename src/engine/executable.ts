/**
 * Executables: all that a worker needs to know of a graph to run durable runs of it.
 *
 * @module
 */
import { sha256Hex } from "../../storage/digest.ts";
import type { DefinitionRecord } from "../../storage/runtime/records.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import type { NodeGraph } from "../graph.ts";
import { needsOf } from "../handled.ts";
import type { RunHooks } from "../hooks.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Plugin } from "../plugin.ts";
import type { Policy } from "../policy.ts";
import type { Program } from "../program.ts";
import { InputRef } from "../input.ts";
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
  /** The places of the steps that have plugins. */
  readonly plugged: readonly number[];
  /** The places of the steps whose hooks are called around the run too. */
  readonly hooked: readonly number[];
  /** What is called around the run itself; `undefined` if nothing is. */
  readonly hooks: RunHooks | undefined;
  /** The queue of its runs. */
  readonly queue: string;
  /** Policies of the workflow. */
  readonly policies: readonly Policy[];
  /** Hears of its runs; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Options of a step, or `undefined` if it has none. */
  optionsAt(place: number): AnyTaskOptions | undefined;
  /** Plugins of a step, or `undefined` if it has none. */
  pluginsAt(place: number): readonly Plugin<unknown>[] | undefined;
  /** The graph made flat, for the input of one run. */
  programFor(input: unknown): Program;
}

/** Parent of the workflows that the engine can run. */
export abstract class DurableWorkflow<const S extends WorkflowSource> extends BaseWorkflow<S> {
  /**
   * The graph as a worker sees it, with what was set on the workflow so far.
   *
   * @internal
   */
  protected executable(queue: string = DEFAULT_QUEUE): Executable {
    const { nodeGraph, workflowName: workflow, version } = this;
    const { size } = nodeGraph;
    const pure = new Uint8Array(size);
    const bound = new Uint8Array(size);
    const makers = new Int32Array(size).fill(-1);
    const plugged: number[] = [];
    const hooked: number[] = [];
    nodeGraph.stamp();
    for (let place = 0; place < size; place++) {
      const node = nodeGraph.members[place]!;
      const options = this.optionsAt(place);
      const receiver = nodeGraph.extraAt(place)?.receiver;
      if (receiver !== undefined) makers[place] = receiver.index;
      else if (node.site.task.kind === "class") makers[place] = place;
      if (this.pluginsAt(place) !== undefined) plugged.push(place);
      // Such hooks are called by the run's holder, where what they have made ready is.
      const isHooked = options?.hooks?.beforeAll !== undefined || options?.hooks?.afterAll !== undefined;
      if (isHooked) hooked.push(place);
      const isControl = node.site.task.kind === "control";
      if (isControl || options?.pure === true && makers[place]! < 0) pure[place] = 1;
      if (
        makers[place]! >= 0 || options?.concurrency !== undefined || this.pluginsAt(place) !== undefined ||
        isControl || isHooked || this.hooks !== undefined || isGivenObject(node) ||
        nodeGraph.extraAt(place)?.when !== undefined
      ) bound[place] = 1;
    }
    const parents = nodeGraph.parents();
    const targets = this.flatTargets.map(({ place, item }) => ({ place, path: (item?.path ?? []).map(pathKey) }));
    const steps = nodeGraph.nodes();
    const edges = steps.map((_, place) => [...parents.list.subarray(parents.start[place], parents.start[place + 1])]);
    const tasks = nodeGraph.members.map((node) => node.site.task.base);
    const { single } = this;
    const controls = controlsOf(nodeGraph);
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
      definition: { workflow, version, schema, steps, parents: edges, targets, single },
      graph: nodeGraph,
      shape: { ...needsOf(nodeGraph, targets), size, pure, bound, targets: targets.map(({ place }) => place) },
      makers,
      plugged,
      hooked,
      hooks: this.hooks,
      queue,
      policies: this.policies,
      tracer: this.tracer,
      optionsAt: (place) => this.optionsAt(place),
      pluginsAt: (place) => this.pluginsAt(place),
      programFor: (input) => this.programWith(input),
    };
  }
}

/** What of control nodes and cases is not told by edges and tasks. */
function controlsOf(graph: NodeGraph): unknown[] {
  const joins = graph.joins();
  if (joins === undefined) return [];
  return graph.members.flatMap((node, place) => {
    const { control, when = [] } = graph.extraAt(place) ?? {};
    const inCases = when.flatMap(({ on, inCase }) =>
      inCase === undefined ? [] : [[on instanceof InputRef ? on.path.map(pathKey) : parentOf(on).index, inCase]]
    );
    if (control === undefined && inCases.length === 0) return [];
    const edges = joins.get(place);
    const takes = edges === undefined ? [] : [[...edges.data], [...edges.strict]];
    const given = control?.kind !== "branch" ? [] : control.cases.map((name, i) => {
      const from = nodeBehind(node.argumentAt(i + 1));
      return [name, from?.index ?? -1];
    });
    return [[place, control?.kind ?? "", takes, given, inCases]];
  });
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
  compile(queue: string | undefined): Executable {
    return this.executable(queue);
  }
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
    compiled.set(definition, executable = new DefinitionWorkflow(definition).compile(definition.options.queue));
  }
  return executable;
}
