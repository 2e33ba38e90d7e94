/**
 * What nobody can promise of a node: that it runs, if something above it may be skipped.
 *
 * @module
 */
import type { Decision, DecisionSetup } from "./decisions.ts";
import type { PlanReason } from "./plan.ts";

/**
 * A node that hangs on a condition, or on a node that does, may be skipped, so that nobody can promise that it runs, nor that a
 * result that was made from the same inputs still stands for it.
 */
export function onCondition(
  setup: DecisionSetup,
  place: number,
  own: Decision,
  decisions: readonly Decision[],
  uncertain: Uint8Array,
): Decision {
  const { program } = setup;
  const reasons = (program.conditions.get(place) ?? []).map(({ label: node, inCase, inLoop }): PlanReason => {
    if (inLoop) return { kind: "loop", node };
    return inCase === undefined ? { kind: "condition", node } : { kind: "case", node, case: inCase };
  });
  const isUncertain = (parent: number): boolean => uncertain[parent] === 1 && decisions[parent]!.action === "maybe";
  for (const parent of decisiveFor(setup, place, isUncertain)) {
    uncertain[place] = 1;
    const node = program.graph.names.at(parent);
    if (!own.reasons.some((reason) => reason.kind === "upstream" && reason.node === node)) {
      reasons.push({ kind: "upstream", node, action: "maybe" });
    }
  }
  if (reasons.length === 0) return own;
  uncertain[place] = 1;
  return { action: "maybe", reasons: [...own.reasons, ...reasons], stored: false };
}

/** Those of the uncertain parents of a node that make it uncertain: a control node may do without some. */
function decisiveFor(
  { program: { graph } }: DecisionSetup,
  place: number,
  isUncertain: (parent: number) => boolean,
): number[] {
  const { start, list } = graph.parents();
  const uncertain = [...list.subarray(start[place], start[place + 1])].filter(isUncertain);
  const edges = uncertain.length === 0 ? undefined : graph.joins()?.get(place);
  if (edges === undefined) return uncertain;
  const canDoWithout = edges.join === "any" ? [...edges.data].some((parent) => !isUncertain(parent)) : edges.absorbs;
  return canDoWithout ? uncertain.filter((parent) => edges.strict.has(parent)) : uncertain;
}
