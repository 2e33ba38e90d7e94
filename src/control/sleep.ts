/**
 * `sleep()`: goes on after a time.
 *
 * @module
 */
import { describe } from "../describe.ts";
import { GraphError } from "../errors.ts";
import { InputRef } from "../input.ts";
import { CallNode, ItemRef, type Node } from "../node.ts";
import type { Ref } from "../ref.ts";
import { controlArg, controlNode, controlTask } from "./control_node.ts";

const info = controlTask("sleep", sleep);

/**
 * Waits, without holding a slot. On a durable run the time at which it ends is stored, so that no process has to live until then.
 *
 * It begins when all that it comes `after()` has ended.
 *
 * @param time Milliseconds, or the `Date` to wait for; or what brings one. A time that has passed is no wait.
 * @returns A node whose value is `undefined`.
 * @throws {GraphError} If it is given something else.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, sleep, task } from "@fusewire/fusewire";
 *
 * const order = task(() => "ordered", { name: "order" })();
 * const remind = task(() => "reminded", { name: "remind" })().after(sleep(20).after(order));
 * console.log(await new LocalWorkflow([order, remind], { workflowName: "reminder" }).run()); // ["ordered", "reminded"]
 * ```
 */
export function sleep(time: number | Date | Ref<number | Date> | Ref<number> | Ref<Date>): Node<void>;
export function sleep(time: unknown): Node<unknown> {
  if (time instanceof CallNode || time instanceof ItemRef || time instanceof InputRef) {
    return controlNode(info, { kind: "sleep" }, [controlArg(time, "sleep()")]);
  }
  const isTime = typeof time === "number" || time instanceof Date;
  if (!isTime || !Number.isFinite(time instanceof Date ? time.getTime() : time)) {
    throw new GraphError(
      `sleep() was given ${describe(time)}; it takes a finite number of milliseconds, a Date, or a node of one.`,
    );
  }
  return controlNode(info, { kind: "sleep" }, [time]);
}
