/**
 * The runs that steps of a graph wait for, as a worker sees them: those of other workflows, and those of the items of maps.
 *
 * @module
 */
import type { MapBody, MapWorkflow } from "../control/map_body.ts";
import type { NodeGraph } from "../graph.ts";
import type { Tracer } from "../tracer.ts";
import { compile, type Executable, executableOf } from "./executable.ts";
import { itemCount } from "./item_definition.ts";

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

/** How many lists of different lengths an executable of a map keeps. */
const MOST_SIZES = 4;

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

/** The executable of a list of one item, from which those of other lists are had by their size. */
function itemsOf(
  body: MapBody,
  node: string,
  { tracer, ...workflow }: MapWorkflow & { readonly tracer: Tracer | undefined },
): Executable {
  const limit = body.limits.concurrency;
  const ofCount = (count: number): Executable => compile(body.definition(node, count, workflow), { limit, tracer });
  const one = ofCount(1);
  const itemSteps = one.definition.steps.length - 1;
  const definition = { ...one.definition, itemSteps };
  const known = new Map<number, Executable>();
  const sized = (size: number): Executable => {
    let executable = known.get(size);
    if (executable === undefined) {
      const many = ofCount(itemCount(size, itemSteps));
      executable = { ...many, definition: { ...many.definition, schema: definition.schema, itemSteps }, sized };
      known.set(size, executable);
      const [oldest] = known.keys();
      if (known.size > MOST_SIZES && oldest !== undefined) known.delete(oldest);
    }
    return executable;
  };
  return { ...one, definition, sized };
}
