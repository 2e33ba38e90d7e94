/**
 * `optional()`: goes on without a value where there is none.
 *
 * @module
 */
import type { Node } from "../node.ts";
import type { Ref } from "../ref.ts";
import { controlNode, controlTask, stepArg } from "./control_node.ts";

const info = controlTask("optional", optional);

/**
 * The value of a node, or `undefined` if that was skipped, failed or was cancelled. What waits for it goes on in each case, and a failure
 * that ends here does not fail the run.
 *
 * @param node A node, or an item of one.
 * @returns A node that makes no call, and is never stored.
 * @throws {GraphError} If it is given something else.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, optional, task } from "@fusewire/fusewire";
 *
 * const parse = task((text: string): unknown => JSON.parse(text), { name: "parse" });
 * const list = task((...found: unknown[]) => found, { name: "list" });
 *
 * const found = list(optional(parse("[1]")), optional(parse("[")));
 * console.log(await new LocalWorkflow(found, { workflowName: "texts" }).run()); // [[1], undefined]
 * ```
 */
export function optional<T>(node: Ref<T>): Node<T | undefined>;
export function optional(node: unknown): Node<unknown> {
  return controlNode(info, { kind: "optional" }, [stepArg(node, "optional()")]);
}
