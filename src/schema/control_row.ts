/**
 * What the rows of the table of control have in common.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import type { Ref } from "../ref.ts";
import type { Reader } from "./fields.ts";
import type { FromSchemaOptions } from "./named_code.ts";
import type { SchemaTasks } from "./schema_tasks.ts";
import type { ControlSchema } from "./control_schema.ts";

/** The kinds of control, as schemas have them. */
export type ControlKind = ControlSchema["kind"];

/** What a schema says of one kind of control. */
export type ControlOf<K extends ControlKind> = Extract<ControlSchema, { readonly kind: K }>;

/** Where a node is made, and what with. */
export interface ControlPlace {
  /** Where the schema has the step, for messages. */
  readonly path: string;
  /** Name of the step, for messages. */
  readonly node: string;
  /** The code that the schema names. */
  readonly options: FromSchemaOptions;
  /** The tasks that it names. */
  readonly tasks: SchemaTasks;
}

/** How one kind of control becomes a node again. */
export interface ControlRow<S extends ControlSchema> {
  /** What the names of such nodes begin with. */
  readonly base: string;
  /** Takes what a schema says of it, and refuses all else. */
  readonly read: Reader<S>;
  /** Makes the node of its captured arguments and of what the schema says. */
  readonly make: (args: readonly unknown[], schema: S, place: ControlPlace) => Ref<unknown>;
}

/** The rows of some kinds. */
export type ControlRows<K extends ControlKind> = { readonly [Each in K]: ControlRow<ControlOf<Each>> };

/** What makes a node refuses what is no reference. */
export function asRef(arg: unknown): Ref<never> {
  return arg as Ref<never>;
}

/** The one argument of a step. */
export function onlyArgument(args: readonly unknown[], { path }: ControlPlace, takes: string): unknown {
  if (args.length === 1) return args[0];
  throw badArguments(path, `${takes} takes one`, args.length);
}

/** Refuses the arguments of a step. */
export function badArguments(path: string, takes: string, given: number): ConfigError {
  return new ConfigError(`The schema has ${given} arguments at ${path}.args, and ${takes}.`);
}

/**
 * Makes a node as a graph does.
 *
 * @throws {ConfigError} If that refuses it; the message has the path and the step.
 */
export function made(build: () => Ref<unknown>, { path, node }: ControlPlace): Ref<unknown> {
  try {
    return build();
  } catch (error) {
    // The body of a map may throw anything.
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`The schema has a step at ${path}, \`${node}\`, that can not be made: ${why}`, {
      cause: error,
      node,
    });
  }
}
