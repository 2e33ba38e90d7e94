/**
 * Which nodes a graph has, and their topological order: the order in which they were made, unless `after` or `when` named a
 * node that was made later.
 *
 * @module
 */
import { inOrderOfCreation } from "./component.ts";
import { GraphError } from "./errors.ts";
import { type CallNode, forEachParent, newMark } from "./node.ts";
import type { Scope } from "./options.ts";

/** A pass over a component is given up for a search when it meets this many nodes for each that is needed. */
const SPARSE = 8;

/**
 * The nodes of a graph, each after those that it waits for; the same order every time.
 *
 * @throws {GraphError} On a cycle, naming its nodes.
 */
export function topologicalOrder(targets: readonly CallNode[], scope: Scope): CallNode[] {
  const needed = scope === "ancestors" ? targets : belowRootsOf(targets);
  return passedBackwards(needed) ?? searched(needed);
}

/**
 * What the targets need, found in one pass over their component from the latest node back; `undefined` if the graph is not within
 * one component, if a node waits for a later one, or if little of the component is needed.
 */
function passedBackwards(targets: readonly CallNode[]): CallNode[] | undefined {
  const component = targets[0]?.component;
  const nodes = component?.inOrder();
  if (nodes === undefined) return undefined;
  const mark = newMark();
  let child = Infinity;
  let ahead = 0;
  let fits = true;
  const need = (node: CallNode): void => {
    if (node.component !== component || node.id >= child) fits = false;
    if (node.index === mark) return;
    node.index = mark;
    ahead++;
  };
  for (let i = 0; i < targets.length; i++) need(targets[i]!);
  let first = nodes.length;
  let found = 0;
  while (fits && ahead > 0) {
    const node = nodes[--first]!;
    if (node.index === mark) {
      ahead--;
      found++;
      child = node.id;
      forEachParent(node, need);
    } else if (nodes.length - first > SPARSE * found + 1024) fits = false;
  }
  if (!fits) return undefined;
  const ordered = new Array<CallNode>(found);
  for (let at = first, place = 0; place < found; at++) {
    const node = nodes[at]!;
    if (node.index === mark) ordered[place++] = node;
  }
  return ordered;
}

/** What the targets need, found from node to node. */
function searched(targets: readonly CallNode[]): CallNode[] {
  const { nodes, laterParent } = ancestorsOf(targets);
  const ordered = inOrderOfCreation(nodes);
  return laterParent ? byDependency(ordered) : ordered;
}

/** The given nodes and all that they wait for, each once; and whether one of them waits for a node that was made after it. */
function ancestorsOf(from: readonly CallNode[]): { nodes: CallNode[]; laterParent: boolean } {
  const mark = newMark();
  const nodes: CallNode[] = [];
  let child = Infinity;
  let laterParent = false;
  const visit = (node: CallNode): void => {
    if (node.id >= child) laterParent = true;
    if (node.index === mark) return;
    node.index = mark;
    nodes.push(node);
  };
  for (let i = 0; i < from.length; i++) visit(from[i]!);
  for (let i = 0; i < nodes.length; i++) {
    child = nodes[i]!.id;
    forEachParent(nodes[i]!, visit);
  }
  return { nodes, laterParent };
}

/** The roots of the targets, and all that waits for them within their naming scopes, directly or not. */
function belowRootsOf(targets: readonly CallNode[]): CallNode[] {
  const roots = ancestorsOf(targets).nodes.filter(isRoot);
  const components = new Set(roots.flatMap(({ component }) => component ?? []));
  const nodes = [...components].flatMap((component) => component.nodes);
  nodes.forEach((node, place) => node.index = place);
  const children = nodes.map((): CallNode[] => []);
  for (const node of nodes) {
    forEachParent(node, (parent) => {
      if (parent.component === node.component) children[parent.index]!.push(node);
    });
  }
  const below = new Set(roots);
  for (const node of below) {
    if (node.component !== undefined) children[node.index]!.forEach((child) => below.add(child));
  }
  return [...below];
}

function isRoot(node: CallNode): boolean {
  let parents = 0;
  forEachParent(node, () => parents++);
  return parents === 0;
}

/** Depth-first, parents before children; a node that is met while it is still open closes a cycle. */
function byDependency(nodes: readonly CallNode[]): CallNode[] {
  const opened = newMark();
  const closed = newMark();
  const ordered: CallNode[] = [];
  for (const start of nodes) {
    if (start.index === closed) continue;
    const path: { node: CallNode; parents: readonly CallNode[]; next: number }[] = [];
    const enter = (node: CallNode): void => {
      node.index = opened;
      path.push({ node, parents: node.parents, next: 0 });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const parent = top.parents[top.next++];
      if (parent === undefined) {
        top.node.index = closed;
        ordered.push(top.node);
        path.pop();
      } else if (parent.index === opened) {
        throw cycleError(path.map(({ node }) => node), parent);
      } else if (parent.index !== closed) enter(parent);
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
