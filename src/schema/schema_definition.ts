/**
 * From schemas to definitions.
 *
 * @module
 */
import { capture } from "../arguments.ts";
import { join } from "../component.ts";
import { caseOf } from "../control/control.ts";
import { loopCondition } from "../control/repeat_until.ts";
import { WorkflowDefinition } from "../definition.ts";
import { GraphError } from "../errors.ts";
import { checkName, currentScope, parseAutoName } from "../naming.ts";
import { CallNode, type Condition, forEachParent, many, none } from "../node.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Ref, Targets } from "../ref.ts";
import { LiveArg, liveObject, StandIn } from "../stand_in.ts";
import { addNode } from "../task.ts";
import type { TaskInfo } from "../task_info.ts";
import { checkedSchema } from "./checked_schema.ts";
import { controlBase, makeControl } from "./control_form.ts";
import { SchemaWorkflow } from "./definition_schema.ts";
import { loopEndOf } from "./loop_rows.ts";
import { codeOf, type FromSchemaOptions } from "./named_code.ts";
import { numberOf, optionsOver } from "./options_form.ts";
import { SchemaTasks } from "./schema_tasks.ts";
import { stepsInOrder } from "./step_order.ts";
import { makerOf, refFrom } from "./step_references.ts";
import { type MakeRef, valueOf } from "./value_form.ts";
import type { ConditionSchema, SchemaValue, StepSchema, WorkflowSchema } from "./workflow_schema.ts";

/**
 * The definition that a schema describes. Its graph is built once to see that it is right, and again for every workflow over it.
 *
 * @throws {ConfigError} If the data is no schema, or names code that it was not given.
 * @throws {GraphError} If its steps make no graph.
 */
export function definitionOf(data: unknown, options: FromSchemaOptions): WorkflowDefinition {
  const schema = checkedSchema(data);
  const { workflow, version, input, cache, queue, timeout, scope, hooks, policies = [], plugins = [] } = schema;
  const steps = stepsInOrder(schema);
  const plan = new GraphPlan(schema, steps, options);
  const definition = new WorkflowDefinition(workflow, {
    version,
    ...input === undefined ? {} : { input: codeOf("inputs", input, options.inputs, "input") },
    ...cache === undefined ? {} : { cache },
    ...queue === undefined ? {} : { queue },
    ...timeout === undefined ? {} : { timeout: numberOf(timeout, "timeout") },
    ...hooks === undefined ? {} : { hooks: codeOf("hooks", hooks, options.hooks, "hooks") },
    ...scope === undefined ? {} : { scope },
    policies: policies.map((name, i) => codeOf("policies", name, options.policies, `policies[${i}]`)),
    plugins: plugins.map((name, i) => codeOf("plugins", name, options.plugins, `plugins[${i}]`)),
  }, (placeholder) => plan.build(placeholder));
  const { graph } = new SchemaWorkflow(definition);
  if (graph.size < steps.length) {
    const names = new Set(graph.nodes());
    const unneeded = steps.find(({ name }) => !names.has(name))!;
    throw new GraphError(
      `The schema of workflow \`${workflow}\` has the step \`${unneeded.name}\`, which no target needs; ` +
        "make it a target, or leave it out.",
      { workflow, node: unneeded.name },
    );
  }
  return definition;
}

/** A step whose task and options were found. */
interface PlannedStep {
  readonly step: StepSchema;
  /** Where the schema has it. */
  readonly path: string;
  /** What is called; `undefined` for a node that makes no call. */
  readonly task: TaskInfo | undefined;
  /** Options over those of the task; `undefined` if the task's are right. */
  readonly options: AnyTaskOptions | undefined;
  /** When it runs. */
  readonly conditions: readonly PlannedCondition[];
}

interface PlannedCondition {
  /** What it hangs on. */
  readonly of: ConditionSchema["of"];
  /** The condition on it. */
  readonly on: (on: Condition["on"]) => Condition;
}

/** A schema with the code that it names, from which any number of graphs are built. */
class GraphPlan {
  readonly #schema: WorkflowSchema;
  readonly #steps: readonly PlannedStep[];
  readonly #options: FromSchemaOptions;
  readonly #tasks: SchemaTasks;

  constructor(schema: WorkflowSchema, ordered: readonly StepSchema[], options: FromSchemaOptions) {
    this.#schema = schema;
    this.#options = options;
    this.#tasks = new SchemaTasks(options.tasks);
    const places = new Map(schema.steps.map((step, place) => [step, place]));
    this.#steps = ordered.map((step) => this.#planned(step, `steps[${places.get(step)}]`));
  }

  /** Builds a graph in the current naming scope, and gives its targets. */
  build(placeholder: unknown): Targets {
    const nodes = new Map<string, CallNode>();
    for (const planned of this.#steps) nodes.set(planned.step.name, this.#made(planned, nodes, placeholder));
    const targets = this.#schema.targets.map((target, i): Ref<unknown> => {
      const path = `targets[${i}]`;
      const ref = refFrom(nodes, placeholder)("$node" in target ? "$node" : "$instance", { ...target }, path);
      if (!(ref instanceof LiveArg)) return ref!;
      const instance = new StandIn(ref.maker);
      instance[liveObject].last = ref.last;
      // An instance is a reference, which has no member but in types.
      return instance as unknown as Ref<unknown>;
    });
    return this.#schema.single ? targets[0]! : targets;
  }

  #planned(step: StepSchema, path: string): PlannedStep {
    checkName(step.name, "node");
    const task = this.#tasks.of(step, path);
    return {
      step,
      path,
      task,
      options: optionsOver(task?.options, step.options, this.#options, `${path}.options`),
      conditions: (step.when ?? []).map((condition, i) => this.#condition(condition, `${path}.when[${i}]`)),
    };
  }

  #condition({ of, predicate, case: inCase, cases, until }: ConditionSchema, path: string): PlannedCondition {
    if (inCase !== undefined && cases !== undefined) {
      const names = new Set(cases);
      const isChosen = (value: unknown): boolean => caseOf(names, value) === inCase;
      return { of, on: (on) => ({ on, predicate: isChosen, inCase, cases }) };
    }
    if (until !== undefined) {
      const end = loopEndOf(until, this.#options, `${path}.until`);
      return { of, on: (on) => loopCondition(on, end) };
    }
    if (predicate === undefined) return { of, on: (on) => ({ on, predicate: Boolean }) };
    const named = codeOf("functions", predicate, this.#options.functions, `${path}.predicate`);
    // What it takes is known to who names it.
    return { of, on: (on) => ({ on, predicate: named as unknown as Condition["predicate"] }) };
  }

  #made(
    { step, path, task, options, conditions }: PlannedStep,
    nodes: ReadonlyMap<string, CallNode>,
    placeholder: unknown,
  ): CallNode {
    const { name, control, after = [], instance } = step;
    const makeRef = refFrom(nodes, placeholder);
    const args = step.args.map((arg, i) => this.#argument(arg, `${path}.args[${i}]`, makeRef));
    const receiver = instance === undefined ? undefined : makerOf(nodes.get(instance)!, `${path}.instance`);
    const when = conditions.map(({ of, on: condition }): Condition => {
      const on = makeRef("$node" in of ? "$node" : "$input", { ...of }, `${path}.when`);
      if (on === undefined || on instanceof LiveArg) throw new TypeError("A condition was checked to be no instance.");
      return condition(on);
    });
    const base = task?.base ?? controlBase(control!);
    const counted = parseAutoName(name);
    const isCounted = counted?.base === base;
    if (isCounted) currentScope().counter(base).next = counted.sequence;
    const extra = {
      ...isCounted ? {} : { name },
      ...options === undefined ? {} : { options },
      ...after.length === 0 ? {} : { after: after.map((other) => nodes.get(other)!) },
      ...when.length === 0 ? {} : { when },
      ...receiver === undefined ? {} : { receiver },
    };
    const hasExtra = Object.keys(extra).length > 0;
    if (task !== undefined) {
      return args.length > 2 ? addNode(task, args, many, hasExtra ? extra : undefined) : addNode(
        task,
        args.length > 0 ? args[0] : none,
        args.length > 1 ? args[1] : none,
        hasExtra ? extra : undefined,
      );
    }
    const node = makeControl(control!, args, { path, node: name, options: this.#options, tasks: this.#tasks });
    if (!(node instanceof CallNode)) throw new TypeError("Control makes nodes.");
    if (hasExtra) {
      node.extra = { ...node.extra, ...extra };
      forEachParent(node, (parent) => join(node, parent));
    }
    return node;
  }

  /** An argument as a node keeps it. */
  #argument(form: SchemaValue, path: string, makeRef: MakeRef): unknown {
    const value = valueOf(form, path, makeRef);
    return typeof value !== "object" || value === null || value instanceof CallNode ? value : capture(value);
  }
}
