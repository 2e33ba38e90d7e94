/**
 * The body of a map: what is built for each item once the list is known.
 *
 * @module
 */
import { WorkflowDefinition } from "../definition.ts";
import { describe } from "../describe.ts";
import { GraphError } from "../errors.ts";
import { InputRef } from "../input.ts";
import { namingScope } from "../naming.ts";
import { CallNode, forEachParent, ItemRef, nextNodeId } from "../node.ts";
import type { NodeItem } from "../ref.ts";
import { outsideCases } from "./case_scope.ts";
import { gather } from "./gather.ts";

/** What holds for a whole map. */
export interface MapLimits {
  /** How many steps of its items may be at work at a time; `Infinity` for as many as the backend makes. */
  readonly concurrency: number;
  /** The share of the items that has to succeed, from 0 to 1. */
  readonly minSuccessRatio: number;
}

/** What the workflow of a map hands on to its items. */
export type MapWorkflow = Pick<WorkflowDefinition["options"], "version" | "policies" | "cache" | "queue"> & {
  /** Name of the workflow. */
  readonly name: string;
};

/** The body of one map. */
export class MapBody {
  readonly #build: (item: NodeItem<unknown>) => unknown;

  /**
   * Builds one item for a trial.
   *
   * @param settled Whether its value tells how each item has ended.
   * @throws {GraphError} If the body does not return a node of its own.
   */
  constructor(
    build: (item: NodeItem<unknown>) => unknown,
    readonly settled: boolean,
    readonly limits: MapLimits,
  ) {
    this.#build = build;
    this.#item(0, settled ? "mapSettled()" : "map()");
  }

  /** The graph of a list of `count` items, as the definition of a run whose input is the list. `node` is the name of the map's node. */
  definition(node: string, count: number, { name, ...options }: MapWorkflow): WorkflowDefinition {
    return new WorkflowDefinition(`${name}/${node}`, options, () => {
      const items: (CallNode | ItemRef)[] = new Array(count);
      for (let i = 0; i < count; i++) items[i] = this.#item(i, node);
      return gather(this, items).setName(node);
    }, true);
  }

  /** Builds one item. Its nodes have the names that they would have in a scope of their own, below that of the item. */
  #item(index: number, map: string): CallNode | ItemRef {
    const first = nextNodeId();
    const built = outsideCases(() => namingScope(() => this.#build(new InputRef([index]))));
    const last = built instanceof ItemRef ? built.node : built;
    if (!(last instanceof CallNode) || last.site.task.kind === "class") {
      throw new GraphError(
        `The body of \`${map}\` returned ${describe(built)}; it takes the item and returns a node that it has made.`,
      );
    }
    const label = `${map}[${index}]`;
    const seen = new Set<CallNode>([last]);
    for (const node of seen) {
      if (node.id < first) {
        throw new GraphError(
          `The body of \`${map}\` uses node \`${node.name}\`, which was made outside of it; put its value into the list ` +
            "that the map goes over, so that each item has it.",
          { node: node.name },
        );
      }
      forEachParent(node, (parent) => seen.add(parent));
      node.setName(node === last ? label : `${label}.${node.name}`);
    }
    return built instanceof ItemRef ? built : last;
  }
}
