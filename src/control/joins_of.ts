/**
 * The edges of the control nodes of a graph.
 *
 * @module
 */
import { InputRef } from "../input.ts";
import type { JoinEdges } from "../join.ts";
import { CallNode, forEachParent, ItemRef, type NodeExtra, parentOf } from "../node.ts";
import { type Control, isWaiting } from "./control.ts";

/** The edges of one control node. The nodes of its graph bear their places. */
export function joinEdgesOf(node: CallNode, extra: NodeExtra, control: Control): JoinEdges {
  const data = new Set<number>();
  const strict = new Set<number>();
  if (isWaiting(control)) {
    forEachParent(node, (parent) => strict.add(parent.index), extra);
    return { join: "settled", absorbs: false, data, strict };
  }
  const add = (ref: unknown, to: Set<number>): void => {
    if (ref instanceof CallNode || ref instanceof ItemRef) to.add(parentOf(ref).index);
  };
  for (let i = 0, count = node.argumentCount; i < count; i++) {
    add(node.argumentAt(i), control.kind === "branch" && i === 0 ? strict : data);
  }
  for (const parent of extra.after ?? []) strict.add(parent.index);
  for (const { on } of extra.when ?? []) if (!(on instanceof InputRef)) add(on, strict);
  switch (control.kind) {
    case "optional":
    case "gather":
      return { join: "settled", absorbs: true, data, strict };
    case "anyOf":
      return { join: "any", absorbs: false, data, strict };
    case "branch":
    case "repeatUntil":
    case "initial":
      return { join: "settled", absorbs: false, data, strict };
  }
}
