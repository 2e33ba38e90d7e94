/**
 * The order in which the steps of a schema are made: each after those that it names.
 *
 * @module
 */
import { GraphError } from "../errors.ts";
import { isList, isObject } from "./value_form.ts";
import type { SchemaValue, StepSchema, WorkflowSchema } from "./workflow_schema.ts";

/**
 * The steps of a schema, each after those that it names; in the order of the schema where that is one.
 *
 * @throws {GraphError} If two steps have one name, a step that is named is missing, or steps wait for each other.
 */
export function stepsInOrder({ workflow, steps, targets }: WorkflowSchema): readonly StepSchema[] {
  const byName = new Map<string, StepSchema>();
  for (const step of steps) {
    if (byName.has(step.name)) {
      throw new GraphError(`The schema of workflow \`${workflow}\` has two steps with the name \`${step.name}\`.`, {
        workflow,
        node: step.name,
      });
    }
    byName.set(step.name, step);
  }
  const named = (name: string, by: string): StepSchema => {
    const step = byName.get(name);
    if (step !== undefined) return step;
    throw new GraphError(
      `The schema of workflow \`${workflow}\` has no step \`${name}\`, which ${by} names.`,
      { workflow },
    );
  };
  for (const target of targets) for (const name of referencesIn({ ...target })) named(name, "a target");
  const ordered = new Set<StepSchema>();
  const open = new Set<StepSchema>();
  for (const start of steps) {
    const path: { readonly step: StepSchema; readonly names: readonly string[]; next: number }[] = [];
    const enter = (step: StepSchema): void => {
      open.add(step);
      path.push({ step, names: namesIn(step), next: 0 });
    };
    if (!ordered.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const name = top.names[top.next++];
      if (name === undefined) {
        ordered.add(top.step);
        path.pop();
        continue;
      }
      const step = named(name, `step \`${top.step.name}\``);
      if (ordered.has(step)) continue;
      if (open.has(step)) {
        const cycle = path.slice(path.findIndex((entry) => entry.step === step)).map((entry) =>
          `\`${entry.step.name}\``
        );
        if (cycle.length > 10) cycle.splice(10, Infinity, `… ${cycle.length - 10} more`);
        throw new GraphError(
          `The schema of workflow \`${workflow}\` has a cycle: ${cycle.join(" waits for ")} waits for \`${name}\`.`,
          { workflow, node: name },
        );
      }
      enter(step);
    }
  }
  return [...ordered];
}

/** The names of the steps that one waits for; one may come twice. */
function namesIn({ instance, args, after = [], when = [] }: StepSchema): string[] {
  return [
    ...instance === undefined ? [] : [instance],
    ...args.flatMap(referencesIn),
    ...after,
    ...when.flatMap(({ of }) => referencesIn({ ...of })),
  ];
}

function referencesIn(form: SchemaValue): string[] {
  const found: string[] = [];
  const open: SchemaValue[] = [form];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (isList(part)) { for (const inner of part) open.push(inner); }
    else if (isObject(part)) {
      const { $node, $instance, after } = part;
      if (typeof $node === "string") found.push($node);
      else if (typeof $instance === "string") {
        found.push($instance);
        if (typeof after === "string") found.push(after);
      } else for (const inner of Object.values(part)) open.push(inner);
    }
  }
  return found;
}
