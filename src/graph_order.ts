/**
 * Which nodes a graph has, and their topological order: the order in which they were made, unless `after` or `when` named a
 * node that was made later.
 *
 * @module
 */
import { GraphError } from "./errors.ts";
import { type CallNode, forEachParent, newMark } from "./node.ts";
import type { Scope } from "./graph.ts";

/** The nodes of a graph in the order in which they were found. */
interface Collection {
  readonly nodes: CallNode[];
  /** The least id. */
  readonly least: number;
  /** The greatest id. */
  readonly most: number;
  /** Whether a node waits for one that was made after it. */
  readonly laterParent: boolean;
}

/** Up to this many ids a node, order is found by placing nodes in a table; beyond it by sorting. */
const SPARSE = 8;

/**
 * The nodes of a graph, each after those that it waits for; the same order every time.
 *
 * @throws {GraphError} On a cycle, naming its nodes.
 */
export function topologicalOrder(targets: readonly CallNode[], scope: Scope): CallNode[] {
  const found = collect(scope === "ancestors" ? targets : belowRootsOf(targets));
  const ordered = byCreation(found);
  return found.laterParent ? byDependency(ordered) : ordered;
}

/** The given nodes and all that they wait for, directly or not, each once. */
function collect(from: readonly CallNode[]): Collection {
  const mark = newMark();
  const nodes: CallNode[] = [];
  let [least, most] = [Infinity, -Infinity];
  let laterParent = false;
  let id = Infinity;
  const visit = (node: CallNode): void => {
    if (node.id >= id) laterParent = true;
    if (node.mark === mark) return;
    node.mark = mark;
    if (node.id < least) least = node.id;
    if (node.id > most) most = node.id;
    nodes.push(node);
  };
  for (let i = 0; i < from.length; i++) visit(from[i]!);
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    id = node.id;
    forEachParent(node, visit);
  }
  return { nodes, least, most, laterParent };
}

function belowRootsOf(targets: readonly CallNode[]): CallNode[] {
  const open = collect(targets).nodes.filter(isRoot);
  const mark = newMark();
  for (const root of open) root.mark = mark;
  const below: CallNode[] = [];
  const visit = (node: CallNode): void => {
    if (node.mark === mark) return;
    node.mark = mark;
    open.push(node);
  };
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    below.push(node);
    node.forEachChild(visit);
  }
  return below;
}

function isRoot(node: CallNode): boolean {
  let parents = 0;
  forEachParent(node, () => parents++);
  return parents === 0;
}

function byCreation({ nodes, least, most }: Collection): CallNode[] {
  const count = nodes.length;
  if (count === 0 || most - least >= SPARSE * count + 1024) return nodes.sort((a, b) => a.id - b.id);
  const table = new Array<CallNode | undefined>(most - least + 1);
  for (let i = 0; i < count; i++) table[nodes[i]!.id - least] = nodes[i]!;
  for (let at = 0, place = 0; place < count; at++) {
    const node = table[at];
    if (node !== undefined) nodes[place++] = node;
  }
  return nodes;
}

/** Depth-first, parents before children; a node that is met while it is still open closes a cycle. */
function byDependency(nodes: readonly CallNode[]): CallNode[] {
  const opened = newMark();
  const closed = newMark();
  const ordered: CallNode[] = [];
  for (const start of nodes) {
    if (start.mark === closed) continue;
    const path: { node: CallNode; parents: readonly CallNode[]; next: number }[] = [];
    const enter = (node: CallNode): void => {
      node.mark = opened;
      path.push({ node, parents: node.parents, next: 0 });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent === undefined) {
        top.node.mark = closed;
        ordered.push(top.node);
        path.pop();
      } else if (parent.mark === opened) {
        throw cycleError(path.map(({ node }) => node), parent);
      } else if (parent.mark !== closed) enter(parent);
    }
  }
  return ordered;
}

function cycleError(path: readonly CallNode[], closing: CallNode): GraphError {
  const cycle = path.slice(path.indexOf(closing)).reverse();
  const names = cycle.slice(0, 10).map(({ name }) => `\`${name}\``);
  if (cycle.length > 10) names.push(`… ${cycle.length - 10} more`);
  return new GraphError(
    `The graph has a cycle: ${names.join(" → ")} → ${names[0]}; ` +
      `an after() or when() names a node that itself waits for this one.`,
    { node: closing.name },
  );
}
