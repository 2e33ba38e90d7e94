/**
 * `anyOf()`: goes on with the first of several values.
 *
 * @module
 */
import { GraphError } from "../errors.ts";
import type { Node } from "../node.ts";
import type { Ref, Value } from "../ref.ts";
import { controlNode, controlTask, stepArg } from "./control_node.ts";

const info = controlTask("anyOf", anyOf);

/**
 * The value of the first of several nodes that succeeds. The others, and what only they need, are cancelled, unless something else in the
 * graph needs them. It has no value only if none of them has.
 *
 * @param nodes Nodes, or items of nodes; at least one.
 * @returns A node that makes no call, and is never stored.
 * @throws {GraphError} If it is given nothing, or something else.
 *
 * @example
 * ```ts
 * import { anyOf, context, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const wait = (ms: number, signal: AbortSignal) =>
 *   new Promise<void>((resolve, reject) => {
 *     const timer = setTimeout(resolve, ms);
 *     signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)));
 *   });
 * const ask = task(async function ask(mirror: string, ms: number) {
 *   await wait(ms, context().signal);
 *   return mirror;
 * });
 *
 * const answer = anyOf(ask("slow", 60_000), ask("quick", 1));
 * console.log(await new LocalWorkflow(answer, { workflowName: "mirrors" }).run()); // quick
 * ```
 */
export function anyOf<const R extends readonly [Ref<unknown>, ...Ref<unknown>[]]>(...nodes: R): Node<Value<R[number]>>;
export function anyOf(...nodes: unknown[]): Node<unknown> {
  if (nodes.length === 0) throw new GraphError("anyOf() was given no node; it takes at least one.");
  return controlNode(info, { kind: "anyOf" }, nodes.map((node) => stepArg(node, "anyOf()")));
}
