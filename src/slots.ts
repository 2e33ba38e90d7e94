/**
 * Slots: where the arguments of a flat program come from, if it takes more than a look-up.
 *
 * @module
 */
import { GraphError } from "./errors.ts";
import { InputRef, inputValue } from "./input.ts";
import { CallNode, type Condition, ItemRef } from "./node.ts";
import { type CapturedRef, DeepArg, LiveArg } from "./stand_in.ts";

/** An argument that takes more than a look-up: the place of the node whose part it is, with the keys to it. */
export class ItemSlot {
  /** Takes the place and the item. */
  constructor(readonly place: number, readonly ref: ItemRef) {}
}

/** An argument of nested data: the slots of its references, in order. */
export class DeepSlot {
  /** Takes the argument with the slots of its references. */
  constructor(readonly arg: DeepArg, readonly slots: readonly (number | ItemSlot | ConstantSlot)[]) {}
}

/** An argument that is a list of nodes. */
export class ListSlot {
  /** Takes the places of the nodes. */
  constructor(readonly places: Int32Array) {}

  /** The list. */
  valuesFrom(values: readonly unknown[]): unknown[] {
    const { places } = this;
    const list = new Array<unknown>(places.length);
    for (let i = 0; i < places.length; i++) list[i] = values[places[i]!];
    return list;
  }
}

/** A part of the run's input inside nested data. */
export class ConstantSlot {
  /** Takes the part. */
  constructor(readonly value: unknown) {}
}

/** A condition of a node, made flat. */
export interface FlatCondition {
  /** The place of the node that it hangs on, or −1 if it hangs on the run's input. */
  readonly place: number;
  /** What it hangs on, as messages show it. */
  readonly label: string;
  /** Whether the node may run, given the values so far. */
  readonly holds: (values: readonly unknown[]) => boolean;
  /** The case of a branch that it stands for, if it does. */
  readonly inCase: string | undefined;
  /** Whether it stands for the iteration of a loop in which the node was made. */
  readonly inLoop: boolean;
}

/** Whether an argument is not passed as it is. */
export function isCompound(arg: object): arg is DeepArg | ItemRef | LiveArg | InputRef {
  return arg instanceof DeepArg || arg instanceof ItemRef || arg instanceof LiveArg || arg instanceof InputRef;
}

/** The place of the node that a slot looks up. */
export function placeOf(slot: number | ItemSlot): number {
  return typeof slot === "number" ? slot : slot.place;
}

/** A captured argument as a slot. `read` gives the place of a node, and notes that it is read; `input` is the run's. */
export function flatten(
  arg: DeepArg | ItemRef | LiveArg | InputRef,
  read: (node: CallNode) => number,
  input: unknown,
): number | ItemSlot | ListSlot | DeepSlot | ConstantSlot {
  if (!(arg instanceof DeepArg)) return flattenRef(arg, read, input);
  if (arg.shape === "list") {
    const places = new Int32Array(arg.refs.length);
    arg.refs.forEach((ref, i) => {
      if (ref instanceof CallNode) places[i] = read(ref);
    });
    return new ListSlot(places);
  }
  return new DeepSlot(arg, arg.refs.map((ref) => flattenRef(ref, read, input)));
}

function flattenRef(
  ref: CapturedRef,
  read: (node: CallNode) => number,
  input: unknown,
): number | ItemSlot | ConstantSlot {
  if (ref instanceof InputRef) return new ConstantSlot(inputValue(input, ref));
  if (ref instanceof ItemRef) return new ItemSlot(read(ref.node), ref);
  return read(ref instanceof LiveArg ? ref.maker : ref);
}

/** A condition made flat. */
export function flatCondition(
  { on, predicate, inCase, inLoop = false }: Condition,
  read: (node: CallNode) => number,
  input: unknown,
): FlatCondition {
  if (on instanceof InputRef) {
    return { place: -1, label: on.label, holds: () => predicate(inputValue(input, on)), inCase, inLoop };
  }
  if (on instanceof ItemRef) {
    const place = read(on.node);
    return { place, label: on.label, holds: (values) => predicate(itemValue(values[place], on)), inCase, inLoop };
  }
  const place = read(on);
  return { place, label: on.name, holds: (values) => predicate(values[place]), inCase, inLoop };
}

/**
 * The part of a value that an item names.
 *
 * @throws {GraphError} If there is no such place in an array, or nothing to look into.
 */
export function itemValue(value: unknown, item: ItemRef): unknown {
  let part = value;
  for (const key of item.path) {
    if (part === null || part === undefined) {
      throw new GraphError(
        `Item \`${item.label}\` looks for ${JSON.stringify(String(key))} in ${String(part)}; ` +
          `the result of \`${item.node.name}\` does not have that part.`,
        { node: item.node.name },
      );
    }
    if (Array.isArray(part) || ArrayBuffer.isView(part) && !(part instanceof DataView)) {
      const length = Number(Reflect.get(part, "length"));
      if (key !== "length" && !(Number.isInteger(Number(key)) && Number(key) >= 0 && Number(key) < length)) {
        throw new GraphError(
          `Item \`${item.label}\` is out of range: the result of \`${item.node.name}\` has ${length} elements there.`,
          { node: item.node.name },
        );
      }
    }
    part = Reflect.get(Object(part), key, part);
  }
  return part;
}
