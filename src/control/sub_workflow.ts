/**
 * `subWorkflow()`: a run of another definition as a node.
 *
 * @module
 */
import { capture } from "../arguments.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { describe } from "../describe.ts";
import { GraphError } from "../errors.ts";
import type { Node } from "../node.ts";
import type { Arg } from "../ref.ts";
import { controlNode, controlTask } from "./control_node.ts";

/** What comes after the definition: its input, unless it has none. */
export type SubInput<I> = [I] extends [void] ? [input?: undefined] : [input: Arg<I>];

const info = controlTask("subWorkflow", subWorkflow);

/**
 * A run of another definition as one node: its value is the result of that run. On a durable runtime the run is one of its own, which any
 * worker that knows the definition can take; its id is that of this run, `/` and the node's name. A failure of it fails the node, and who
 * cancels this run cancels it too.
 *
 * @param definition What `defineWorkflow()` returns.
 * @param input The input: plain data with nodes at any depth. The definition's schema checks it when the run begins.
 * @returns A node that makes no call itself.
 * @throws {GraphError} If it is not given a definition.
 *
 * @example
 * ```ts
 * import { defineWorkflow, type Input, LocalWorkflow, subWorkflow, task } from "@fusewire/fusewire";
 *
 * const double = task((n: number) => 2 * n, { name: "double" });
 * const quadruple = defineWorkflow("quadruple", { version: "1" }, (input: Input<{ n: number }>) => double(double(input.n)));
 *
 * const result = subWorkflow(quadruple, { n: double(5) });
 * console.log(await new LocalWorkflow(result, { workflowName: "parent" }).run()); // 40
 * ```
 */
export function subWorkflow<I, T>(definition: Definition<I, T>, ...input: SubInput<NoInfer<I>>): Node<T>;
export function subWorkflow(definition: unknown, input?: unknown): Node<unknown> {
  if (!(definition instanceof WorkflowDefinition)) {
    throw new GraphError(`subWorkflow() was given ${describe(definition)}; it takes what defineWorkflow() returns.`);
  }
  const captured = typeof input === "object" && input !== null ? capture(input) : input;
  return controlNode(info, { kind: "subWorkflow", definition }, [captured]);
}
