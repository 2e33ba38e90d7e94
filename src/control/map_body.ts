/**
 * The body of a map: what is built for each item once the list is known.
 *
 * @module
 */
import { nameWithin } from "../../storage/names.ts";
import { WorkflowDefinition } from "../definition.ts";
import { describe } from "../describe.ts";
import { GraphError } from "../errors.ts";
import { InputRef, ListItemRef } from "../input.ts";
import { namingScope } from "../naming.ts";
import { CallNode, forEachParent, ItemRef, nextNodeId } from "../node.ts";
import { DeepArg } from "../stand_in.ts";
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
export type MapWorkflow =
  & Pick<WorkflowDefinition["options"], "version" | "policies" | "plugins" | "cache" | "queue">
  & {
    /** Name of the workflow. */
    readonly name: string;
  };

/** The body of one map. */
export class MapBody {
  /**
   * Builds one item for a trial.
   *
   * @param settled Whether its value tells how each item has ended.
   * @throws {GraphError} If the body does not return a node of its own.
   */
  constructor(
    readonly build: (item: NodeItem<unknown>) => unknown,
    readonly settled: boolean,
    readonly limits: MapLimits,
  ) {
    this.#item(0, settled ? "mapSettled()" : "map()");
  }

  /** The graph of a list of `count` items, as the definition of a run whose input is the list. `node` is the name of the map's node. */
  definition(node: string, count: number, { name, ...options }: MapWorkflow): WorkflowDefinition {
    // The maps within all items of one are of the same workflow.
    return new WorkflowDefinition(nameWithin(name, node.replaceAll(/\[\d+\]/g, "[]")), options, () => {
      const items: (CallNode | ItemRef)[] = new Array(count);
      for (let i = 0; i < count; i++) items[i] = this.#item(i, node);
      return gather(this, items).setName(node);
    }, true);
  }

  /** Builds one item. Its nodes have the names that they would have in a scope of their own, below that of the item. */
  #item(index: number, map: string): CallNode | ItemRef {
    const first = nextNodeId();
    const built = outsideCases(() => namingScope(() => this.build(new ListItemRef([index], this))));
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
      const outer = inputsOf(node).find((input) => !(input instanceof ListItemRef && input.map === this));
      if (outer !== undefined) {
        throw new GraphError(
          `The body of \`${map}\` uses \`${outer.label}\` in node \`${node.name}\`, which is not a part of its own item; put its value ` +
            "into the list that the map goes over, so that each item has it.",
          { node: node.name },
        );
      }
      forEachParent(node, (parent) => seen.add(parent));
      node.setName(node === last ? label : `${label}.${node.name}`);
    }
    return built instanceof ItemRef ? built : last;
  }
}

/** The parts of inputs that a node takes values of. */
function inputsOf(node: CallNode): InputRef[] {
  const inputs: InputRef[] = [];
  const add = (ref: unknown): void => void (ref instanceof InputRef && inputs.push(ref));
  for (let i = 0, count = node.argumentCount; i < count; i++) {
    const arg = node.argumentAt(i);
    if (arg instanceof DeepArg) arg.refs.forEach(add);
    else add(arg);
  }
  for (const { on } of node.extra?.when ?? []) add(on);
  return inputs;
}
