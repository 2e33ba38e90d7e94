/**
 * What a schema has named while it is written. Two things of one name could not be told apart by who reads it.
 *
 * @module
 */
import type { WorkflowDefinition } from "../definition.ts";
import { SerializationError } from "../errors.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { TaskInfo } from "../task_info.ts";
import type { SchemaNames } from "./named_code.ts";
import { optionsForm } from "./options_form.ts";
import type { OptionsSchema } from "./workflow_schema.ts";

/** The tasks and definitions that one schema has named so far. */
export class WrittenNames {
  readonly #tasks = new Map<string, TaskInfo>();
  readonly #definitions = new Map<string, WorkflowDefinition>();

  /** `workflow` is the name of the workflow, for messages. */
  constructor(private readonly workflow: string, private readonly names: SchemaNames) {}

  /**
   * The first task of the name that a task has.
   *
   * @throws {SerializationError} If that does something else.
   */
  task(task: TaskInfo, node: string): TaskInfo {
    const known = this.#tasks.get(task.base);
    if (known === undefined) {
      this.#tasks.set(task.base, task);
      return task;
    }
    if (known.func === task.func) return known;
    throw new SerializationError(
      `Node \`${node}\` is of a task \`${task.base}\`, and there is another task of that name in workflow ` +
        `\`${this.workflow}\`; a schema names tasks, so give one of them another: task(fn, { name: … }).`,
      { workflow: this.workflow, node },
    );
  }

  /**
   * Notes a definition.
   *
   * @throws {SerializationError} If there is another one of its name and version.
   */
  definition(definition: WorkflowDefinition, node: string): void {
    const { name, version } = definition;
    const key = JSON.stringify([name, version]);
    const known = this.#definitions.get(key) ?? definition;
    this.#definitions.set(key, known);
    if (known === definition) return;
    throw new SerializationError(
      `Node \`${node}\` is a run of definition \`${name}\` of version ${
        JSON.stringify(version)
      }, and there is another ` +
        `definition of that name and version in workflow \`${this.workflow}\`; a schema names definitions, so give one of them another.`,
      { workflow: this.workflow, node },
    );
  }

  /** The options of a step of a task, where they are not those of the task. */
  options(options: AnyTaskOptions | undefined, task: TaskInfo, node: string): { readonly options?: OptionsSchema } {
    const form = optionsForm(options, task.options, this.names, node);
    if (form !== undefined) return { options: form };
    // Without any, those of the task would hold.
    return optionsForm(task.options, task.options, {}, node) === undefined ? {} : { options: {} };
  }
}
