/**
 * What is known of a task, and shared by all of its nodes.
 *
 * @module
 */
import type { CodeOrigin } from "./code_origin.ts";
import type { NameCounter, NamingScope } from "./naming.ts";
import type { NodeExtra } from "./node.ts";
import type { AnyTaskOptions } from "./options.ts";
import type { AnyFunction } from "./ref.ts";

/** What kind of call a task makes; `control` stands for none. */
export type TaskKind = "function" | "class" | "method" | "control";

/** What `task()` was told, and where: shared by all nodes of a task. */
export interface TaskInfo {
  /** A plain function, a constructor, a method of an instance, or no call at all. */
  readonly kind: TaskKind;
  /** The function as the user gave it; for a method, the method; for a class, the class. */
  readonly func: AnyFunction | (new (...args: never[]) => object);
  /** Calls it with resolved arguments; for a method the live object comes first. */
  readonly call: (...args: unknown[]) => unknown;
  /** First part of the nodes' names. */
  readonly base: string;
  /** Options of every node of the task. */
  readonly options: AnyTaskOptions | undefined;
  /** The class of a method, else the task itself: what a worker finds by module and order. */
  readonly origin: CodeOrigin;
  /** The naming site of the latest scope, so that a call need not look it up. */
  site: Site | undefined;
}

const tasks = new WeakMap<object, TaskInfo>();

/** Keeps the task of a builder, so that it is found again by {@linkcode taskOfBuilder}. */
export function keepTask<B extends object>(builder: B, task: TaskInfo): B {
  tasks.set(builder, task);
  return builder;
}

/** The task of what `task()` returned; `undefined` for anything else. */
export function taskOfBuilder(builder: object): TaskInfo | undefined {
  return tasks.get(builder);
}

/** A task in one naming scope: what its nodes there have in common. A node with more than that has a site of its own. */
export class Site {
  /** Pairs a task with the scope in which its nodes are counted, and with what most nodes do not have. */
  constructor(
    readonly task: TaskInfo,
    readonly scope: NamingScope,
    readonly counter: NameCounter,
    readonly extra: NodeExtra | undefined,
  ) {}

  /** The same with other extras. */
  with(extra: NodeExtra | undefined): Site {
    return new Site(this.task, this.scope, this.counter, extra);
  }
}
