/**
 * `task()`: wraps ordinary functions and classes, so that calling them makes nodes.
 *
 * @module
 */
import { capture } from "./arguments.ts";
import { join } from "./component.ts";
import { caseConditions, inCases } from "./control/case_scope.ts";
import { GraphError } from "./errors.ts";
import { type Instance, standInClass } from "./instance.ts";
import { checkName, currentScope } from "./naming.ts";
import { CallNode, forEachParent, many, type NodeExtra, type NodeOf, none } from "./node.ts";
import { describe } from "./describe.ts";
import { LiveArg } from "./stand_in.ts";
import { keepTask, Site, type TaskInfo } from "./task_info.ts";
import { type AnyTaskOptions, checkOptions, type TaskOptions } from "./options.ts";
import type { AnyFunction, Args } from "./ref.ts";
import { announceTask, taskOrigin } from "./task_origin.ts";

/** Builder of the nodes of a function with parameters `A` and result `R`. */
export type Builder<A extends readonly unknown[], R> = (...args: Args<A>) => NodeOf<Awaited<R>>;

/** The builder of a function or class, to annotate an exported task: `export const add: TaskOf<typeof addFn> = task(addFn)`. */
export type TaskOf<F> = F extends abstract new (...args: infer A) => infer I ? (...args: Args<A>) => Instance<I>
  : F extends (...args: infer A) => infer R ? Builder<A, R>
  : never;

/** Builders of the overloads of `F` (the last four), `never` if it has only one signature. */
export type Overloaded<F> = F extends {
  (...a: infer A1): infer R1;
  (...a: infer A2): infer R2;
  (...a: infer A3): infer R3;
  (...a: infer A4): infer R4;
} ? Same<[A1, R1], [A4, R4]> extends true ? never
  : Builder<A1, R1> & Builder<A2, R2> & Builder<A3, R3> & Builder<A4, R4>
  : never;

/** `true` if the two types are the same. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** An overloaded function: the builder has an overload for each of the last four signatures. */
export function task<F extends AnyFunction>(
  fn: [Overloaded<F>] extends [never] ? never : F,
  options?: TaskOptions,
): Overloaded<F>;
/** A class: the builder makes instances whose method calls are nodes. */
export function task<A extends unknown[], I extends object>(
  Class: new (...args: A) => I,
  options?: TaskOptions,
): (...args: Args<A>) => Instance<I>;
/** A generator function is refused. */
export function task<G extends Iterator<unknown> | AsyncIterator<unknown>>(
  fn: (...args: never[]) => G,
  ...refused: [G] extends [never] ? [never] : 0 extends 1 & G ? [never] : []
): never;
/**
 * Wraps a function: the builder that comes back takes the same arguments, or nodes in place of any of them, runs nothing, and
 * returns a node. A class gives a builder of instances whose method calls are nodes.
 *
 * @param fn A synchronous or asynchronous function, or a class. Generator functions are refused.
 * @param options Hold for every node of the task; `node.with(options)` changes them for one node.
 * @returns The builder. Its parameters accept plain values, nodes, items of nodes, and plain arrays and objects with nodes at
 *   any depth.
 * @throws {GraphError} If `fn` is not a function or class, or is a generator function.
 * @throws {ConfigError} If an option is out of range.
 *
 * @example Functions
 * ```ts
 * import { LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const add = task(function add(a: number, b: number) {
 *   return a + b;
 * });
 * const sum = add(add(1, 2), 3);
 * console.log(sum.name); // add_0001
 * console.log(await new LocalWorkflow(sum, { workflowName: "sums" }).run()); // 6
 * ```
 *
 * @example Classes
 * ```ts
 * import { LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * class Counter {
 *   #total = 0;
 *   add(n: number) {
 *     return this.#total += n;
 *   }
 * }
 * const counter = task(Counter)();
 * counter.add(2);
 * console.log(await new LocalWorkflow(counter.add(3), { workflowName: "count" }).run()); // 5
 * ```
 */
export function task<A extends unknown[], R, F = never>(
  fn: (...args: A) => R,
  options?: TaskOptions<F>,
): (...args: Args<A>) => NodeOf<Awaited<R> | F>;
export function task(
  fn: AnyFunction | (new (...args: never[]) => object),
  options?: AnyTaskOptions,
): AnyFunction {
  if (typeof fn !== "function") {
    throw new GraphError(`task() was given ${describe(fn)}; it takes a function or a class.`);
  }
  const base = options?.name ?? (fn.name || "task");
  checkName(base, "node");
  if (options !== undefined) checkOptions(options, `task \`${base}\``);
  const origin = taskOrigin(task);
  if (!isClass(fn)) {
    refuseGenerator(fn, base);
    // The types of the builder have checked the arguments.
    const call = fn as (...args: unknown[]) => unknown;
    const info: TaskInfo = { kind: "function", func: fn, call, base, options, origin, site: undefined };
    announceTask(info);
    // Two parameters have names because V8 makes an array for every call of a function that has only rest parameters.
    return keepTask(function (first?: unknown, second?: unknown, ...others: unknown[]): CallNode {
      if (others.length > 0) return makeNode(info, [first, second, ...others]);
      const count = arguments.length;
      return addNode(info, count > 0 ? captured(first) : none, count > 1 ? captured(second) : none);
    }, info);
  }
  const call = (...args: unknown[]): unknown => Reflect.construct(fn, args);
  const info: TaskInfo = { kind: "class", func: fn, call, base, options, origin, site: undefined };
  announceTask(info);
  const Made = standInClass(info, makeNode);
  return keepTask((...args: unknown[]) => new Made(makeNode(info, args)), info);
}

/** The same function under its Python name. */
export { task as workflow };

/** A class is told by its prototype, which can not be replaced; the prototype of a function can, and an arrow has none. */
function isClass(fn: AnyFunction | (new (...args: never[]) => object)): fn is new (...args: never[]) => object {
  return Object.getOwnPropertyDescriptor(fn, "prototype")?.writable === false;
}

function refuseGenerator(fn: AnyFunction, base: string): void {
  const kind = Object.prototype.toString.call(fn);
  if (kind === "[object GeneratorFunction]" || kind === "[object AsyncGeneratorFunction]") {
    throw new GraphError(
      `task() was given the generator function \`${base}\`, whose result is an iterator and not a value; ` +
        `collect its values in a plain or async function and return them as an array.`,
    );
  }
}

/** Makes the node of one call. */
function makeNode(info: TaskInfo, args: readonly unknown[], extra?: NodeExtra): CallNode {
  if (args.length > 2) return addNode(info, args.map(captured), many, extra);
  return addNode(info, args.length > 0 ? captured(args[0]) : none, args.length > 1 ? captured(args[1]) : none, extra);
}

/** What a node keeps of an argument. */
function captured(arg: unknown): unknown {
  return typeof arg !== "object" || arg === null || arg instanceof CallNode ? arg : capture(arg);
}

/** Makes a node of captured arguments, as its constructor takes them. */
export function addNode(info: TaskInfo, first: unknown, second: unknown, extra?: NodeExtra): CallNode {
  const scope = currentScope();
  if (info.site === undefined || info.site.scope !== scope) {
    info.site = new Site(info, scope, scope.counter(info.base), undefined);
  }
  const { site } = info;
  if (caseConditions !== undefined) return connected(new CallNode(site.with(inCases(extra)), first, second));
  if (extra !== undefined) return connected(new CallNode(site.with(extra), first, second));
  const node = new CallNode(site, first, second);
  if (mayHoldNodes(first) || mayHoldNodes(second)) return connected(node);
  if (first instanceof CallNode) join(node, first);
  if (second instanceof CallNode) join(node, second);
  return node;
}

function mayHoldNodes(arg: unknown): boolean {
  return typeof arg === "object" && arg !== null && !(arg instanceof CallNode);
}

/** Joins a node with all that it waits for, and makes it the latest use of the live objects that it is given. */
function connected(node: CallNode): CallNode {
  forEachParent(node, (parent) => join(node, parent));
  for (let i = 0; i < node.argumentCount; i++) {
    const arg = node.argumentAt(i);
    if (arg instanceof LiveArg && arg.last === arg.object.last) arg.object.last = node;
  }
  return node;
}
