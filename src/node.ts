/**
 * Nodes: the calls that a run will make. A node knows its task and its arguments, and nothing of any run.
 *
 * @module
 */
import { type Component, join } from "./component.ts";
import type { Control, LoopEnd } from "./control/control.ts";
import { describe } from "./describe.ts";
import { ConfigError, GraphError } from "./errors.ts";
import { InputRef, plainInput } from "./input.ts";
import { autoName, checkName } from "./naming.ts";
import { type AnyTaskOptions, checkOptions, type TaskOptions } from "./options.ts";
import type { AnyFunction, HasItems, ItemKey, ItemOf, NodeItem, Ref, valueType } from "./ref.ts";
import { DeepArg, LiveArg, liveObject, StandIn } from "./stand_in.ts";
import type { Site } from "./task_info.ts";

/** A call that a run will make. */
export interface Node<out T> extends Ref<T>, HasItems {
  /** Name, unique in a graph. */
  readonly name: string;
  /** The function that is called; for an instance, its class; for a node that makes no call, the function that made the node. */
  readonly func: AnyFunction | (new (...args: never[]) => object);
  /** The arguments as they were given. */
  readonly args: readonly unknown[];
  /** The nodes that this one waits for, each once: those of its arguments, then those of `after` and `when`. */
  readonly parents: readonly Node<unknown>[];
  /** Free for backends and users. */
  readonly backendInfo: Record<string, unknown>;
  /** Renames the node. */
  setName(name: string): this;
  /** The node's name. */
  getName(): string;
  /** Runs after `nodes`, without taking their values. */
  after(...nodes: Ref<unknown>[]): this;
  /** Runs only if the value of `dependency` passes `predicate` (default: is truthy); else it is skipped. */
  when<D>(dependency: Ref<D>, predicate?: (value: D) => boolean): this;
  /** Sets options on this one node, over those of its task. */
  with(options: TaskOptions<T>): this;
}

/** Array methods that a tuple node does not have, although it can be destructured. */
export type NoArrayMethods = {
  readonly [K in Exclude<keyof (readonly unknown[]), number | typeof Symbol.iterator>]: never;
};

/** The places of a tuple, as items. A place that it does not have is `undefined`, so that no task takes it. */
export type TuplePlaces<T extends readonly unknown[]> =
  & { readonly [K in keyof T as K extends `${number}` ? K : never]-?: NodeItem<T[K]> }
  & { readonly [place: number]: undefined; [Symbol.iterator](): ArrayIterator<NodeItem<T[number]>> };

/** A node with a tuple result, which can be destructured: `const [a, b] = pair`. */
export type TupleNode<T extends readonly unknown[]> = Node<T> & TuplePlaces<T> & NoArrayMethods;

/** The node of a result of type `T`. */
export type NodeOf<T> = [T] extends [never] ? Node<never>
  : 0 extends 1 & T ? Node<T>
  : [T] extends [readonly unknown[]] ? (number extends T["length"] ? Node<T> : TupleNode<T>)
  : Node<T>;

/** A dependency on whose value it hangs whether a node runs. */
export interface Condition {
  /** The reference as given. */
  readonly on: CallNode | ItemRef | InputRef;
  /** Whether the value lets the node run. */
  readonly predicate: (value: unknown) => boolean;
  /** The case of a branch in which the node was made, if that is what the condition stands for. */
  readonly inCase?: string;
  /** Whether it stands for the iteration of a loop in which the node was made. */
  readonly inLoop?: boolean;
  /** What ends that loop. */
  readonly until?: LoopEnd;
  /** All cases of that branch. */
  readonly cases?: readonly string[];
}

/** What most nodes do not have. Replaced, never changed, so that a graph can keep the one it was built with. */
export interface NodeExtra {
  /** Name in place of the counted one. */
  readonly name?: string;
  /** Options over those of the task. */
  readonly options?: AnyTaskOptions;
  /** Nodes that run before, without data. */
  readonly after?: readonly CallNode[];
  /** Conditions, all of which must hold. */
  readonly when?: readonly Condition[];
  /** For a method call: the node that makes the live object. */
  readonly receiver?: CallNode;
  /** For a node that makes no call: what it does in place of one. */
  readonly control?: Control;
}

/** How many places of a tuple can be destructured, or read as `pair[0]`; `item()` has no limit. */
const PLACES = 64;

/** Stands in place of an argument that was not given. */
export const none = Symbol("fusewire.none");
/** Stands in place of the second argument where there are more, and the first is a list of all. */
export const many = Symbol("fusewire.many");

let nextId = 0;
let latestMark = 0;

/** A mark that no node bears yet, for one synchronous traversal. Marks are negative, so that they differ from places. */
export function newMark(): number {
  return --latestMark;
}

/** Whether no traversal has begun since the one with this mark, so that its scratch still stands. */
export function isLatestMark(mark: number): boolean {
  return mark === latestMark;
}

/** The id that the next node will have. */
export function nextNodeId(): number {
  return nextId;
}

const backendInfos = new WeakMap<CallNode, Record<string, unknown>>();

/** The one class of nodes. Its fields are few on purpose: a graph may have a million. */
export class CallNode<out T = unknown> implements Node<T> {
  declare readonly [valueType]: T;
  /** Grows with every node, so that the nodes of a node's arguments always have a smaller one. */
  readonly id: number = nextId++;
  /** Number in the name, counted per base and scope. */
  readonly sequence: number;
  /** Scratch of one synchronous traversal: its mark, or the node's place in it. */
  index = 0;
  /** The nodes that this one hangs together with, if there are any. */
  component: Component | undefined = undefined;

  /**
   * Takes captured arguments: the first two, with {@linkcode none} where there are fewer; or a list and {@linkcode many}. The
   * caller joins the node with those that it waits for.
   */
  constructor(public site: Site, private readonly first: unknown, private readonly second: unknown) {
    this.sequence = site.counter.next++;
  }

  /** What most nodes do not have. */
  get extra(): NodeExtra | undefined {
    return this.site.extra;
  }

  set extra(extra: NodeExtra | undefined) {
    this.site = this.site.with(extra);
  }

  /** How many arguments there are. */
  get argumentCount(): number {
    if (this.second === many) return listed(this.first).length;
    return this.second !== none ? 2 : this.first !== none ? 1 : 0;
  }

  /** A captured argument: a value, or what stands for one. */
  argumentAt(i: number): unknown {
    if (this.second === many) return listed(this.first)[i];
    return i === 0 ? this.first : this.second;
  }

  get name(): string {
    return this.extra?.name ?? autoName(this.site.task.base, this.sequence);
  }

  getName(): string {
    return this.name;
  }

  setName(name: string): this {
    checkName(name, "node");
    this.extra = { ...this.extra, name };
    return this;
  }

  get func(): AnyFunction | (new (...args: never[]) => object) {
    return this.site.task.func;
  }

  get args(): readonly unknown[] {
    return Array.from({ length: this.argumentCount }, (_, i) => {
      const arg = this.argumentAt(i);
      return arg instanceof DeepArg ? arg.template : arg;
    });
  }

  get parents(): readonly CallNode[] {
    const found = new Set<CallNode>();
    forEachParent(this, (parent) => found.add(parent));
    return [...found];
  }

  get backendInfo(): Record<string, unknown> {
    let info = backendInfos.get(this);
    if (info === undefined) backendInfos.set(this, info = {});
    return info;
  }

  /** Options of the task, with those of the node over them. */
  get options(): AnyTaskOptions | undefined {
    return this.extra?.options ?? this.site.task.options;
  }

  item<V, const K extends ItemKey<V>>(this: Ref<V>, key: K): NodeItem<ItemOf<V, K>>;
  item(this: CallNode, key: PropertyKey): ItemRef {
    return new ItemRef(this, [key]);
  }

  after(...nodes: Ref<unknown>[]): this {
    const before = nodes.map((node) => orderNode(node, "after", this));
    for (const node of before) join(this, node);
    this.extra = { ...this.extra, after: [...this.extra?.after ?? [], ...before] };
    return this;
  }

  when<D>(dependency: Ref<D>, predicate?: (value: D) => boolean): this;
  when(dependency: Ref<unknown>, predicate: (value: unknown) => boolean = Boolean): this {
    if (typeof predicate !== "function") {
      throw new GraphError(`The predicate that when() of node \`${this.name}\` was given is not a function.`);
    }
    if (dependency instanceof InputRef) return withCondition(this, { on: plainInput(dependency), predicate });
    const on = dependency instanceof ItemRef ? dependency : orderNode(dependency, "when", this);
    join(this, parentOf(on));
    return withCondition(this, { on, predicate });
  }

  with(options: TaskOptions<T>): this {
    checkOptions(options, `node \`${this.name}\``);
    const { name, ...rest } = options;
    const [meaningless] = this.extra?.control === undefined ? [] : Object.keys(rest);
    if (meaningless !== undefined) {
      throw new ConfigError(
        `Option \`${meaningless}\` of node \`${this.name}\` means nothing, because ${this.extra?.control?.kind}() makes no call; ` +
          "set it on the nodes whose values it takes.",
        { node: this.name },
      );
    }
    this.extra = { ...this.extra, options: { ...this.options, ...rest } };
    return name === undefined ? this : this.setName(name);
  }

  /** Lets `const [a, b] = pair` work, and refuses to go on for ever. */
  *[Symbol.iterator](): Generator<ItemRef> {
    for (let place = 0; place < PLACES; place++) yield new ItemRef(this, [place]);
    throw new GraphError(
      `Node \`${this.name}\` was spread or looped over, but it has no elements before a run; ` +
        `pass the node itself, or take single elements with item(i).`,
    );
  }

  /** Refuses to be a value. */
  [Symbol.toPrimitive](): never {
    throw new GraphError(
      `Node \`${this.name}\` was used as a plain value, but it has none before a run; pass it to another task instead.`,
    );
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Node<${this.name}>`;
  }
}

for (let place = 0; place < PLACES; place++) {
  Object.defineProperty(CallNode.prototype, place, {
    get(this: CallNode): ItemRef {
      return new ItemRef(this, [place]);
    },
  });
}

/** One part of a node's result. */
export class ItemRef implements NodeItem<unknown> {
  declare readonly [valueType]: unknown;

  /** Names the part by its keys from the outside in. */
  constructor(readonly node: CallNode, readonly path: readonly PropertyKey[]) {}

  item<V, const K extends ItemKey<V>>(this: Ref<V>, key: K): NodeItem<ItemOf<V, K>>;
  item(this: ItemRef, key: PropertyKey): ItemRef {
    return new ItemRef(this.node, [...this.path, key]);
  }

  /** As messages show it. */
  get label(): string {
    return this.node.name +
      this.path.map((key) => `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`).join("");
  }

  /** Refuses to be a value. */
  [Symbol.toPrimitive](): never {
    throw new GraphError(
      `Item \`${this.label}\` was used as a plain value, but it has none before a run; pass it to another task instead.`,
    );
  }

  /** Refuses to be looped over. */
  [Symbol.iterator](): never {
    throw new GraphError(`Item \`${this.label}\` was looped over, but it has no elements before a run; use item(i).`);
  }

  /** What the console shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return `NodeItem<${this.label}>`;
  }
}

/** Visits the nodes that `node` waits for; one may come twice. */
export function forEachParent(node: CallNode, visit: (parent: CallNode) => void, extra = node.extra): void {
  for (let i = 0, count = node.argumentCount; i < count; i++) {
    const arg = node.argumentAt(i);
    if (typeof arg !== "object" || arg === null) continue;
    if (arg instanceof CallNode) visit(arg);
    else if (arg instanceof DeepArg) {
      for (const ref of arg.refs) if (!(ref instanceof InputRef)) visit(parentOf(ref));
    } else if (arg instanceof ItemRef || arg instanceof LiveArg) visit(parentOf(arg));
  }
  if (extra === undefined) return;
  if (extra.after !== undefined) { for (const parent of extra.after) visit(parent); }
  if (extra.when !== undefined) {
    for (const { on } of extra.when) if (!(on instanceof InputRef)) visit(parentOf(on));
  }
}

/** The node that a captured reference waits for. */
export function parentOf(ref: CallNode | ItemRef | LiveArg): CallNode {
  if (ref instanceof CallNode) return ref;
  return ref instanceof ItemRef ? ref.node : ref.last;
}

/** The node of anything that stands for one, or `undefined`. */
export function nodeBehind(ref: unknown): CallNode | undefined {
  if (ref instanceof CallNode) return ref;
  if (ref instanceof ItemRef) return ref.node;
  return ref instanceof StandIn ? ref[liveObject].last : undefined;
}

function withCondition<N extends CallNode>(node: N, condition: Condition): N {
  node.extra = { ...node.extra, when: [...node.extra?.when ?? [], condition] };
  return node;
}

/** The list of all arguments, which stands in place of the first. */
function listed(first: unknown): readonly unknown[] {
  return first as readonly unknown[];
}

function orderNode(ref: unknown, method: string, of: CallNode): CallNode {
  const node = nodeBehind(ref);
  if (node === undefined) {
    throw new GraphError(`${method}() of node \`${of.name}\` was given ${describe(ref)}, which is not a node.`);
  }
  return node;
}
