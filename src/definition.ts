/**
 * Definitions: named workflows that are built around a placeholder of their input, so that each run may have another.
 *
 * @module
 */
import { outsideCases } from "./control/case_scope.ts";
import { describe } from "./describe.ts";
import { ConfigError, GraphError } from "./errors.ts";
import { type Input, inputPlaceholder, type InputRef } from "./input.ts";
import type { RunHooks } from "./hooks.ts";
import { checkName, namingScope } from "./naming.ts";
import { type CacheMode, checkOptions, type Scope } from "./options.ts";
import type { Plugin } from "./plugin.ts";
import type { Policy } from "./policy.ts";
import type { Ref, Targets, Value } from "./ref.ts";
import { type AnySchema, issueText, type StandardSchema } from "./standard_schema.ts";

/** What a definition says beside its graph. `I` is what goes into the schema, `O` what comes out. */
export interface DefinitionOptions<I, O> {
  /** Version of the workflow; a run is only given to a worker that knows its version. */
  readonly version: string;
  /** Checks the input of every run: any Standard Schema. Default: the input is taken as it is. */
  readonly input?: StandardSchema<I, O>;
  /** What wraps each attempt of every node. Default: none. */
  readonly policies?: readonly Policy[];
  /** What is called around each run, in the process that has it at work. Default: none. */
  readonly hooks?: RunHooks;
  /**
   * Milliseconds that a whole run may take. Then what runs is stopped, steps that have not ended are cancelled, and the run fails with a
   * `TimeoutError`. On a runtime the time counts from when the run was started or was to begin, also while no worker is there, and anew
   * after `retry()`. Default: no limit.
   */
  readonly timeout?: number;
  /** Plugins of every node. Default: none. */
  readonly plugins?: readonly Plugin<unknown>[];
  /** When a stored result stands for a new one. Default: the backend's. */
  readonly cache?: CacheMode;
  /**
   * What runs: what the targets need, or everything below the roots of the targets.
   *
   * @default {"ancestors"}
   */
  readonly scope?: Scope;
  /** Queue that the runs are put in on a durable backend. Default: the default queue. */
  readonly queue?: string;
}

/** Options of a definition, whatever its input is. */
type AnyDefinitionOptions = Omit<DefinitionOptions<never, never>, "input"> & { readonly input?: AnySchema };

/** A named workflow with input `I` and result `T`. */
export interface Definition<in I, out T> {
  /** Name of the workflow. */
  readonly name: string;
  /** Version of the workflow. */
  readonly version: string;
  /** Builds the graph around a placeholder. */
  readonly build: (input: Ref<I>) => Ref<T> | readonly Ref<unknown>[];
}

/**
 * Names a workflow. The input's type comes from the schema, or from the annotation of `build`'s parameter
 * (`(input: Input<{ day: string }>) => …`), or is `void`.
 *
 * @param name 1 to 255 UTF-8 bytes, no control characters.
 * @param options `version`, and what holds for every run.
 * @param build Makes the nodes around a placeholder of the input, and returns the targets. It runs in a naming scope of its own.
 * @throws {GraphError} If the name can not be used.
 * @throws {ConfigError} If the version is missing, the schema is none, or an option is out of range.
 *
 * @example
 * ```ts
 * import { defineWorkflow, type Input, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const greet = task((name: string) => `Hello, ${name}!`, { name: "greet" });
 * const hello = defineWorkflow("hello", { version: "1" }, (input: Input<{ name: string }>) => greet(input.name));
 * console.log(await new LocalWorkflow(hello, { input: { name: "Ada" } }).run()); // Hello, Ada!
 * ```
 */
export function defineWorkflow<O = void, const R extends Targets = Targets, I = O>(
  name: string,
  options: DefinitionOptions<I, O>,
  build: (input: Input<O>) => R,
): Definition<I, Value<R>>;
export function defineWorkflow(
  name: string,
  options: AnyDefinitionOptions,
  build: (input: never) => Targets,
): WorkflowDefinition {
  const definition = new WorkflowDefinition(name, options, build);
  if (definition.version !== "") return definition;
  throw noVersion(name);
}

function noVersion(name: string): ConfigError {
  return new ConfigError(
    `Definition \`${name}\` has no version; give it one: defineWorkflow("${name}", { version: "1" }, …).`,
    { workflow: name },
  );
}

/** What `defineWorkflow()` makes. One of a schema of plain nodes, or a part of a graph of them, has an empty version. */
export class WorkflowDefinition implements Definition<unknown, unknown> {
  readonly version: string;
  /** Whether it is a part of another workflow, and not one that somebody has named. */
  readonly isPart: boolean;
  readonly #build: (input: never) => Targets;

  /** See {@linkcode defineWorkflow}. */
  constructor(
    readonly name: string,
    readonly options: AnyDefinitionOptions,
    build: (input: never) => Targets,
    isPart: boolean = false,
  ) {
    this.isPart = isPart;
    checkName(name, "workflow");
    if (typeof options?.version !== "string") throw noVersion(name);
    if (typeof build !== "function") {
      throw new GraphError(`Definition \`${name}\` has no function that builds its graph.`, { workflow: name });
    }
    const { input } = options;
    if (input !== undefined && typeof input?.["~standard"]?.validate !== "function") {
      throw new ConfigError(
        `Option \`input\` of definition \`${name}\` is ${
          describe(input)
        }, which is no Standard Schema; give it a schema of zod (3.24 or later), valibot (1 or later), arktype (2 or later), or another that follows the standard.`,
        { workflow: name },
      );
    }
    if (options.timeout !== undefined) checkOptions({ timeout: options.timeout }, `definition \`${name}\``);
    this.version = options.version;
    this.#build = build;
  }

  /** Builds the graph around a placeholder, in a naming scope of its own. */
  readonly build = (input: Ref<unknown>): Ref<unknown> | readonly Ref<unknown>[] =>
    // What stands for the input stands for an input of any type.
    outsideCases(() => namingScope(() => this.#build(input as never)));

  /** The targets of a graph that was built anew. */
  targets(): Targets {
    const placeholder: InputRef = inputPlaceholder();
    return this.build(placeholder);
  }

  /**
   * The input as the schema gives it back.
   *
   * @throws {ConfigError} If the schema refuses it, with all that is wrong.
   */
  async checkInput(input: unknown): Promise<unknown> {
    const schema = this.options.input;
    if (schema === undefined) return input;
    const result = await schema["~standard"].validate(input);
    if (result.issues === undefined) return result.value;
    throw new ConfigError(
      `The input of workflow \`${this.name}\` is not what its schema asks for: ${
        result.issues.map(issueText).join("; ")
      }.`,
      { workflow: this.name },
    );
  }
}
