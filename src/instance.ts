/**
 * Instances: stand-ins for live objects, whose method calls are nodes. Calls run in program order, one at a time.
 *
 * @module
 */
import { GraphError } from "./errors.ts";
import type { CallNode, Node } from "./node.ts";
import { liveObject, StandIn } from "./stand_in.ts";
import type { TaskInfo } from "./task_info.ts";
import type { AnyFunction, Ref } from "./ref.ts";
import type { Builder, Overloaded } from "./task.ts";

/** A live object whose method calls are nodes. */
export type Instance<I> =
  & Ref<I>
  & { readonly [K in keyof I as I[K] extends AnyFunction ? K : never]: Method<I[K]> };

/** A method of an instance, as a builder of nodes. */
export type Method<F> = F extends (...args: infer A) => infer R
  ? [Overloaded<F>] extends [never] ? Builder<A, R> : Overloaded<F>
  : never;

/** Makes nodes of a task from call arguments, in the current naming scope. */
export type CallBuilder = (task: TaskInfo, args: readonly unknown[], extra?: CallNode["extra"]) => CallNode;

/** The class of stand-ins for objects of one class: a method for each of its methods, inherited ones included. */
export function standInClass(task: TaskInfo, call: CallBuilder): new (maker: CallNode) => StandIn {
  const Made = class extends StandIn {};
  for (const [name, method] of methodsOf(task.func)) {
    const info = taskOfMethod(task, name, method);
    const build = function (this: unknown, ...args: unknown[]): CallNode {
      if (!(this instanceof StandIn)) {
        throw new GraphError(
          `Method \`${info.base}\` was called without its instance; write \`instance.${name}(…)\`.`,
        );
      }
      const live = this[liveObject];
      const node = call(info, args, { receiver: live.maker, after: [live.last] });
      live.last = node;
      return node;
    };
    Object.defineProperty(Made.prototype, name, { value: build });
  }
  Object.defineProperties(Made.prototype, {
    [Symbol.toPrimitive]: {
      value(this: StandIn): never {
        throw new GraphError(
          `Instance \`${this[liveObject].maker.name}\` was used as a plain value, but it has none before a run.`,
        );
      },
    },
    [Symbol.for("Deno.customInspect")]: {
      value(this: StandIn): string {
        return `Instance<${this[liveObject].maker.name}>`;
      },
    },
  });
  return Made;
}

/** The task of a method by its name; `undefined` if the class has no such method. */
export function methodTask(task: TaskInfo, name: string): TaskInfo | undefined {
  const method = methodsOf(task.func).get(name);
  return method && taskOfMethod(task, name, method);
}

function taskOfMethod(task: TaskInfo, name: string, method: AnyFunction): TaskInfo {
  return {
    kind: "method",
    func: method,
    call: (...args) => callMethod(name, args),
    base: `${task.base}.${name}`,
    options: task.options,
    origin: task.origin,
    site: undefined,
  };
}

function methodsOf(Class: TaskInfo["func"]): Map<string, AnyFunction> {
  const methods = new Map<string, AnyFunction>();
  let prototype: unknown = Class.prototype;
  while (typeof prototype === "object" && prototype !== null && prototype !== Object.prototype) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name !== "constructor" && typeof property.value === "function" && !methods.has(name)) {
        methods.set(name, property.value);
      }
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return methods;
}

/** Calls a method of the object that comes first in the list; the rest are its arguments. */
export function callMethod(name: string, [target, ...args]: unknown[]): unknown {
  const method: unknown = Reflect.get(Object(target), name, target);
  if (typeof method !== "function") {
    throw new GraphError(`The object has no method \`${name}\` any more; it was replaced while the graph ran.`);
  }
  return Reflect.apply(method, target, args);
}

/** The node behind an instance, to name it or to order it. */
export function nodeOf<I>(instance: Ref<I>): Node<I>;
export function nodeOf(instance: unknown): CallNode {
  if (instance instanceof StandIn) return instance[liveObject].maker;
  throw new GraphError(
    "nodeOf() was given something that is not an instance; it takes what a task of a class returned.",
  );
}
