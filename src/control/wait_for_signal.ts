/**
 * `waitForSignal()`: goes on when somebody says so.
 *
 * @module
 */
import { nameProblem } from "../../storage/names.ts";
import { describe } from "../describe.ts";
import { ConfigError, GraphError } from "../errors.ts";
import { InputRef } from "../input.ts";
import { CallNode, ItemRef, type Node } from "../node.ts";
import type { Ref } from "../ref.ts";
import type { AnySchema, StandardSchema } from "../standard_schema.ts";
import { controlArg, controlNode, controlTask } from "./control_node.ts";

/** How a node waits for a signal. `T` is what the schema gives back. */
export interface SignalOptions<T> {
  /** Milliseconds after which the node fails with a `TimeoutError`. Default: it waits for ever. */
  readonly timeout?: number;
  /** Checks the payload: any Standard Schema. One that it refuses is dropped with a warning, and the node waits on. Default: any payload is taken. */
  readonly schema?: StandardSchema<never, T>;
}

type AnySignalOptions = Omit<SignalOptions<unknown>, "schema"> & { readonly schema?: AnySchema };

const info = controlTask("waitForSignal", waitForSignal);

/**
 * Waits for a signal, without holding a slot: `run.signal(name, payload)`, or `runtime.get(id).signal(name, payload)` from any process.
 *
 * A signal that comes early is kept until a node waits for it. Of several nodes that wait for the same name, each takes one signal, the node
 * that comes first in the graph the first one.
 *
 * @param name Name of the signal, 1 to 255 UTF-8 bytes; or what brings it.
 * @returns A node whose value is the payload.
 * @throws {GraphError} If the name can not be used.
 * @throws {ConfigError} If an option can not be used.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, task, waitForSignal } from "@fusewire/fusewire";
 *
 * const paid = waitForSignal<{ amount: number }>("paid", { timeout: 60_000 });
 * const thank = task((amount: number) => `Thanks for ${amount}`, { name: "thank" });
 *
 * const run = await new LocalWorkflow(thank(paid.item("amount")), { workflowName: "order" }).start();
 * await run.signal("paid", { amount: 12 });
 * console.log(await run.result()); // Thanks for 12
 * ```
 */
export function waitForSignal<T = unknown>(name: string | Ref<string>, options?: SignalOptions<T>): Node<T>;
export function waitForSignal(name: unknown, options: AnySignalOptions = {}): Node<unknown> {
  return signalNode(info, name, options);
}

/** Makes a node that waits for a signal. */
export function signalNode(
  task: ReturnType<typeof controlTask>,
  name: unknown,
  { timeout, schema }: AnySignalOptions,
): CallNode {
  const of = `${task.base}()`;
  if (timeout !== undefined && !(timeout > 0 && Number.isFinite(timeout))) {
    throw new ConfigError(
      `Option \`timeout\` of ${of} is ${String(timeout)}; it must be a finite number of milliseconds above 0.`,
    );
  }
  const control = { kind: "waitForSignal", timeout, schema } as const;
  if (name instanceof CallNode || name instanceof ItemRef || name instanceof InputRef) {
    return controlNode(task, control, [controlArg(name, of)]);
  }
  if (typeof name !== "string") {
    throw new GraphError(`${of} was given ${describe(name)}; it takes the name of a signal, or a node of one.`);
  }
  const problem = nameProblem(name);
  if (problem !== undefined) throw new GraphError(`${of} was given the name ${JSON.stringify(name)}: ${problem}.`);
  return controlNode(task, control, [name]);
}
