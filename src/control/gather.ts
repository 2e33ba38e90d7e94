/**
 * The node that gathers the items of a map.
 *
 * @module
 */
import type { CallNode, ItemRef } from "../node.ts";
import { controlNode, controlTask } from "./control_node.ts";
import type { MapBody } from "./map_body.ts";

/** How one item of a map has ended. */
export type SettledItem<T> =
  | {
    /** It has a value. */
    readonly status: "fulfilled";
    /** The value. */
    readonly value: T;
  }
  | {
    /** It failed. */
    readonly status: "rejected";
    /** What it failed with. */
    readonly reason: unknown;
  }
  | {
    /** It was skipped. */
    readonly status: "skipped";
  };

const info = controlTask("gather", gather);

/** The node that takes the values of all items of a map. */
export function gather(body: MapBody, items: readonly (CallNode | ItemRef)[]): CallNode {
  return controlNode(info, { kind: "gather", body }, items);
}
