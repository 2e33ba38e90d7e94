/**
 * Graphs: which nodes a workflow has, in topological order, under which names. Built once and never changed; what happens to a
 * node later is not seen. Nothing here recurses on depth, and every step is linear in nodes and edges.
 *
 * @module
 */
import { joinEdgesOf } from "./control/joins_of.ts";
import { topologicalOrder } from "./graph_order.ts";
import type { JoinEdges, Joins } from "./join.ts";
import type { Scope } from "./options.ts";
import { NodeNames } from "./node_names.ts";
import { type CallNode, forEachParent, isLatestMark, newMark, type Node, type NodeExtra } from "./node.ts";

/** Lists of numbers, one a node, end to end: those of node `i` stand from `start[i]` to `start[i + 1]`. */
export interface Adjacency {
  /** Where each list starts; one longer than there are nodes. */
  readonly start: Int32Array;
  /** All lists. */
  readonly list: Int32Array;
}

/** The nodes of one workflow and their edges, by name. */
export interface Graph {
  /** Number of nodes. */
  readonly size: number;
  /** The names of the nodes, in topological order. */
  nodes(): string[];
  /** The edges as pairs of names, from the earlier node to the one that waits for it; each once, in topological order. */
  edges(): [from: string, to: string][];
}

/** The nodes of one workflow and their edges. */
export class NodeGraph implements Graph {
  /** The nodes, in topological order. */
  readonly members: readonly CallNode[];
  /** Names by place, and places by name. */
  readonly names: NodeNames;
  /** Whether there are nodes that make no call, and take values by other rules than calls do. */
  readonly hasControls: boolean;
  readonly #extras = new Map<number, NodeExtra>();
  #joins: Joins | undefined;
  #mark = -1;
  #parents: Adjacency | undefined;
  #children: Adjacency | undefined;

  /**
   * Collects the nodes of `targets` and puts them in order.
   *
   * @throws {GraphError} On duplicate names and cycles, naming them.
   */
  constructor(targets: readonly CallNode[], scope: Scope) {
    this.members = topologicalOrder(targets, scope);
    this.names = new NodeNames(this.members);
    this.#mark = newMark();
    let hasControls = false;
    for (let place = 0; place < this.members.length; place++) {
      const node = this.members[place]!;
      node.index = place;
      if (node.extra !== undefined) {
        this.#extras.set(place, node.extra);
        hasControls ||= node.extra.control !== undefined;
      }
      this.names.add(place, node);
    }
    this.hasControls = hasControls;
    this.names.check();
  }

  get size(): number {
    return this.members.length;
  }

  nodes(): string[] {
    return this.members.map((_, place) => this.names.at(place));
  }

  edges(): [from: string, to: string][] {
    const { start, list } = this.children();
    const edges: [string, string][] = [];
    for (let from = 0; from < this.size; from++) {
      for (let at = start[from]!; at < start[from + 1]!; at++) {
        edges.push([this.names.at(from), this.names.at(list[at]!)]);
      }
    }
    return edges;
  }

  /** Pairs of name and node, in topological order. */
  *entries(): Generator<[name: string, node: Node<unknown>]> {
    for (let place = 0; place < this.size; place++) yield [this.names.at(place), this.members[place]!];
  }

  /** Whether any node has more than task and arguments. */
  get hasExtras(): boolean {
    return this.#extras.size > 0;
  }

  /** What a node had beyond its task and arguments when the graph was built. */
  extraAt(place: number): NodeExtra | undefined {
    return this.#extras.size === 0 ? undefined : this.#extras.get(place);
  }

  /** The edges of control nodes, by place; `undefined` if there are none. */
  joins(): Joins | undefined {
    if (!this.hasControls || this.#joins !== undefined) return this.#joins;
    this.stamp();
    const joins = new Map<number, JoinEdges>();
    for (const [place, extra] of this.#extras) {
      if (extra.control !== undefined) joins.set(place, joinEdgesOf(this.members[place]!, extra, extra.control));
    }
    return this.#joins = joins;
  }

  /** Puts each member's place into its scratch field, for one synchronous traversal, unless it is still there. */
  stamp(): void {
    if (isLatestMark(this.#mark)) return;
    this.#mark = newMark();
    const { members } = this;
    for (let place = 0; place < members.length; place++) members[place]!.index = place;
  }

  /** The place of a node, or `undefined` if it is not in this graph. */
  placeOf(node: CallNode): number | undefined {
    const place = this.names.placeOf(node.name);
    if (place !== undefined && this.members[place] === node) return place;
    const found = this.members.indexOf(node);
    return found < 0 ? undefined : found;
  }

  /** For each node the places of those that it waits for, each once. */
  parents(): Adjacency {
    if (this.#parents !== undefined) return this.#parents;
    this.stamp();
    const { members } = this;
    const start = new Int32Array(members.length + 1);
    const seen = new Int32Array(members.length);
    let list = new Int32Array(members.length * 2 + 16);
    let length = 0;
    let of = 0;
    const visit = (parent: CallNode): void => {
      if (seen[parent.index] === of + 1) return;
      seen[parent.index] = of + 1;
      if (length === list.length) {
        const longer = new Int32Array(2 * length);
        longer.set(list);
        list = longer;
      }
      list[length++] = parent.index;
    };
    for (; of < members.length; of++) {
      start[of] = length;
      forEachParent(members[of]!, visit, this.extraAt(of));
    }
    start[members.length] = length;
    return this.#parents = { start, list: list.slice(0, length) };
  }

  /** For each node the places of those that wait for it, each once, ascending. */
  children(): Adjacency {
    return this.#children ??= reversed(this.parents());
  }
}

function reversed({ start, list }: Adjacency): Adjacency {
  const size = start.length - 1;
  const from = new Int32Array(size + 1);
  for (const parent of list) from[parent + 1]!++;
  for (let i = 0; i < size; i++) from[i + 1]! += from[i]!;
  const fill = from.slice();
  const result = new Int32Array(list.length);
  for (let child = 0; child < size; child++) {
    for (let at = start[child]!; at < start[child + 1]!; at++) result[fill[list[at]!]!++] = child;
  }
  return { start: from, list: result };
}
