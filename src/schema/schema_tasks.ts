/**
 * The tasks that a schema names, as it is read.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { methodTask } from "../instance.ts";
import { task } from "../task.ts";
import { type TaskInfo, taskOfBuilder } from "../task_info.ts";
import { codeOf, type SchemaTask } from "./named_code.ts";
import type { StepSchema } from "./workflow_schema.ts";

/** Finds tasks by the names that one schema gives them. */
export class SchemaTasks {
  readonly #given: Readonly<Record<string, SchemaTask>>;
  readonly #tasks = new Map<string, TaskInfo>();
  readonly #methods = new Map<string, TaskInfo>();

  /** Takes what the schema is read with. */
  constructor(given: Readonly<Record<string, SchemaTask>>) {
    this.#given = given;
  }

  /**
   * What a step calls; `undefined` if it makes no call.
   *
   * @throws {ConfigError} If there is no such task, or its class has no such method.
   */
  of({ task: name, method }: StepSchema, path: string): TaskInfo | undefined {
    if (name === undefined) return undefined;
    const info = this.named(name, `${path}.task`);
    if (method === undefined) return info;
    if (info.kind !== "class") {
      throw new ConfigError(
        `The schema has the method ${JSON.stringify(method)} at ${path} of task \`${name}\`, which is no class.`,
      );
    }
    const key = JSON.stringify([name, method]);
    let made = this.#methods.get(key);
    if (made === undefined) {
      made = methodTask(info, method);
      if (made === undefined) {
        throw new ConfigError(
          `The schema has the method ${JSON.stringify(method)} at ${path}, which the class of task \`${name}\` lacks.`,
        );
      }
      this.#methods.set(key, made);
    }
    return made;
  }

  /**
   * The task of a name.
   *
   * @throws {ConfigError} If there is none.
   */
  named(name: string, path: string): TaskInfo {
    let info = this.#tasks.get(name);
    if (info === undefined) {
      const given = codeOf<SchemaTask>("tasks", name, this.#given, path);
      if (typeof given !== "function") {
        throw new ConfigError(
          `The task ${JSON.stringify(name)} that a schema is read with is no task, function or class.`,
        );
      }
      const own = taskOfBuilder(given) ?? taskOfBuilder(task(given as (...args: unknown[]) => unknown, { name }))!;
      this.#tasks.set(name, info = own.base === name ? own : { ...own, base: name, site: undefined });
    }
    return info;
  }
}
