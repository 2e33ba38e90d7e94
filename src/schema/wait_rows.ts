/**
 * Control that waits for a time, a signal or another run, as data.
 *
 * @module
 */
import { approval } from "../control/approval.ts";
import { sleep } from "../control/sleep.ts";
import { subWorkflow } from "../control/sub_workflow.ts";
import { waitForSignal } from "../control/wait_for_signal.ts";
import type { StandardSchema } from "../standard_schema.ts";
import { asRef, badArguments, type ControlRows, made, onlyArgument } from "./control_row.ts";
import { fieldsOf, number, oneOf, text } from "./fields.ts";
import { codeOf, workflowOf } from "./named_code.ts";

/** See `sleep()`, `waitForSignal()`, `approval()` and `subWorkflow()`. */
export const waitRows: ControlRows<"sleep" | "waitForSignal" | "approval" | "subWorkflow"> = {
  sleep: {
    base: "sleep",
    read: fieldsOf({ kind: oneOf("sleep") }, ["kind"]),
    make: (args, _schema, place) => {
      const time = onlyArgument(args, place, "sleep()");
      return made(() => sleep(asRef(time)), place);
    },
  },
  waitForSignal: {
    base: "waitForSignal",
    read: fieldsOf({ kind: oneOf("waitForSignal"), timeout: number, schema: text }, ["kind"]),
    make: (args, { timeout, schema }, place) => {
      const name = onlyArgument(args, place, "waitForSignal()");
      const at = `${place.path}.control.schema`;
      const options = {
        ...timeout === undefined ? {} : { timeout },
        // Nothing but its `validate()` is asked.
        ...schema === undefined
          ? {}
          : { schema: codeOf("inputs", schema, place.options.inputs, at) as StandardSchema<never, unknown> },
      };
      return made(() => waitForSignal(asRef(name), options), place);
    },
  },
  approval: {
    base: "approval",
    read: fieldsOf({ kind: oneOf("approval"), timeout: number }, ["kind"]),
    make: (args, { timeout }, place) => {
      const name = onlyArgument(args, place, "approval()");
      return made(() => approval(asRef(name), timeout === undefined ? {} : { timeout }), place);
    },
  },
  subWorkflow: {
    base: "subWorkflow",
    read: fieldsOf({ kind: oneOf("subWorkflow"), workflow: text, version: text }, ["kind", "workflow", "version"]),
    make: (args, { workflow, version }, place) => {
      const { path, node, options } = place;
      if (args.length > 1) throw badArguments(path, "subWorkflow() takes the input and nothing else", args.length);
      const definition = workflowOf(workflow, version, options.workflows, `${path}.control of step \`${node}\``);
      // Its schema checks the input in a run.
      return made(() => subWorkflow(definition, args[0]), place);
    },
  },
};
