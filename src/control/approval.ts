/**
 * `approval()`: goes on when somebody has decided.
 *
 * @module
 */
import type { Node } from "../node.ts";
import type { Ref } from "../ref.ts";
import type { SchemaIssue, StandardSchema } from "../standard_schema.ts";
import { controlTask } from "./control_node.ts";
import { signalNode, type SignalOptions } from "./wait_for_signal.ts";

/** What somebody has decided. */
export interface Decision {
  /** Whether it may go on. */
  readonly approved: boolean;
  /** Who has decided. */
  readonly by?: string;
  /** What they said about it. */
  readonly comment?: string;
}

const schema: StandardSchema<Decision> = {
  "~standard": {
    version: 1,
    vendor: "fusewire",
    validate(value) {
      const { approved, by, comment }: Partial<Record<keyof Decision, unknown>> = Object(value);
      const issues: SchemaIssue[] = [];
      if (typeof approved !== "boolean") issues.push({ message: "must be true or false", path: ["approved"] });
      for (const [key, text] of Object.entries({ by, comment })) {
        if (text !== undefined && typeof text !== "string") issues.push({ message: "must be a text", path: [key] });
      }
      if (typeof approved !== "boolean" || issues.length > 0) return { issues };
      return {
        value: {
          approved,
          ...(typeof by === "string" ? { by } : {}),
          ...(typeof comment === "string" ? { comment } : {}),
        },
      };
    },
  },
};

const info = controlTask("approval", approval);

/**
 * Waits until somebody has decided: a signal whose payload is a {@linkcode Decision}. Who goes on only if it was approved branches on it.
 *
 * @param name Name of the signal; or what brings it.
 * @param options `timeout` in milliseconds after which the node fails with a `TimeoutError`.
 * @returns A node whose value is the decision.
 * @throws {GraphError} If the name can not be used.
 * @throws {ConfigError} If the timeout can not be used.
 *
 * @example
 * ```ts
 * import { approval, branch, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const ship = task(() => "shipped", { name: "ship" });
 * const refund = task(() => "refunded", { name: "refund" });
 * const decision = approval("large order");
 * const done = branch(decision.item("approved"), { true: () => ship(), false: () => refund() });
 *
 * const run = await new LocalWorkflow(done, { workflowName: "order" }).start();
 * await run.signal("large order", { approved: true, by: "Ada" });
 * console.log(await run.result()); // shipped
 * ```
 */
export function approval(
  name: string | Ref<string>,
  options?: Pick<SignalOptions<never>, "timeout">,
): Node<Decision>;
export function approval(name: unknown, options: Pick<SignalOptions<never>, "timeout"> = {}): Node<unknown> {
  return signalNode(info, name, { ...options, schema });
}
