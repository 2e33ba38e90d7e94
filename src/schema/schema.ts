/**
 * Schemas of workflows: out as plain data or YAML, and in again. What does the work is loaded with the first of them.
 *
 * @module
 */
import type { Definition } from "../definition.ts";
import type { FromSchemaOptions, SchemaNames } from "./named_code.ts";
import type { BaseWorkflow } from "../workflow.ts";
import type { WorkflowSource } from "../workflow_options.ts";
import type { WorkflowSchema } from "./workflow_schema.ts";

/**
 * A workflow or definition as plain data: its name and version, its steps with their tasks, arguments, edges and options, and its targets.
 * Two workflows have equal schemas exactly if they do the same, as far as names tell.
 *
 * @param source A definition, or a workflow of any backend.
 * @param names The names of what is code in it, beside tasks: predicates, policies and the like. Default: none, and such code is refused.
 * @throws {SerializationError} If something of it can not be said as data and has no name; the message names the node and the option.
 * @throws {ConfigError} If it is neither a definition nor a workflow.
 *
 * @example
 * ```ts
 * import { defineWorkflow, type Input, task, toSchema } from "@fusewire/fusewire";
 *
 * const greet = task((name: string) => `Hello, ${name}!`, { name: "greet" });
 * const hello = defineWorkflow("hello", { version: "1" }, (input: Input<{ name: string }>) => greet(input.name));
 * const { steps } = await toSchema(hello);
 * console.log(steps); // [{ name: "greet_0000", task: "greet", args: [{ $input: ["name"] }] }]
 * ```
 */
export async function toSchema(
  source: Definition<never, unknown> | Pick<BaseWorkflow<WorkflowSource, unknown>, "toSchema">,
  names: SchemaNames = {},
): Promise<WorkflowSchema> {
  if ("toSchema" in source) return await source.toSchema(names);
  const { schemaWorkflow } = await import("./definition_schema.ts");
  return await schemaWorkflow(source).toSchema(names);
}

/**
 * A workflow or definition as YAML, for {@linkcode fromYaml} and for people to read.
 *
 * @param source A definition, or a workflow of any backend.
 * @param names See {@linkcode toSchema}.
 * @throws {SerializationError} See {@linkcode toSchema}.
 * @throws {ConfigError} If it is neither a definition nor a workflow, or would take more than 16 MiB of text.
 *
 * @example
 * ```ts
 * import { defineWorkflow, task, toYaml } from "@fusewire/fusewire";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * console.log(await toYaml(defineWorkflow("sum", { version: "1" }, () => add(add(1, 2), 3))));
 * ```
 */
export async function toYaml(
  source: Definition<never, unknown> | Pick<BaseWorkflow<WorkflowSource, unknown>, "toSchema">,
  names: SchemaNames = {},
): Promise<string> {
  const schema = await toSchema(source, names);
  const { yamlOf } = await import("./yaml_text.ts");
  return yamlOf(schema);
}

/**
 * The definition that a schema describes. It has the same graph as what the schema was made of, runs on every backend, and a durable run
 * of the one goes on with the other.
 *
 * @param schema A schema, or the same data from JSON.
 * @param options The tasks that it names, and all else that it names.
 * @throws {ConfigError} If it is no schema, or names something that it was not given; the message has the path.
 * @throws {GraphError} If two steps have one name, a step is missing, or steps wait for each other.
 *
 * @example
 * ```ts
 * import { defineWorkflow, fromSchema, LocalWorkflow, task, toSchema } from "@fusewire/fusewire";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * const schema = await toSchema(defineWorkflow("sum", { version: "1" }, () => add(add(1, 2), 3)));
 * const sum = await fromSchema(schema, { tasks: { add } });
 * console.log(await new LocalWorkflow(sum, {}).run()); // 6
 * ```
 */
export async function fromSchema(
  schema: WorkflowSchema,
  options: FromSchemaOptions,
): Promise<Definition<unknown, unknown>> {
  const { definitionOf } = await import("./schema_definition.ts");
  return definitionOf(schema, options);
}

/**
 * The definition that a YAML document describes. The document may come from anywhere: nothing in it is run, no tag makes anything but plain
 * data, and what is no schema is refused.
 *
 * @param text YAML as {@linkcode toYaml} gives it, or written by hand; at most 16 MiB.
 * @param options The tasks that it names, and all else that it names.
 * @throws {ConfigError} If it is no schema, or names something that it was not given; the message has the line or the path.
 * @throws {GraphError} If two steps have one name, a step is missing, or steps wait for each other.
 *
 * @example
 * ```ts
 * import { fromYaml, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * const sum = await fromYaml(
 *   `
 * format: fusewire/workflow/1
 * workflow: sum
 * version: "1"
 * steps:
 *   - name: first
 *     task: add
 *     args: [1, 2]
 *   - name: total
 *     task: add
 *     args: [{ $node: first }, { $input: [more] }]
 * targets: [{ $node: total }]
 * single: true
 * `,
 *   { tasks: { add } },
 * );
 * console.log(await new LocalWorkflow(sum, { input: { more: 3 } }).run()); // 6
 * ```
 */
export async function fromYaml(text: string, options: FromSchemaOptions): Promise<Definition<unknown, unknown>> {
  const { schemaOfYaml } = await import("./yaml_text.ts");
  return await fromSchema(schemaOfYaml(text), options);
}
