/**
 * Which signals the nodes of a graph wait for.
 *
 * @module
 */
import { NotFoundError } from "../errors.ts";
import type { NodeGraph } from "../graph.ts";

/** The names of signals that a graph waits for; `undefined` if one of them is known only in the run. */
export function signalNames(graph: NodeGraph): string[] | undefined {
  if (!graph.hasControls) return [];
  const names = new Set<string>();
  for (let place = 0; place < graph.size; place++) {
    if (graph.extraAt(place)?.control?.kind !== "waitForSignal") continue;
    const name = graph.members[place]!.argumentAt(0);
    if (typeof name !== "string") return undefined;
    names.add(name);
  }
  return [...names];
}

/** The error of a signal that no node waits for. */
export function unknownSignal(name: string, workflow: string, names: readonly string[]): NotFoundError {
  const known = names.length === 0
    ? "it waits for none"
    : `it waits for ${names.map((known) => JSON.stringify(known)).join(", ")}`;
  return new NotFoundError(
    `No node of workflow \`${workflow}\` waits for the signal ${JSON.stringify(name)}; ${known}.`,
    { workflow },
  );
}
