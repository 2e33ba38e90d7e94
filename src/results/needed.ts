/**
 * What a run needs: from the targets upwards, what runs needs what is above it; what is stored does not.
 *
 * @module
 */
import type { Decision, DecisionSetup } from "./decisions.ts";

/** How a node is needed: not at all, perhaps, because it brings one of several values of which the first is taken, or for certain. */
enum Need {
  None,
  Perhaps,
  Certain,
}

/** Decides again about nodes that nothing needs, or perhaps nothing. Without `hasStorage` only about the latter. */
export function leaveUnneeded(setup: DecisionSetup, decisions: Decision[], hasStorage: boolean): void {
  const { program } = setup;
  const { graph } = program;
  if (!hasStorage && !graph.hasControls) return;
  const need = new Uint8Array(graph.size);
  /** The node for which a node is needed perhaps. */
  const takers = new Map<number, string>();
  const ask = (place: number, how: Need, taker: string | undefined): void => {
    if (need[place] === Need.None && how === Need.Perhaps && taker !== undefined) takers.set(place, taker);
    if (need[place]! < how) need[place] = how;
  };
  for (const { place } of program.targets) need[place] = Need.Certain;
  const children = graph.children();
  const parents = graph.parents();
  const isStored = (place: number): boolean => decisions[place]!.action === "stored";
  for (let place = decisions.length - 1; place >= 0; place--) {
    const decision = decisions[place]!;
    const isLeaf = children.start[place] === children.start[place + 1];
    if (setup.isLogged(place) || setup.wholeGraph && isLeaf) need[place] = Need.Certain;
    if (decision.action === "stored") continue;
    const how: Need = need[place]!;
    if (hasStorage && how === Need.None) {
      decisions[place] = { action: "unneeded", reasons: [{ kind: "unneeded" }], stored: false };
      continue;
    }
    const taker = takers.get(place);
    if (how === Need.Perhaps && taker !== undefined) {
      const reasons = [...decision.reasons, { kind: "first-of", node: taker } as const];
      decisions[place] = { action: "maybe", reasons, stored: false };
    }
    const edges = graph.joins()?.get(place);
    // A stored value is there before any other.
    const first = edges?.join === "any" ? [...edges.data].find(isStored) : undefined;
    for (let at = parents.start[place]!; at < parents.start[place + 1]!; at++) {
      const parent = parents.list[at]!;
      if (edges?.join !== "any" || edges.strict.has(parent)) ask(parent, how, taker);
      else if (first === undefined) ask(parent, Need.Perhaps, graph.names.at(place));
      else if (first === parent) ask(parent, how, taker);
    }
  }
}
