/**
 * Drawings as SVG, laid out by Graphviz as WebAssembly.
 *
 * @module
 */
import { ConfigError } from "../../errors.ts";
import type { NodeGraph } from "../../graph.ts";

/** Sizes that Graphviz lays out in seconds; beyond them it takes minutes, and the thread with it. */
const MOST_NODES = 5_000;
const MOST_EDGE_LENGTH = 20_000;

/**
 * Refuses a graph that Graphviz would not lay out in reasonable time.
 *
 * @param edgeLength Rows that all edges cross together.
 * @throws {ConfigError} If there are too many nodes, or edges that are too long.
 */
export function checkSize(graph: NodeGraph, edgeLength: number, workflow: string): void {
  const count = (number: number) => number.toLocaleString("en");
  const refuse = (what: string): never => {
    throw new ConfigError(
      `The graph of workflow \`${workflow}\` has ${what}, which is too much to draw as SVG: draw a part of it by naming other ` +
        "targets, or give toDot() to a program for large graphs.",
      { workflow },
    );
  };
  if (graph.size > MOST_NODES) refuse(`${count(graph.size)} nodes, more than ${count(MOST_NODES)}`);
  if (edgeLength > MOST_EDGE_LENGTH) {
    refuse(`edges that cross ${count(edgeLength)} rows together, more than ${count(MOST_EDGE_LENGTH)}`);
  }
}

/** Lays out a graph in DOT. It keeps the thread until it is done, and can only be given up before. */
export async function layOut(dot: string, signal: AbortSignal | undefined): Promise<string> {
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz");
  const graphviz = await Graphviz.load();
  signal?.throwIfAborted();
  return graphviz.layout(dot, "svg", "dot");
}
