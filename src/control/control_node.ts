/**
 * Making control nodes: a task each, as for calls, so that they have names, options and places in graphs like all nodes.
 *
 * @module
 */
import { describe } from "../describe.ts";
import { GraphError } from "../errors.ts";
import { InputRef, plainInput } from "../input.ts";
import { CallNode, ItemRef, many } from "../node.ts";
import { liveObject, StandIn } from "../stand_in.ts";
import { addNode } from "../task.ts";
import type { TaskInfo } from "../task_info.ts";
import type { Control } from "./control.ts";

/** What a control node may take its value from. */
export type ControlArg = CallNode | ItemRef | InputRef;

/** The task of all nodes of one kind of control, whose names begin with `base`. `func` is the function that makes them, which is what `node.func` shows. */
export function controlTask(base: string, func: TaskInfo["func"]): TaskInfo {
  return {
    kind: "control",
    func,
    call: () => {
      throw new TypeError(`A node of ${base}() makes no call.`);
    },
    base,
    options: undefined,
    origin: { module: undefined, trail: base, order: 0 },
    site: undefined,
  };
}

/** Makes a control node of arguments that were checked or captured. */
export function controlNode(task: TaskInfo, control: Control, args: readonly unknown[]): CallNode {
  return addNode(task, args, many, { control });
}

/**
 * Checks what a control node is given.
 *
 * @throws {GraphError} If it is nothing that brings a value in a run, or is an instance, whose value is never kept.
 */
export function controlArg(ref: unknown, of: string): ControlArg {
  if (ref instanceof CallNode || ref instanceof ItemRef) {
    const node = ref instanceof CallNode ? ref : ref.node;
    if (node.site.task.kind === "class") throw instanceError(node.name, of);
    return ref;
  }
  if (ref instanceof InputRef) return plainInput(ref);
  if (ref instanceof StandIn) throw instanceError(ref[liveObject].maker.name, of);
  throw new GraphError(
    `${of} was given ${describe(ref)}, which is not a node, an item of one, or a part of the input.`,
  );
}

/**
 * Checks what stands for the result of a step.
 *
 * @throws {GraphError} If it is something else, or a part of the input, which is always there.
 */
export function stepArg(ref: unknown, of: string): ControlArg {
  const arg = controlArg(ref, of);
  if (!(arg instanceof InputRef)) return arg;
  throw new GraphError(`${of} was given \`${arg.label}\`, which is there before any step; use it as it is.`);
}

function instanceError(name: string, of: string): GraphError {
  return new GraphError(
    `${of} was given the instance \`${name}\`, whose object never leaves the place where it lives; give it the result of one of its methods.`,
    { node: name },
  );
}
