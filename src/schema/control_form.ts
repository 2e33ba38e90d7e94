/**
 * Nodes that make no call, as data and back. A new kind of control has to be told how in this table, and nowhere else.
 *
 * @module
 */
import { anyOf } from "../control/any_of.ts";
import { branch } from "../control/branch.ts";
import type { Control } from "../control/control.ts";
import { optional } from "../control/optional.ts";
import { ConfigError } from "../errors.ts";
import type { Ref } from "../ref.ts";
import type { StepSchema } from "./workflow_schema.ts";

/** What of a step's schema says more than its kind. */
type ControlFields = Pick<StepSchema, "cases">;

/** How one kind of control becomes data, and a node again. */
interface ControlForm<C extends Control> {
  /** What the schema of a step says beside the kind. */
  readonly fields: (control: C) => ControlFields;
  /** Makes the node of what the step is given. */
  readonly make: (args: readonly Ref<unknown>[], fields: ControlFields, path: string) => Ref<unknown>;
}

const forms: { readonly [K in Control["kind"]]: ControlForm<Extract<Control, { readonly kind: K }>> } = {
  optional: {
    fields: () => ({}),
    make: (args, _fields, path) => {
      const [of] = args;
      if (of === undefined || args.length > 1) throw badArguments(path, "optional() takes one argument", args.length);
      return optional(of);
    },
  },
  anyOf: {
    fields: () => ({}),
    make: ([first, ...others], _fields, path) => {
      if (first === undefined) throw badArguments(path, "anyOf() takes at least one argument", 0);
      return anyOf(first, ...others);
    },
  },
  branch: {
    fields: ({ cases }) => ({ cases: [...cases] }),
    make: ([selector, ...values], { cases = [] }, path) => {
      if (selector === undefined || cases.length !== values.length || new Set(cases).size < cases.length) {
        throw badArguments(
          path,
          `branch() takes a selector and a value for each of its ${cases.length} different cases`,
          values.length + 1,
        );
      }
      const given: { readonly [name: string]: () => Ref<unknown> } = Object.fromEntries(
        cases.map((name, i) => [name, () => values[i]!]),
      );
      const ordered = Object.keys(given);
      if (ordered.some((name, i) => name !== cases[i])) {
        throw new ConfigError(
          `The schema has the cases at ${path}.cases in an order that no object has: numbers come first, as ${
            ordered.join(", ")
          }.`,
        );
      }
      return branch(selector as Ref<string>, given);
    },
  },
};

/** The kinds of control. */
export const controlKinds: readonly Control["kind"][] = Object.keys(forms) as Control["kind"][];

/** What the schema of a step says of what it does in place of a call. */
export function controlFields(control: Control): Pick<StepSchema, "control" | "cases"> {
  return { control: control.kind, ...formOf(control.kind).fields(control) };
}

/** Makes the node of a step that makes no call. */
export function makeControl(
  kind: Control["kind"],
  args: readonly Ref<unknown>[],
  fields: ControlFields,
  path: string,
): Ref<unknown> {
  return formOf(kind).make(args, fields, path);
}

/** The table says that each kind has the form that is its own. */
function formOf(kind: Control["kind"]): ControlForm<Control> {
  return forms[kind] as ControlForm<Control>;
}

function badArguments(path: string, takes: string, given: number): ConfigError {
  return new ConfigError(`The schema has ${given} arguments at ${path}.args, and ${takes}.`);
}
