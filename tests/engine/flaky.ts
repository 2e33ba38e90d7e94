/**
 * A workflow whose step fails at first.
 *
 * @module
 */
import { context, defineWorkflow, type Definition, task, type TaskOptions } from "@fusewire/fusewire";

/** A workflow of one step that fails so often and then gives "done", and the attempts that it saw. */
export function flaky(failures: number, options: TaskOptions): {
  readonly definition: Definition<void, string>;
  readonly attempts: number[];
} {
  const attempts: number[] = [];
  const step = task(() => {
    attempts.push(context().attempt);
    if (attempts.length <= failures) throw new RangeError(`failure ${attempts.length}`);
    return "done";
  }, { name: "flaky", ...options });
  return { definition: defineWorkflow("flaky", { version: "1" }, () => step()), attempts };
}
