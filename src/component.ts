/**
 * Components: the nodes of one naming scope that hang together, whichever way their edges go. They lead from a node to what waits
 * for it, and tell the order in which nodes were made, for one place in a list a node.
 *
 * @module
 */
import type { CallNode } from "./node.ts";

/** Up to this many ids a node, order is found by placing nodes in a table; beyond it by sorting. */
const SPARSE = 8;

/** Nodes that hang together. */
export class Component {
  readonly #nodes: CallNode[];
  #isOrdered = true;
  /** The least and the greatest id of a node. */
  #least: number;
  #most: number;
  /** How many nodes there were when they were put in order. */
  #putInOrder = 0;

  /** Begins with one node. */
  constructor(node: CallNode) {
    this.#nodes = [node];
    this.#least = this.#most = node.id;
    node.component = this;
  }

  /** The nodes, in no order. */
  get nodes(): readonly CallNode[] {
    return this.#nodes;
  }

  /** The nodes in the order in which they were made; `undefined` if they are not, and too few are new for it to pay. */
  inOrder(): readonly CallNode[] | undefined {
    if (this.#isOrdered) return this.#nodes;
    if (this.#nodes.length < 2 * this.#putInOrder) return undefined;
    putInOrder(this.#nodes, this.#least, this.#most);
    this.#putInOrder = this.#nodes.length;
    this.#isOrdered = true;
    return this.#nodes;
  }

  /** Takes a node that is in no component, or in one that is given up. */
  add(node: CallNode): void {
    const { id } = node;
    if (id > this.#most) this.#most = id;
    else {
      this.#isOrdered = false;
      if (id < this.#least) this.#least = id;
    }
    this.#nodes.push(node);
    node.component = this;
  }
}

/**
 * Notes that two nodes hang together, if they are of one naming scope. Others are not noted: a node that lives as long as the
 * process would keep every graph that was ever built on it.
 */
export function join(child: CallNode, parent: CallNode): void {
  const { component } = parent;
  if (component !== undefined && component === child.component) return;
  if (child === parent || child.site.scope !== parent.site.scope) return;
  if (child.component === undefined) (component ?? new Component(parent)).add(child);
  else if (component === undefined) child.component.add(parent);
  else if (component.nodes.length < child.component.nodes.length) moveAll(component, child.component);
  else moveAll(child.component, component);
}

function moveAll({ nodes }: Component, to: Component): void {
  for (let i = 0; i < nodes.length; i++) to.add(nodes[i]!);
}

/** Puts nodes in the order in which they were made; takes linear time unless their ids are far apart. */
export function inOrderOfCreation(nodes: CallNode[]): CallNode[] {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < nodes.length; i++) {
    const { id } = nodes[i]!;
    if (id < least) least = id;
    if (id > most) most = id;
  }
  return putInOrder(nodes, least, most);
}

function putInOrder(nodes: CallNode[], least: number, most: number): CallNode[] {
  if (nodes.length === 0 || most - least >= SPARSE * nodes.length + 1024) return nodes.sort((a, b) => a.id - b.id);
  const table = new Array<CallNode | undefined>(most - least + 1);
  for (let i = 0; i < nodes.length; i++) table[nodes[i]!.id - least] = nodes[i]!;
  for (let at = 0, place = 0; place < nodes.length; at++) {
    const node = table[at];
    if (node !== undefined) nodes[place++] = node;
  }
  return nodes;
}
