/**
 * How much there is to lay out: Graphviz gives an edge a place on every row that it crosses, so what a drawing takes grows with
 * the rows between the ends of its edges, not with their number.
 *
 * @module
 */
import type { Adjacency, NodeGraph } from "../../graph.ts";

/** How often nodes are moved towards their neighbours. */
const SWEEPS = 2;

/** The rows that all edges cross together, each row once an edge: a little more than a layout will need. */
export function totalEdgeLength(graph: NodeGraph): number {
  const parents = graph.parents();
  const children = graph.children();
  const rows = new Int32Array(graph.size);
  for (let place = 0; place < graph.size; place++) rows[place] = lowestRow(parents, place, rows);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let place = graph.size - 1; place >= 0; place--) {
      if (degree(children, place) > degree(parents, place)) rows[place] = highestRow(children, place, rows);
    }
    for (let place = 0; place < graph.size; place++) {
      if (degree(parents, place) > degree(children, place)) rows[place] = lowestRow(parents, place, rows);
    }
  }
  let length = 0;
  for (let place = 0; place < graph.size; place++) {
    for (let at = parents.start[place]!; at < parents.start[place + 1]!; at++) {
      length += rows[place]! - rows[parents.list[at]!]!;
    }
  }
  return length;
}

function degree({ start }: Adjacency, place: number): number {
  return start[place + 1]! - start[place]!;
}

function lowestRow({ start, list }: Adjacency, place: number, rows: Int32Array): number {
  let row = 0;
  for (let at = start[place]!; at < start[place + 1]!; at++) row = Math.max(row, rows[list[at]!]! + 1);
  return row;
}

function highestRow({ start, list }: Adjacency, place: number, rows: Int32Array): number {
  let row = Infinity;
  for (let at = start[place]!; at < start[place + 1]!; at++) row = Math.min(row, rows[list[at]!]! - 1);
  return row;
}
