/**
 * What a drawing of a graph shows: its nodes and each edge once, with the reason for it.
 *
 * @module
 */
import type { NodeGraph } from "../../graph.ts";
import { InputRef } from "../../input.ts";
import { type CallNode, forEachParent, type NodeExtra, parentOf } from "../../node.ts";

/** A call of a function, the making of a live object, or a call of one of its methods. */
export type DrawnKind = "function" | "instance" | "method";

/** Why one node waits for another: it reads its value, uses the same live object next, asks it whether to run, or just comes later. */
export type EdgeKind = "data" | "state" | "condition" | "order";

/** One node of a drawing. */
export interface DrawnNode {
  /** Its name. */
  readonly name: string;
  /** What it calls. */
  readonly kind: DrawnKind;
}

/** One edge of a drawing. */
export interface DrawnEdge {
  /** Place of the node that comes first. */
  readonly from: number;
  /** Place of the node that waits for it. */
  readonly to: number;
  /** The strongest reason. */
  readonly kind: EdgeKind;
}

/** What a drawing shows. */
export interface Drawing {
  /** Name of the workflow. */
  readonly title: string;
  /** The nodes, in topological order. */
  readonly nodes: readonly DrawnNode[];
  /** The edges, in the order of the nodes that wait. */
  readonly edges: readonly DrawnEdge[];
}

/** Where several reasons hold, the strongest is drawn. */
const STRENGTH: Readonly<Record<EdgeKind, number>> = { state: 4, data: 3, condition: 2, order: 1 };

/** Nothing beyond the arguments. */
const ARGUMENTS_ONLY: NodeExtra = {};

/** What a drawing of `graph` shows. */
export function drawingOf(graph: NodeGraph, title: string): Drawing {
  graph.stamp();
  const nodes: DrawnNode[] = [];
  const edges: DrawnEdge[] = [];
  graph.members.forEach((node, to) => {
    nodes.push({ name: graph.names.at(to), kind: kindOf(node) });
    for (const [from, kind] of parentKinds(node, graph.extraAt(to))) edges.push({ from, to, kind });
  });
  return { title, nodes, edges };
}

function kindOf({ site }: CallNode): DrawnKind {
  return site.task.kind === "class" ? "instance" : site.task.kind;
}

function parentKinds(node: CallNode, extra: NodeExtra | undefined): Map<number, EdgeKind> {
  const kinds = new Map<number, EdgeKind>();
  const add = (parent: CallNode, kind: EdgeKind): void => {
    const known = kinds.get(parent.index);
    if (known === undefined || STRENGTH[kind] > STRENGTH[known]) kinds.set(parent.index, kind);
  };
  forEachParent(node, (parent) => add(parent, "data"), ARGUMENTS_ONLY);
  // The first node that a method call comes after is the use of its object before.
  extra?.after?.forEach((parent, i) => add(parent, extra.receiver !== undefined && i === 0 ? "state" : "order"));
  for (const { on } of extra?.when ?? []) if (!(on instanceof InputRef)) add(parentOf(on), "condition");
  return kinds;
}
