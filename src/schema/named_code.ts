/**
 * Code by its name: what a schema names because data can not say it.
 *
 * @module
 */
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { describe } from "../describe.ts";
import { ConfigError, SerializationError } from "../errors.ts";
import type { TaskHooks } from "../hooks.ts";
import type { Plugin } from "../plugin.ts";
import type { Policy } from "../policy.ts";
import type { AnyFunction } from "../ref.ts";
import type { AnySchema } from "../standard_schema.ts";

/** The names of what a schema can not hold, given when it is written and when it is read. */
export interface SchemaNames {
  /** Predicates of `when()`, functions of `onFailure` and `retryIf`, `until` of loops, bodies of maps that are no tasks. Default: none. */
  readonly functions?: Readonly<Record<string, AnyFunction>>;
  /** Policies of workflows and steps. Default: none. */
  readonly policies?: Readonly<Record<string, Policy>>;
  /** Hooks of workflows and steps. Default: none. */
  readonly hooks?: Readonly<Record<string, TaskHooks>>;
  /** Plugins of definitions. Default: none. */
  readonly plugins?: Readonly<Record<string, Plugin<unknown>>>;
  /** What checks the input of definitions, or the payloads of signals: any Standard Schema. Default: none. */
  readonly inputs?: Readonly<Record<string, AnySchema>>;
}

/** What a task of a schema may be: what `task()` returns, or a function or class. */
export type SchemaTask = AnyFunction | (new (...args: never[]) => object);

/** What a schema is read with. */
export interface FromSchemaOptions extends SchemaNames {
  /**
   * The tasks that the schema names. A plain function or class becomes a task without options; for a pool or another thread it has to be
   * a task that its module makes.
   */
  readonly tasks: Readonly<Record<string, SchemaTask>>;
  /** The definitions whose runs are steps of the schema, found by name and version. Default: none. */
  readonly workflows?: readonly Definition<never, unknown>[];
}

/**
 * The name of a piece of code.
 *
 * @param where Whose it is, as messages show it: ``Option `onFailure` of node `a` ``.
 * @throws {SerializationError} If it has none.
 */
export function nameOf<T>(kind: keyof SchemaNames, code: T, known: Readonly<Record<string, T>>, where: string): string {
  for (const [name, other] of Object.entries(known)) if (other === code) return name;
  throw new SerializationError(
    `${where} is code, which a schema can only name: give it a name, as in ` +
      `toSchema({ ${kind}: { aName: … } }), and the same name when the schema is read.`,
  );
}

/**
 * The code of a name.
 *
 * @throws {ConfigError} If nothing has the name; the message lists the names that there are.
 */
export function codeOf<T>(
  kind: Exclude<keyof FromSchemaOptions, "workflows">,
  name: string,
  known: Readonly<Record<string, T>> | undefined,
  path: string,
): T {
  const code = known !== undefined && Object.hasOwn(known, name) ? known[name] : undefined;
  if (code !== undefined) return code;
  const names = Object.keys(known ?? {}).map((other) => JSON.stringify(other));
  const shown = names.length > 20 ? [...names.slice(0, 20), `… ${names.length - 20} more`] : names;
  throw new ConfigError(
    `The schema names ${JSON.stringify(name)} at ${path}, which is not among the \`${kind}\` it was read with: ` +
      `${shown.length === 0 ? "there are none" : shown.join(", ")}.`,
  );
}

/**
 * The definition of a name and version.
 *
 * @throws {ConfigError} If there is none, or more than one; the message lists those that there are.
 */
export function workflowOf(
  name: string,
  version: string,
  given: readonly Definition<never, unknown>[] = [],
  path: string,
): WorkflowDefinition {
  const known = definitionsIn(given);
  const found = new Set(known.filter((definition) => definition.name === name && definition.version === version));
  const [definition] = found;
  if (definition !== undefined && found.size === 1) return definition;
  const shown = known.slice(0, 20).map((other) => `${JSON.stringify(other.name)} ${JSON.stringify(other.version)}`);
  if (known.length > 20) shown.push(`… ${known.length - 20} more`);
  throw new ConfigError(
    `The schema names the definition ${JSON.stringify(name)} of version ${JSON.stringify(version)} at ${path}, ` +
      `${found.size > 1 ? `which is ${found.size} of` : "which is not among"} the \`workflows\` it was read with: ` +
      `${shown.length === 0 ? "there are none" : shown.join(", ")}.`,
  );
}

function definitionsIn(given: readonly Definition<never, unknown>[]): readonly WorkflowDefinition[] {
  const refuse = (what: unknown): never => {
    throw new ConfigError(
      `A schema was read with ${describe(what)} in \`workflows\`, which takes a list of what defineWorkflow() returns.`,
    );
  };
  if (!Array.isArray(given)) return refuse(given);
  return given.map((each: unknown) => each instanceof WorkflowDefinition ? each : refuse(each));
}
