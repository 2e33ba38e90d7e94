/**
 * Placement: which objects have to live in the same worker, because they meet in a call. Decided from the graph, before a run.
 *
 * @module
 */
import { GraphError } from "../errors.ts";
import type { NodeGraph } from "../graph.ts";
import { CallNode, ItemRef } from "../node.ts";
import { type CapturedRef, DeepArg, LiveArg } from "../stand_in.ts";

/** Groups of nodes that share a worker. */
export class Placement {
  readonly #groups: Int32Array;

  private constructor(groups: Int32Array) {
    this.#groups = groups;
  }

  /**
   * Looks at who uses which object.
   *
   * @throws {GraphError} If the value of an object is asked for outside of a worker: by a target, an item or a condition.
   */
  static of(graph: NodeGraph, targets: readonly { readonly place: number }[], workflowName: string): Placement {
    const { members } = graph;
    graph.stamp();
    const refuse = (node: CallNode, what: string): never => {
      const { name } = node;
      throw new GraphError(
        `Instance \`${name}\` of workflow \`${workflowName}\` is ${what}, but on a pool it lives in a worker and can not leave ` +
          "it; use the result of one of its methods instead.",
        { workflow: workflowName, node: name },
      );
    };
    for (const { place } of targets) {
      const node = members[place]!;
      if (isInstance(node)) refuse(node, "a target");
    }
    const groups = new Int32Array(members.length).fill(-1);
    for (let place = 0; place < members.length; place++) {
      const node = members[place]!;
      const extra = graph.extraAt(place);
      const makers: number[] = isInstance(node) ? [place] : [];
      if (extra?.receiver !== undefined) makers.push(extra.receiver.index);
      for (const ref of refsOf(node)) {
        if (ref instanceof ItemRef && isInstance(ref.node)) refuse(ref.node, "asked for one of its items");
        if (ref instanceof LiveArg) makers.push(ref.maker.index);
        else if (ref instanceof CallNode && isInstance(ref)) makers.push(ref.index);
      }
      for (const { on } of extra?.when ?? []) {
        const of = on instanceof ItemRef ? on.node : on;
        if (of instanceof CallNode && isInstance(of)) refuse(of, "what a condition looks at");
      }
      if (makers.length === 0) continue;
      for (const maker of makers) if (groups[maker] === -1) groups[maker] = maker;
      const root = rootOf(groups, makers[0]!);
      for (const maker of makers) groups[rootOf(groups, maker)] = root;
      groups[place] = root;
    }
    for (let place = 0; place < members.length; place++) {
      if (groups[place] !== -1) groups[place] = rootOf(groups, place);
    }
    return new Placement(groups);
  }

  /** The group of a node that makes or uses objects, or `undefined`. */
  groupOf(place: number): number | undefined {
    const group = this.#groups[place]!;
    return group === -1 ? undefined : group;
  }
}

/** The place that stands for a whole group; the way there is made shorter for the next time. */
function rootOf(groups: Int32Array, place: number): number {
  let root = place;
  while (groups[root] !== root) root = groups[root]!;
  for (let at = place; at !== root;) {
    const next = groups[at]!;
    groups[at] = root;
    at = next;
  }
  return root;
}

function isInstance(node: CallNode): boolean {
  return node.site.task.kind === "class";
}

function* refsOf(node: CallNode): Generator<CapturedRef> {
  for (let i = 0, count = node.argumentCount; i < count; i++) {
    const arg = node.argumentAt(i);
    if (arg instanceof DeepArg) yield* arg.refs;
    else if (arg instanceof CallNode || arg instanceof ItemRef || arg instanceof LiveArg) yield arg;
  }
}
