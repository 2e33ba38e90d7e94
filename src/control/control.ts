/**
 * What control nodes are: nodes that make no call. They take the value of one of those that they wait for, or wait for something that no step
 * of their run does.
 *
 * @module
 */
import type { WorkflowDefinition } from "../definition.ts";
import { describe } from "../describe.ts";
import { ConfigError } from "../errors.ts";
import type { AnySchema } from "../standard_schema.ts";
import type { MapBody } from "./map_body.ts";

/** What a control node does in place of a call. */
export type Control =
  /** Takes the value of its argument, or `undefined` if there is none. */
  | { readonly kind: "optional" }
  /** Takes the value of the first of its arguments that has one. */
  | { readonly kind: "anyOf" }
  /** Takes the value of the case that the first argument names; the argument of case `cases[i]` is the one at `i + 1`. */
  | { readonly kind: "branch"; readonly cases: readonly string[] }
  /** Takes the values of all its arguments, which are the items of a map, and does without some. */
  | { readonly kind: "gather"; readonly body: MapBody }
  /** Takes the first of its arguments, which are those of a loop's iterations, that ends the loop. */
  | { readonly kind: "repeatUntil"; readonly until: LoopEnd; readonly onLimit: LoopLimit }
  /** Has its one argument, which is no reference, as its value: a loop begins with it. */
  | { readonly kind: "initial" }
  | WaitingControl;

/** What a control node waits for that no step of its run does. */
export type WaitingControl =
  /** So many milliseconds, or a date: the argument. */
  | { readonly kind: "sleep" }
  /** A signal: the argument is its name. */
  | {
    readonly kind: "waitForSignal";
    /** Milliseconds after which it fails; `undefined` never. */
    readonly timeout: number | undefined;
    /** Checks the payload. */
    readonly schema: AnySchema | undefined;
  }
  /** A run of another definition: the argument is its input. */
  | { readonly kind: "subWorkflow"; readonly definition: WorkflowDefinition }
  /** A run with a node for each item of a list: the argument. */
  | { readonly kind: "map"; readonly body: MapBody };

/** Whether a control node waits for something that no step of its run does. */
export function isWaiting(control: Control): control is WaitingControl {
  switch (control.kind) {
    case "sleep":
    case "waitForSignal":
    case "subWorkflow":
    case "map":
      return true;
    case "optional":
    case "anyOf":
    case "branch":
    case "gather":
    case "repeatUntil":
    case "initial":
      return false;
  }
}

/** What becomes of a loop that its last iteration does not end: it fails, or has the last value. */
export type LoopLimit = "fail" | "last";

/** What was given to say whether a value ends a loop; asked through {@linkcode endsLoop}. */
export type LoopEnd = (value: unknown) => unknown;

/**
 * Whether a value ends a loop.
 *
 * @throws {ConfigError} If the function gives something else than true or false: a promise would end every loop.
 */
export function endsLoop(until: LoopEnd, value: unknown): boolean {
  const ends = until(value);
  if (typeof ends === "boolean") return ends;
  throw new ConfigError(`The function \`until\` of a loop gave ${describe(ends)}; it must give true or false.`);
}

/** The case for every value that has no case of its own. */
export const DEFAULT_CASE = "default";

/** The case of a selector's value: the one of that name, else `default`; `undefined` if there is neither. */
export function caseOf(names: ReadonlySet<string>, value: unknown): string | undefined {
  const name = (typeof value === "object" && value !== null) || typeof value === "function" ? undefined : String(value);
  if (name !== undefined && names.has(name)) return name;
  return names.has(DEFAULT_CASE) ? DEFAULT_CASE : undefined;
}
