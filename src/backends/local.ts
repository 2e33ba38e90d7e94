/**
 * The local backend: a graph runs in this process, on this thread.
 *
 * @module
 */
import { InProcessWorkflow } from "../in_process.ts";
import type { WorkflowSource } from "../workflow_options.ts";

/**
 * Runs a graph in this process: nodes start as soon as what they wait for is done, asynchronous ones a bounded number at a time.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * const workflow = new LocalWorkflow([add(1, 2), add(3, 4)], { workflowName: "sums" });
 * console.log(await workflow.run()); // [3, 7]
 * ```
 */
export class LocalWorkflow<const S extends WorkflowSource> extends InProcessWorkflow<S> {}
