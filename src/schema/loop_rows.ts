/**
 * Loops as data: their iterations are steps of the schema.
 *
 * @module
 */
import type { LoopEnd } from "../control/control.ts";
import { stepArg } from "../control/control_node.ts";
import { initialNode, loopNode, MOST_ITERATIONS } from "../control/repeat_until.ts";
import { describe } from "../describe.ts";
import { ConfigError } from "../errors.ts";
import { type CallNode, type Condition, ItemRef, nodeBehind } from "../node.ts";
import { badArguments, type ControlRows, made, onlyArgument } from "./control_row.ts";
import { fieldsOf, oneOf, text } from "./fields.ts";
import { codeOf, type FromSchemaOptions } from "./named_code.ts";
import { isReference } from "./step_references.ts";

/** See `repeatUntil()`. */
export const loopRows: ControlRows<"repeatUntil" | "initial"> = {
  repeatUntil: {
    base: "repeat",
    read: fieldsOf({ kind: oneOf("repeatUntil"), until: text, onLimit: oneOf("fail", "last") }, ["kind", "until"]),
    make: (args, { until: name, onLimit = "fail" }, place) => {
      const { path, options } = place;
      if (args.length < 1 || args.length > MOST_ITERATIONS) {
        throw badArguments(path, "repeatUntil() takes a value for each of 1 to 10,000 iterations", args.length);
      }
      const until = loopEndOf(name, options, `${path}.control.until`);
      const late = args.findIndex((arg, i) => i > 0 && !hangsOn(nodeBehind(arg), args[i - 1], until));
      if (late > 0) {
        throw new ConfigError(
          `The schema has at ${path}.args[${late}] an iteration that would go on when the loop has ended; its step needs ` +
            `a condition { of: …, until: ${JSON.stringify(name)} } with the value of the iteration before.`,
        );
      }
      return made(() => loopNode(until, onLimit, args.map((arg) => stepArg(arg, "repeatUntil()"))), place);
    },
  },
  initial: {
    base: "initial",
    read: fieldsOf({ kind: oneOf("initial") }, ["kind"]),
    make: (args, _schema, place) => {
      const value = onlyArgument(args, place, "the beginning of a loop");
      if (!isReference(value)) return made(() => initialNode(value), place);
      throw new ConfigError(
        `The schema has ${describe(value)} at ${place.path}.args[0], where a loop begins with plain data; ` +
          "let the first iteration take the reference.",
      );
    },
  },
};

/** The function of a name that says whether a value ends a loop. */
export function loopEndOf(name: string, { functions }: FromSchemaOptions, path: string): LoopEnd {
  // What it takes is known to who names it; what it gives is looked at.
  return codeOf("functions", name, functions, path) as LoopEnd;
}

/** Whether a node runs only if a value does not end the loop. */
function hangsOn(node: CallNode | undefined, value: unknown, until: LoopEnd): boolean {
  return node?.extra?.when?.some((condition) => condition.until === until && isSame(condition.on, value)) === true;
}

function isSame(on: Condition["on"], value: unknown): boolean {
  return on === value || on instanceof ItemRef && value instanceof ItemRef && on.node === value.node &&
      on.path.length === value.path.length && on.path.every((key, i) => key === value.path[i]);
}
