/**
 * The runs that steps of a graph wait for, as a worker sees them: those of other workflows, and those of the items of maps.
 *
 * @module
 */
import type { NewRun } from "../../storage/runtime/records.ts";
import type { MapBody, MapWorkflow } from "../control/map_body.ts";
import { GraphError } from "../errors.ts";
import type { NodeGraph } from "../graph.ts";
import type { Tracer } from "../tracer.ts";
import { compile, type Executable, executableOf } from "./executable.ts";
import { itemCount } from "../../storage/runtime/item_definition.ts";

/** A step that waits for a run of its own. */
export interface StepChild {
  /** The step. */
  readonly place: number;
  /** Whose run it is. */
  readonly of: "workflow" | "map";
  /** What tells one such run from another: a part of the schema of the graph. */
  readonly schema: unknown;
  /** All that a worker needs for it; of a map, that of a list of one item. */
  readonly executable: () => Executable;
}

/** For how many runs with other names or lengths of the list an executable of a map keeps what it has made. */
const MOST_RUNS = 4;

/** The children of a graph. */
export function childrenOf(
  graph: NodeGraph,
  workflow: MapWorkflow & { readonly tracer: Tracer | undefined },
): StepChild[] {
  if (!graph.hasControls) return [];
  const children: StepChild[] = [];
  for (let place = 0; place < graph.size; place++) {
    const control = graph.extraAt(place)?.control;
    if (control?.kind === "subWorkflow") {
      const { definition } = control;
      // A definition can have runs of itself, so it is compiled when it is first needed.
      children.push({
        place,
        of: "workflow",
        schema: [definition.name, definition.version],
        executable: () => executableOf(definition),
      });
    } else if (control?.kind === "map") {
      const items = itemsOf(control.body, graph.names.at(place), workflow);
      children.push({ place, of: "map", schema: items.definition.schema, executable: () => items });
    }
  }
  return children;
}

/** The executable of a list of one item, from which those of other lists are had. */
function itemsOf(
  body: MapBody,
  node: string,
  { tracer, ...workflow }: MapWorkflow & { readonly tracer: Tracer | undefined },
): Executable {
  const limit = body.limits.concurrency;
  const one = compile(body.definition(node, 1, workflow), { limit, tracer });
  const itemSteps = one.definition.steps.length - 1;
  const definition = { ...one.definition, itemSteps };
  const known = new Map<string, Executable>();
  const ofRun = ({ size, parent }: Pick<NewRun, "size" | "parent">): Executable => {
    const map = parent?.node ?? node;
    const key = `${size} ${map}`;
    let executable = known.get(key);
    if (executable === undefined) {
      const count = itemCount(size, itemSteps);
      const children = one.children.length === 0 ? [] : ofItems(one.children, count, itemSteps);
      const many = compile(body.definition(map, count, workflow), { limit, tracer, children });
      if (many.definition.steps.length !== size) throw otherNodes(map);
      const { schema } = definition;
      executable = { ...many, definition: { ...many.definition, schema, itemSteps }, ofRun };
      known.set(key, executable);
      const [oldest] = known.keys();
      if (known.size > MOST_RUNS && oldest !== undefined) known.delete(oldest);
    }
    return executable;
  };
  return { ...one, definition, ofRun };
}

/** The children of all items: those of one, again and again. */
function ofItems(children: readonly StepChild[], count: number, itemSteps: number): StepChild[] {
  return Array.from(
    { length: count },
    (_, item) => children.map((child) => ({ ...child, place: child.place + item * itemSteps })),
  ).flat();
}

function otherNodes(node: string): GraphError {
  return new GraphError(
    `The body of \`${node}\` made other nodes for one item than for another; it has to make the same each time, since no item has a value yet. ` +
      "What depends on a value is for branch(), or for when().",
    { node },
  );
}
