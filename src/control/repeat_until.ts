/**
 * `repeatUntil()`: a part of a graph runs again and again, each time with what it gave the time before.
 *
 * @module
 */
import { capture } from "../arguments.ts";
import { describe } from "../describe.ts";
import { ConfigError, GraphError } from "../errors.ts";
import { InputRef } from "../input.ts";
import { CallNode, type Condition, ItemRef, type Node } from "../node.ts";
import type { HasItems, Ref } from "../ref.ts";
import { DeepArg, StandIn } from "../stand_in.ts";
import { buildCase, refusePromise } from "./case_scope.ts";
import { endsLoop, type LoopEnd, type LoopLimit } from "./control.ts";
import { type ControlArg, controlArg, controlNode, controlTask, stepArg } from "./control_node.ts";

const info = controlTask("repeat", repeatUntil);
const initialInfo = controlTask("initial", repeatUntil);

/** The most iterations that a loop may be allowed: all of them are nodes of the graph. */
export const MOST_ITERATIONS = 10_000;

/** What an iteration of a loop begins with: a reference, of which items can be taken. */
export type LoopValue<T> = Ref<T> & HasItems;

/** When a loop ends. */
export interface RepeatOptions<in T> {
  /**
   * Whether the loop ends with the value of an iteration. It is called in the process that runs the graph, and may be called more than once
   * for a value, so it must give the same each time.
   */
  readonly until: (value: T) => boolean;
  /** How many iterations there may be: a whole number from 1 to 10,000. */
  readonly maxIterations: number;
  /**
   * What becomes of the loop if the last of them does not end it: it fails, or has the value of that one.
   *
   * @default {"fail"}
   */
  readonly onLimit?: LoopLimit;
}

/**
 * The value of the first iteration with which `until` is satisfied. There is always one iteration; the next one runs only if the value of
 * the one before does not end the loop, else its nodes are skipped.
 *
 * The body is called here, once for each iteration that there may be, and makes its nodes, so that the whole loop is part of the graph. It
 * returns what gives the value of the iteration, which has to be made in it. An iteration without a value ends the loop: it is skipped or
 * cancelled, as that was. In a loop inside a loop the bounds multiply.
 *
 * @typeParam T Type of the value; of what the loop begins with, and of what each iteration gives.
 * @param initial What the first iteration begins with: a value, a node, an item of one, or a part of the input.
 * @param body Makes the nodes of one iteration from the value of the one before, and the number of the iteration, from 0 on.
 * @param options When the loop ends, and how many iterations there may be.
 * @returns A node that makes no call, and is never stored.
 * @throws {GraphError} If the body does not return a reference to what it made, or the value to begin with holds references.
 * @throws {ConfigError} If an option is out of range.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, repeatUntil, task } from "@fusewire/fusewire";
 *
 * const halve = task((x: number) => x / 2, { name: "halve" });
 *
 * const small = repeatUntil(100, (x) => halve(x), { until: (x) => x < 10, maxIterations: 20 });
 * const workflow = new LocalWorkflow(small, { workflowName: "halves" });
 * console.log(await workflow.run()); // 6.25
 * ```
 */
export function repeatUntil<T>(
  initial: T | Ref<T>,
  body: (value: LoopValue<NoInfer<T>>, iteration: number) => Ref<NoInfer<T>>,
  options: RepeatOptions<NoInfer<T>>,
): Node<T>;
export function repeatUntil(
  initial: unknown,
  body: (value: ControlArg, iteration: number) => unknown,
  options: RepeatOptions<never>,
): Node<unknown> {
  const { until, maxIterations, onLimit } = checkedOptions(options);
  if (typeof body !== "function") {
    throw new GraphError(`The body of repeatUntil() is ${describe(body)}; it must be a function that returns a node.`);
  }
  let value = initialArg(initial);
  const iterations: ControlArg[] = [];
  for (let i = 0; i < maxIterations; i++) {
    const label = i === 0 ? "The body of repeatUntil()" : `The body of repeatUntil(), called for iteration ${i},`;
    const build = (): unknown => body(value, i);
    const condition = loopCondition(value, until);
    const made = i === 0 ? build() : buildCase(condition, build, label);
    refusePromise(made, label);
    value = stepArg(made, label);
    if (i > 0) refuseOutside(value, condition, label);
    iterations.push(value);
  }
  return loopNode(until, onLimit, iterations);
}

/** What the nodes of an iteration hang on: that the value of the one before does not end the loop. */
export function loopCondition(on: ControlArg, until: LoopEnd): Condition {
  return { on, predicate: (value) => !endsLoop(until, value), inLoop: true, until };
}

/** The node of a loop whose iterations have these values. */
export function loopNode(until: LoopEnd, onLimit: LoopLimit, iterations: readonly ControlArg[]): CallNode {
  return controlNode(info, { kind: "repeatUntil", until, onLimit }, iterations);
}

/**
 * The node of a plain value that a loop begins with.
 *
 * @throws {GraphError} If it holds references.
 */
export function initialNode(initial: unknown): CallNode {
  if (typeof initial === "object" && initial !== null && capture(initial) instanceof DeepArg) {
    throw new GraphError(
      `repeatUntil() was given ${describe(initial)} with references inside to begin with; make it with a task.`,
    );
  }
  return controlNode(initialInfo, { kind: "initial" }, [initial]);
}

/** What the first iteration begins with: a node is made for a plain value. */
function initialArg(initial: unknown): ControlArg {
  const isRef = initial instanceof CallNode || initial instanceof ItemRef || initial instanceof InputRef ||
    initial instanceof StandIn;
  return isRef ? controlArg(initial, "repeatUntil()") : initialNode(initial);
}

/** An iteration whose value is there in any case would go on when the loop has ended. */
function refuseOutside(value: ControlArg, condition: Condition, label: string): void {
  const node = value instanceof ItemRef ? value.node : value;
  if (node instanceof CallNode && node.extra?.when?.includes(condition)) return;
  throw new GraphError(
    `${label} returned ${
      value instanceof CallNode ? `node \`${value.name}\`` : `item \`${value.label}\``
    }, which was not made in it; return what the iteration makes.`,
  );
}

function checkedOptions(options: RepeatOptions<never>): {
  readonly until: LoopEnd;
  readonly maxIterations: number;
  readonly onLimit: LoopLimit;
} {
  const { until, maxIterations, onLimit = "fail" }: Partial<RepeatOptions<unknown>> = Object(options);
  if (typeof until !== "function") {
    throw new ConfigError(`Option \`until\` of repeatUntil() is ${describe(until)}; it must be a function.`);
  }
  if (!Number.isInteger(maxIterations) || maxIterations! < 1 || maxIterations! > MOST_ITERATIONS) {
    throw new ConfigError(
      `Option \`maxIterations\` of repeatUntil() is ${
        describe(maxIterations)
      }; it must be a whole number from 1 to 10,000.`,
    );
  }
  if (onLimit !== "fail" && onLimit !== "last") {
    throw new ConfigError(
      `Option \`onLimit\` of repeatUntil() is ${describe(onLimit)}; it must be "fail" or "last".`,
    );
  }
  return { until, maxIterations: maxIterations!, onLimit };
}
