/**
 * What a drawing of a graph shows: its nodes and each edge once, with the reason for it.
 *
 * @module
 */
import type { NodeGraph } from "../../graph.ts";
import { InputRef } from "../../input.ts";
import { type Control, isWaiting, type WaitingControl } from "../../control/control.ts";
import { type CallNode, forEachParent, nodeBehind, type NodeExtra, parentOf } from "../../node.ts";

/** A call of a function, the making of a live object, a call of one of its methods, or a node that makes no call. */
export type DrawnKind = "function" | "instance" | "method" | "control";

/**
 * Why one node waits for another: it reads its value, uses the same live object next, asks it whether to run, or just comes later. What a
 * control node takes is optional, one of any, or the value of a case or an iteration.
 */
export type EdgeKind = "data" | "state" | "condition" | "order" | "optional" | "any" | "case";

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
  /** The cases of a branch, or iterations of a loop, that it stands for; empty if it stands for none. */
  readonly label: string;
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
const STRENGTH: Readonly<Record<EdgeKind, number>> = {
  state: 5,
  data: 4,
  case: 3,
  any: 3,
  optional: 3,
  condition: 2,
  order: 1,
};

/** Nothing beyond the arguments. */
const ARGUMENTS_ONLY: NodeExtra = {};

/** What a drawing of `graph` shows. */
export function drawingOf(graph: NodeGraph, title: string): Drawing {
  graph.stamp();
  const nodes: DrawnNode[] = [];
  const edges: DrawnEdge[] = [];
  graph.members.forEach((node, to) => {
    nodes.push({ name: graph.names.at(to), kind: kindOf(node) });
    for (const [from, { kind, cases }] of parentKinds(node, graph.extraAt(to))) {
      edges.push({ from, to, kind, label: cases.join(", ") });
    }
  });
  return { title, nodes, edges };
}

function kindOf({ site }: CallNode): DrawnKind {
  return site.task.kind === "class" ? "instance" : site.task.kind;
}

interface Reasons {
  kind: EdgeKind;
  readonly cases: string[];
}

function parentKinds(node: CallNode, extra: NodeExtra | undefined): Map<number, Reasons> {
  const kinds = new Map<number, Reasons>();
  const add = (parent: CallNode, kind: EdgeKind, inCase?: string): void => {
    const known = kinds.get(parent.index);
    const cases = inCase === undefined ? [] : [inCase];
    if (known === undefined) kinds.set(parent.index, { kind, cases });
    else {
      known.cases.push(...cases);
      if (STRENGTH[kind] > STRENGTH[known.kind]) known.kind = kind;
    }
  };
  if (extra?.control === undefined || isWaiting(extra.control)) {
    forEachParent(node, (parent) => add(parent, "data"), ARGUMENTS_ONLY);
  } else addTaken(node, extra.control, add);
  // The first node that a method call comes after is the use of its object before.
  extra?.after?.forEach((parent, i) => add(parent, extra.receiver !== undefined && i === 0 ? "state" : "order"));
  for (const { on, inCase } of extra?.when ?? []) {
    if (!(on instanceof InputRef)) add(parentOf(on), "condition", inCase);
  }
  return kinds;
}

/** What a control node takes. */
function addTaken(
  node: CallNode,
  control: Exclude<Control, WaitingControl>,
  add: (parent: CallNode, kind: EdgeKind, inCase?: string) => void,
): void {
  for (let i = 0; i < node.argumentCount; i++) {
    const parent = nodeBehind(node.argumentAt(i));
    if (parent === undefined) continue;
    switch (control.kind) {
      case "optional":
        add(parent, "optional");
        break;
      case "anyOf":
        add(parent, "any");
        break;
      case "branch":
        if (i === 0) add(parent, "data");
        else add(parent, "case", control.cases[i - 1]);
        break;
      case "gather":
        add(parent, "optional");
        break;
      case "repeatUntil":
        add(parent, "case", String(i));
        break;
      case "initial":
        break;
    }
  }
}
