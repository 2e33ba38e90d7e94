/**
 * Control that takes the value of one of those that it waits for, as data.
 *
 * @module
 */
import { anyOf } from "../control/any_of.ts";
import { branch } from "../control/branch.ts";
import { optional } from "../control/optional.ts";
import { ConfigError } from "../errors.ts";
import type { Ref } from "../ref.ts";
import { asRef, badArguments, type ControlRows, made, onlyArgument } from "./control_row.ts";
import { fieldsOf, listOf, oneOf, text } from "./fields.ts";

/** See `optional()`, `anyOf()` and `branch()`. */
export const joinRows: ControlRows<"optional" | "anyOf" | "branch"> = {
  optional: {
    base: "optional",
    read: fieldsOf({ kind: oneOf("optional") }, ["kind"]),
    make: (args, _schema, place) => {
      const of = onlyArgument(args, place, "optional()");
      return made(() => optional(asRef(of)), place);
    },
  },
  anyOf: {
    base: "anyOf",
    read: fieldsOf({ kind: oneOf("anyOf") }, ["kind"]),
    make: (args, _schema, place) => {
      const [first, ...others] = args.map(asRef);
      if (first === undefined) throw badArguments(place.path, "anyOf() takes at least one", args.length);
      return made(() => anyOf(first, ...others), place);
    },
  },
  branch: {
    base: "branch",
    read: fieldsOf({ kind: oneOf("branch"), cases: listOf(text) }, ["kind", "cases"]),
    make: (args, { cases }, place) => {
      const [selector, ...values] = args.map(asRef);
      if (selector === undefined || cases.length !== values.length || new Set(cases).size < cases.length) {
        const wanted = `branch() takes a selector and a value for each of its ${cases.length} cases, which differ`;
        throw badArguments(place.path, wanted, args.length);
      }
      const given: { readonly [name: string]: () => Ref<unknown> } = Object.fromEntries(
        cases.map((name, i) => [name, () => values[i]!]),
      );
      const ordered = Object.keys(given);
      if (ordered.some((name, i) => name !== cases[i])) {
        throw new ConfigError(
          `The schema has the cases at ${place.path}.control.cases in an order that no object has; numbers come first: ${
            ordered.join(", ")
          }.`,
        );
      }
      // What selects is a string in a run, or the branch says that it has no such case.
      return made(() => branch<string, typeof given>(selector, given), place);
    },
  },
};
