/**
 * Programs: a graph made flat, so that running it costs little a node. Every argument is a slot: the place of the node whose
 * value it is, or the complement of the place of a constant.
 *
 * @module
 */
import { instantiate } from "./arguments.ts";
import type { NodeGraph } from "./graph.ts";
import { CallNode, type ItemRef } from "./node.ts";
import {
  ConstantSlot,
  DeepSlot,
  type FlatCondition,
  flatCondition,
  flatten,
  isCompound,
  ItemSlot,
  itemValue,
  ListSlot,
  placeOf,
} from "./slots.ts";
import type { TaskInfo } from "./task_info.ts";

/** What a workflow gives back: the value of a node, or of a part of it. */
export interface FlatTarget {
  /** The place of the node. */
  readonly place: number;
  /** The part, or all of it. */
  readonly item: ItemRef | undefined;
}

/** One argument of a node, as the content cache looks at it. */
export type ProgramInput =
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "node"; readonly place: number }
  | {
    readonly kind: "parts";
    /** The nodes whose values, or parts of them, stand in the argument. */
    readonly places: readonly number[];
    /** The argument with something of the caller's in place of each of them. */
    readonly fill: (valueOf: (place: number, path: readonly PropertyKey[]) => unknown) => unknown;
  };

/** A graph made flat. It holds no state of a run, so that many can use it at once. */
export class Program {
  /** The tasks of all nodes. */
  readonly tasks: ReadonlySet<TaskInfo>;
  /** What is called, by place. */
  readonly calls: readonly ((...args: unknown[]) => unknown)[];
  /** Where each node's slots start; one longer than there are nodes. */
  readonly slotStart: Int32Array;
  /** The slots of all nodes. */
  readonly slots: Int32Array;
  /** What the negative slots name. */
  readonly constants: readonly unknown[];
  /** 1 where every slot is a plain look-up. */
  readonly simple: Uint8Array;
  /** The place of the last node that reads a value; the number of nodes for a target; −1 where nobody reads it. */
  readonly lastReader: Int32Array;
  /** Conditions of those nodes that have any. */
  readonly conditions: ReadonlyMap<number, readonly FlatCondition[]>;

  /**
   * Makes `graph` flat. `replaced` gives other functions for some nodes; `targets` are kept to the end; `input` is the value of
   * a definition's input.
   */
  constructor(
    readonly graph: NodeGraph,
    readonly targets: readonly FlatTarget[],
    replaced: ReadonlyMap<CallNode, (...args: unknown[]) => unknown>,
    input: unknown,
  ) {
    const { members, size } = graph;
    graph.stamp();
    const calls: ((...args: unknown[]) => unknown)[] = new Array(size);
    const slotStart = new Int32Array(size + 1);
    let slots = new Int32Array(size * 2 + 4);
    const constants = new Array<unknown>(size);
    let constantCount = 0;
    const simple = new Uint8Array(size);
    const lastReader = new Int32Array(size).fill(-1);
    const conditions = new Map<number, FlatCondition[]>();
    const tasks = new Set<TaskInfo>();
    let latest: TaskInfo | undefined;
    let length = 0;
    const push = (slot: number): void => {
      if (length === slots.length) {
        const longer = new Int32Array(2 * length);
        longer.set(slots);
        slots = longer;
      }
      slots[length++] = slot;
    };
    let place = 0;
    const read = (parent: CallNode): number => {
      lastReader[parent.index] = place;
      return parent.index;
    };
    for (; place < size; place++) {
      const node = members[place]!;
      const extra = graph.extraAt(place);
      slotStart[place] = length;
      const { task } = node.site;
      if (task !== latest) tasks.add(latest = task);
      calls[place] = replaced.size === 0 ? task.call : callOf(node, replaced);
      let allPlain = 1;
      if (extra?.receiver !== undefined) push(read(extra.receiver));
      for (let i = 0, count = node.argumentCount; i < count; i++) {
        const arg = node.argumentAt(i);
        if (arg instanceof CallNode) {
          push(arg.index);
          lastReader[arg.index] = place;
        } else if (typeof arg === "object" && arg !== null && isCompound(arg)) {
          const slot = flatten(arg, read, input);
          if (typeof slot === "number") push(slot);
          else {
            if (!(slot instanceof ConstantSlot)) allPlain = 0;
            push(~constantCount);
            constants[constantCount++] = slot instanceof ConstantSlot ? slot.value : slot;
          }
        } else {
          push(~constantCount);
          constants[constantCount++] = arg;
        }
      }
      if (extra?.when !== undefined) {
        conditions.set(
          place,
          extra.when.map((condition) => flatCondition(condition, read, input)),
        );
      }
      simple[place] = allPlain;
    }
    slotStart[size] = length;
    constants.length = constantCount;
    for (const { place } of targets) lastReader[place] = size;
    this.tasks = tasks;
    this.calls = calls;
    this.slotStart = slotStart;
    this.slots = slots.length > length + 1024 ? slots.slice(0, length) : slots;
    this.constants = constants;
    this.simple = simple;
    this.lastReader = lastReader;
    this.conditions = conditions;
  }

  /** The arguments of the node at `place`, made from the values so far. */
  argumentsAt(place: number, values: readonly unknown[]): unknown[] {
    const args: unknown[] = [];
    for (let at = this.slotStart[place]!; at < this.slotStart[place + 1]!; at++) {
      const slot = this.slots[at]!;
      if (slot >= 0) args.push(values[slot]);
      else {
        const constant = this.constants[~slot];
        args.push(
          constant instanceof DeepSlot || constant instanceof ItemSlot || constant instanceof ListSlot
            ? this.#valueOf(constant, values)
            : constant,
        );
      }
    }
    return args;
  }

  /** Where argument `i` of a control node comes from: a place, or −1 for a part of the run's input. */
  sourceAt(place: number, i: number): number {
    const slot = this.slots[this.slotStart[place]! + i]!;
    if (slot >= 0) return slot;
    const constant = this.constants[~slot];
    return constant instanceof ItemSlot ? constant.place : -1;
  }

  /** Argument `i` of a control node, made from the values so far. */
  argumentAt(place: number, i: number, values: readonly unknown[]): unknown {
    const slot = this.slots[this.slotStart[place]! + i]!;
    if (slot >= 0) return values[slot];
    const constant = this.constants[~slot];
    return constant instanceof ItemSlot ? itemValue(values[constant.place], constant.ref) : constant;
  }

  /** The arguments of the node at `place`, one by one. */
  inputsAt(place: number): ProgramInput[] {
    const inputs: ProgramInput[] = [];
    for (let at = this.slotStart[place]!; at < this.slotStart[place + 1]!; at++) {
      const slot = this.slots[at]!;
      if (slot >= 0) {
        inputs.push({ kind: "node", place: slot });
        continue;
      }
      const constant = this.constants[~slot];
      if (constant instanceof ItemSlot) {
        const { place: of, ref } = constant;
        inputs.push({ kind: "parts", places: [of], fill: (valueOf) => valueOf(of, ref.path) });
      } else if (constant instanceof ListSlot) {
        const places = [...constant.places];
        inputs.push({ kind: "parts", places, fill: (valueOf) => places.map((of) => valueOf(of, [])) });
      } else if (constant instanceof DeepSlot) {
        const { arg, slots } = constant;
        inputs.push({
          kind: "parts",
          places: slots.flatMap((inner) => inner instanceof ConstantSlot ? [] : placeOf(inner)),
          fill: (valueOf) =>
            instantiate(arg, (i) => {
              const inner = slots[i]!;
              if (inner instanceof ConstantSlot) return inner.value;
              return typeof inner === "number" ? valueOf(inner, []) : valueOf(inner.place, inner.ref.path);
            }),
        });
      } else inputs.push({ kind: "constant", value: constant });
    }
    return inputs;
  }

  #valueOf(slot: number | ItemSlot | ListSlot | DeepSlot | ConstantSlot, values: readonly unknown[]): unknown {
    if (typeof slot === "number") return values[slot];
    if (slot instanceof ConstantSlot) return slot.value;
    if (slot instanceof ItemSlot) return itemValue(values[slot.place], slot.ref);
    if (slot instanceof ListSlot) return slot.valuesFrom(values);
    return instantiate(slot.arg, (i) => this.#valueOf(slot.slots[i]!, values));
  }

  /** Visits the place of every value that the node at `place` reads, its conditions included; one may come twice. */
  forEachRead(place: number, visit: (of: number) => void): void {
    for (let at = this.slotStart[place]!; at < this.slotStart[place + 1]!; at++) {
      const slot = this.slots[at]!;
      if (slot >= 0) visit(slot);
      else {
        const constant = this.constants[~slot];
        if (constant instanceof ItemSlot) visit(constant.place);
        else if (constant instanceof ListSlot) constant.places.forEach(visit);
        else if (constant instanceof DeepSlot) {
          for (const inner of constant.slots) if (!(inner instanceof ConstantSlot)) visit(placeOf(inner));
        }
      }
    }
    if (this.conditions.size === 0) return;
    for (const condition of this.conditions.get(place) ?? []) if (condition.place >= 0) visit(condition.place);
  }
}

function callOf(
  node: CallNode,
  replaced: ReadonlyMap<CallNode, (...args: unknown[]) => unknown>,
): (...args: unknown[]) => unknown {
  const own = replaced.get(node);
  if (own === undefined) return node.site.task.call;
  return node.site.task.kind === "method" ? (target, ...args) => Reflect.apply(own, target, args) : own;
}
