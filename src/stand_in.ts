/**
 * What stands for a value without being a node: instances, and captured arguments.
 *
 * @module
 */
import type { InputRef } from "./input.ts";
import type { CallNode, ItemRef } from "./node.ts";

/** What stands behind an instance: the node that makes the object, and the latest node that used it. */
export interface LiveObject {
  /** Makes the object. */
  readonly maker: CallNode;
  /** The node that used the object last, in program order; the next one waits for it. */
  last: CallNode;
}

/** The key under which a stand-in keeps what it stands for. */
export const liveObject: unique symbol = Symbol("fusewire.liveObject");

/** Parent of everything that is not a node but stands for one: instances, and the input of a definition. */
export class StandIn {
  /** What it stands for. */
  readonly [liveObject]: LiveObject;

  /** Stands for what `maker` makes. */
  constructor(maker: CallNode) {
    this[liveObject] = { maker, last: maker };
  }
}

/** An argument that is a live object: its value comes from `maker`, its place in the order from `last`. */
export class LiveArg {
  /** The latest use when the argument was given. */
  readonly last: CallNode;

  /** Stands for the object as it is used now. */
  constructor(readonly object: LiveObject) {
    this.last = object.last;
  }

  /** The node that makes the object. */
  get maker(): CallNode {
    return this.object.maker;
  }
}

/** A reference inside an argument. */
export type CapturedRef = CallNode | ItemRef | LiveArg | InputRef;

/**
 * How the copy of an argument was walked, and so how it is filled: a list of nodes and nothing else; a small tree; or anything,
 * perhaps with a container that stands in it twice.
 */
export type DeepShape = "list" | "small" | "tree" | "shared";

/** An argument of plain arrays and objects with references inside: a private copy, and the references in order of visit. */
export class DeepArg {
  /** In a list the copy is the references. */
  constructor(readonly template: object, readonly refs: readonly CapturedRef[], readonly shape: DeepShape) {}
}
