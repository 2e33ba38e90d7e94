/**
 * Nodes that make no call, as data and back. A new kind of control has to be told how in the table of this file, and nowhere else.
 *
 * @module
 */
import { anyOf } from "../control/any_of.ts";
import { branch } from "../control/branch.ts";
import type { Control } from "../control/control.ts";
import { optional } from "../control/optional.ts";
import { ConfigError } from "../errors.ts";
import type { Ref } from "../ref.ts";
import { fieldsOf, listOf, oneOf, type Reader, text, wrong } from "./fields.ts";
import type { FromSchemaOptions, SchemaNames } from "./named_code.ts";
import { isObject } from "./value_form.ts";
import type { ControlSchema } from "./workflow_schema.ts";

type Kind = Control["kind"];
type OfKind<C extends { readonly kind: string }, K extends Kind> = Extract<C, { readonly kind: K }>;

/** How one kind of control becomes data, and a node again. */
interface ControlForm<C extends Control, S extends ControlSchema> {
  /** What the schema says of it; `names` are those of the code in it, and `node` is for messages. */
  readonly write: (control: C, names: SchemaNames, node: string) => S;
  /** Takes the same data, and refuses all else. */
  readonly read: Reader<S>;
  /** Makes the node of its arguments and of what the schema says. */
  readonly make: (args: readonly Ref<unknown>[], schema: S, options: FromSchemaOptions, path: string) => Ref<unknown>;
}

const forms: { readonly [K in Kind]: ControlForm<OfKind<Control, K>, OfKind<ControlSchema, K>> } = {
  optional: {
    write: ({ kind }) => ({ kind }),
    read: fieldsOf({ kind: oneOf("optional") }, ["kind"]),
    make: (args, _schema, _options, path) => {
      const [of] = args;
      if (of === undefined || args.length > 1) throw badArguments(path, "optional() takes one", args.length);
      return optional(of);
    },
  },
  anyOf: {
    write: ({ kind }) => ({ kind }),
    read: fieldsOf({ kind: oneOf("anyOf") }, ["kind"]),
    make: ([first, ...others], _schema, _options, path) => {
      if (first === undefined) throw badArguments(path, "anyOf() takes at least one", 0);
      return anyOf(first, ...others);
    },
  },
  branch: {
    write: ({ kind, cases }) => ({ kind, cases: [...cases] }),
    read: fieldsOf({ kind: oneOf("branch"), cases: listOf(text) }, ["kind", "cases"]),
    make: ([selector, ...values], { cases }, _options, path) => {
      if (selector === undefined || cases.length !== values.length || new Set(cases).size < cases.length) {
        const wanted = `branch() takes a selector and a value for each of its ${cases.length} cases, which differ`;
        throw badArguments(path, wanted, selector === undefined ? 0 : values.length + 1);
      }
      const given: { readonly [name: string]: () => Ref<unknown> } = Object.fromEntries(
        cases.map((name, i) => [name, () => values[i]!]),
      );
      const ordered = Object.keys(given);
      if (ordered.some((name, i) => name !== cases[i])) {
        throw new ConfigError(
          `The schema has the cases at ${path}.control.cases in an order that no object has; numbers come first: ${
            ordered.join(", ")
          }.`,
        );
      }
      // What selects is a string in a run, or the branch says that it has no such case.
      return branch(selector as Ref<string>, given);
    },
  },
};

/** What the schema of a step says of what it does in place of a call. */
export function controlForm(control: Control, names: SchemaNames, node: string): ControlSchema {
  return formOf(control.kind).write(control, names, node);
}

/** Takes what a schema says of control. */
export const readControl: Reader<ControlSchema> = (form, path) => {
  const kind = isObject(form) ? form["kind"] : undefined;
  if (typeof kind === "string" && isKind(kind)) return formOf(kind).read(form, path);
  const kinds = Object.keys(forms).map((known) => JSON.stringify(known)).join(", ");
  throw wrong(
    isObject(form) ? kind ?? null : form,
    isObject(form) ? `${path}.kind` : path,
    `{ kind: … } with one of ${kinds}`,
  );
};

/** Makes the node of a step that makes no call. */
export function makeControl(
  schema: ControlSchema,
  args: readonly Ref<unknown>[],
  options: FromSchemaOptions,
  path: string,
): Ref<unknown> {
  return formOf(schema.kind).make(args, schema, options, path);
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(forms, kind);
}

/** The table says that each kind has the form that is its own. */
function formOf(kind: Kind): ControlForm<Control, ControlSchema> {
  return forms[kind] as ControlForm<Control, ControlSchema>;
}

function badArguments(path: string, takes: string, given: number): ConfigError {
  return new ConfigError(`The schema has ${given} arguments at ${path}.args, and ${takes}.`);
}
