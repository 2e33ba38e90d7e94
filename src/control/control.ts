/**
 * What control nodes are: nodes that make no call, and take the value of one of those that they wait for.
 *
 * @module
 */

/** What a control node does in place of a call. */
export type Control =
  /** Takes the value of its argument, or `undefined` if there is none. */
  | { readonly kind: "optional" }
  /** Takes the value of the first of its arguments that has one. */
  | { readonly kind: "anyOf" }
  /** Takes the value of the case that the first argument names; the argument of case `cases[i]` is the one at `i + 1`. */
  | { readonly kind: "branch"; readonly cases: readonly string[] };

/** The case for every value that has no case of its own. */
export const DEFAULT_CASE = "default";

/** The case of a selector's value: the one of that name, else `default`; `undefined` if there is neither. */
export function caseOf(names: ReadonlySet<string>, value: unknown): string | undefined {
  const name = (typeof value === "object" && value !== null) || typeof value === "function" ? undefined : String(value);
  if (name !== undefined && names.has(name)) return name;
  return names.has(DEFAULT_CASE) ? DEFAULT_CASE : undefined;
}
