/**
 * From graphs to schemas.
 *
 * @module
 */
import { SerializationError } from "../errors.ts";
import type { NodeGraph } from "../graph.ts";
import type { WorkflowDefinition } from "../definition.ts";
import type { RunHooks } from "../hooks.ts";
import { InputRef } from "../input.ts";
import { CallNode, type Condition, ItemRef } from "../node.ts";
import type { AnyTaskOptions, CacheMode, Scope } from "../options.ts";
import type { Policy } from "../policy.ts";
import { DeepArg, LiveArg } from "../stand_in.ts";
import { controlForm } from "./control_form.ts";
import { nameOf, type SchemaNames } from "./named_code.ts";
import { constantForm, numberForm, templateForm } from "./value_form.ts";
import { WrittenNames } from "./written_names.ts";
import {
  type ConditionSchema,
  type InputSchema,
  type InstanceSchema,
  type NodeSchema,
  type ReferenceSchema,
  SCHEMA_FORMAT,
  type SchemaValue,
  type StepSchema,
  type WorkflowSchema,
} from "./workflow_schema.ts";
import { frozen } from "./frozen.ts";

/** A workflow, as its schema is made of it. */
export interface SchemaSource {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Its version, or empty. */
  readonly version: string;
  /** Its nodes. */
  readonly graph: NodeGraph;
  /** Which nodes it has. */
  readonly scope: Scope;
  /** For each target the place of the node, the part of its value, and the place of the latest use of a live object. */
  readonly targets: readonly { readonly place: number; readonly item: ItemRef | undefined; readonly last: number }[];
  /** Whether the result is one target's value. */
  readonly single: boolean;
  /** When a stored result stands for a new one, if that was said. */
  readonly cache: CacheMode | undefined;
  /** Milliseconds that a run may take, if that was said. */
  readonly timeout: number | undefined;
  /** Policies of the workflow. */
  readonly policies: readonly Policy[];
  /** What is called around each run, if anything is. */
  readonly hooks: RunHooks | undefined;
  /** The definition that it is made from, if it is. */
  readonly definition: WorkflowDefinition | undefined;
  /** Options of a node. */
  readonly optionsAt: (place: number) => AnyTaskOptions | undefined;
  /** What was set on a node of this workflow alone, and has no place in a schema; `undefined` if nothing was. */
  readonly settingAt: (place: number) => string | undefined;
}

/**
 * The schema of a workflow.
 *
 * @throws {SerializationError} If something of it can not be said as data and has no name; the message names the node.
 */
export function schemaOf(source: SchemaSource, names: SchemaNames): WorkflowSchema {
  const { workflow, version, graph, scope, targets, single, cache, timeout, policies, hooks, definition } = source;
  const writer = new StepWriter(source, names);
  const { input, queue, plugins = [] } = definitionOptions(definition);
  const of = (option: string): string => `Option \`${option}\` of workflow \`${workflow}\``;
  graph.stamp();
  return frozen({
    format: SCHEMA_FORMAT,
    workflow,
    version,
    ...input === undefined ? {} : { input: nameOf("inputs", input, names.inputs ?? {}, of("input")) },
    ...cache === undefined ? {} : { cache },
    ...queue === undefined ? {} : { queue },
    ...timeout === undefined ? {} : { timeout: numberForm(timeout) },
    ...scope === "ancestors" ? {} : { scope },
    ...policies.length === 0
      ? {}
      : { policies: policies.map((policy) => nameOf("policies", policy, names.policies ?? {}, of("policies"))) },
    ...hooks === undefined ? {} : { hooks: nameOf("hooks", hooks, names.hooks ?? {}, of("hooks")) },
    ...plugins.length === 0
      ? {}
      : { plugins: plugins.map((plugin) => nameOf("plugins", plugin, names.plugins ?? {}, of("plugins"))) },
    steps: graph.members.map((_, place) => writer.step(place)),
    targets: targets.map(({ place, item, last }) =>
      last === place ? writer.node(place, item) : writer.instance(place, last)
    ),
    single,
  });
}

/** What only a definition says; of the rest, a workflow over it may say otherwise. */
function definitionOptions(
  definition: WorkflowDefinition | undefined,
): Pick<Partial<WorkflowDefinition["options"]>, "input" | "queue" | "plugins"> {
  if (definition === undefined) return {};
  const { input, queue, plugins, version: _, scope: _1, cache: _2, timeout: _3, policies: _4, hooks: _5, ...others } =
    definition.options;
  // A new option has to be dealt with here.
  const none: Record<never, never> = others satisfies Record<string, never>;
  const [unknown] = Object.keys(none);
  if (unknown !== undefined) {
    throw new SerializationError(
      `Option \`${unknown}\` of workflow \`${definition.name}\` is not known, so it has no place in a schema.`,
      { workflow: definition.name },
    );
  }
  return { ...input && { input }, ...queue === undefined ? {} : { queue }, ...plugins && { plugins } };
}

/** Writes steps, and remembers which task has which name. */
class StepWriter {
  readonly #written: WrittenNames;

  constructor(private readonly source: SchemaSource, private readonly names: SchemaNames) {
    this.#written = new WrittenNames(source.workflow, names);
  }

  step(place: number): StepSchema {
    const { graph } = this.source;
    const node = graph.members[place]!;
    const name = graph.names.at(place);
    const { receiver, after = [], when = [], control } = graph.extraAt(place) ?? {};
    const setting = this.source.settingAt(place);
    if (setting !== undefined) {
      throw new SerializationError(
        `Node \`${name}\` of workflow \`${this.source.workflow}\` has ${setting}, which belongs to this workflow object and has no place in a schema.`,
        { workflow: this.source.workflow, node: name },
      );
    }
    const { task } = node.site;
    const named = receiver === undefined ? task : receiver.site.task;
    const first = control === undefined ? this.#written.task(named, name) : task;
    return {
      name,
      ...control === undefined
        ? { task: named.base }
        : { control: controlForm(control, task.base, this.names, this.#written, name) },
      ...receiver === undefined
        ? {}
        : { method: task.base.slice(named.base.length + 1), instance: this.#name(receiver) },
      args: Array.from({ length: node.argumentCount }, (_, i) => this.#argument(node.argumentAt(i), i, name)),
      ...after.length === 0 ? {} : { after: after.map((other) => this.#name(other)) },
      ...when.length === 0 ? {} : { when: when.map((condition) => this.#condition(condition, name)) },
      ...this.#written.options(this.source.optionsAt(place), first, name),
    };
  }

  /** The result of the step at a place, or a part of it. */
  node(place: number, item: ItemRef | undefined): NodeSchema {
    const $node = this.source.graph.names.at(place);
    return item === undefined ? { $node } : { $node, item: item.path.map((key) => pathKey(key, item.label)) };
  }

  /** A live object after its latest use. */
  instance(place: number, last: number): InstanceSchema {
    const { names } = this.source.graph;
    return { $instance: names.at(place), ...last === place ? {} : { after: names.at(last) } };
  }

  #name(node: CallNode): string {
    return this.source.graph.names.at(node.index);
  }

  #argument(arg: unknown, i: number, node: string): SchemaValue {
    try {
      const isObject = typeof arg === "object" && arg !== null;
      if (arg instanceof DeepArg) return templateForm(arg.template, (object) => this.#reference(object));
      const reference = isObject ? this.#reference(arg) : undefined;
      return reference ?? constantForm(arg);
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      throw new SerializationError(`Argument ${i + 1} of node \`${node}\` has no place in a schema: ${error.message}`, {
        cause: error,
        workflow: this.source.workflow,
        node,
      });
    }
  }

  #reference(ref: object): SchemaValue | undefined {
    const form = this.#referenceForm(ref);
    // The interfaces of references are data.
    return form === undefined ? undefined : { ...form };
  }

  #referenceForm(ref: object): ReferenceSchema | undefined {
    if (ref instanceof CallNode) return this.node(ref.index, undefined);
    if (ref instanceof ItemRef) return this.node(ref.node.index, ref);
    if (ref instanceof InputRef) return inputForm(ref);
    return ref instanceof LiveArg ? this.instance(ref.maker.index, ref.last.index) : undefined;
  }

  #condition(
    { on, predicate, inCase, cases, until }: Condition,
    node: string,
  ): ConditionSchema {
    const form = on instanceof InputRef
      ? inputForm(on)
      : on instanceof ItemRef
      ? this.node(on.node.index, on)
      : this.node(on.index, undefined);
    if (inCase !== undefined && cases !== undefined) return { of: form, case: inCase, cases: [...cases] };
    const { functions = {} } = this.names;
    if (until !== undefined) {
      const where = `Option \`until\` of the loop that node \`${node}\` is in`;
      return { of: form, until: nameOf("functions", until, functions, where) };
    }
    if (predicate === Boolean) return { of: form };
    const where = `The predicate of a condition of node \`${node}\``;
    return { of: form, predicate: nameOf("functions", predicate, functions, where) };
  }
}

function inputForm(ref: InputRef): InputSchema {
  return { $input: ref.path.map((key) => pathKey(key, ref.label)) };
}

function pathKey(key: PropertyKey, label: string): string | number {
  if (typeof key === "string" || typeof key === "number" && Number.isFinite(key)) return key;
  throw new SerializationError(`Item \`${label}\` has the key ${String(key)}, which has no place in a schema.`);
}
