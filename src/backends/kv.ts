/**
 * The durable backend: a plain graph as one run of a runtime, which survives the process.
 *
 * @module
 */
import type { DurableRun } from "../engine/durable_run.ts";
import { DurableWorkflow } from "../engine/executable.ts";
import type { Runtime } from "../engine/runtime.ts";
import { ConfigError, GraphError } from "../errors.ts";
import type { Plan } from "../results/plan.ts";
import type { OptionsFor, ResultOf, WorkflowSource } from "../workflow_options.ts";

/** The options of a {@linkcode KvWorkflow}, by what it is made from. */
export type KvOptionsFor<S extends WorkflowSource> = OptionsFor<S> & {
  /** Where the run is kept, and what works on it in this process. */
  readonly runtime: Runtime;
};

/**
 * Runs a graph as a durable run: every result is committed, and a process that was killed goes on from its last commit when the same
 * program is started again.
 *
 * `run()` resumes the run of the workflow's name that has not ended, if the graph is equal, and else starts a new one. This process works on
 * it; other processes that do the same share the work.
 *
 * @example
 * ```ts
 * import { KvWorkflow, openRuntime, task } from "@fusewire/fusewire";
 *
 * const add = task((a: number, b: number) => a + b, { name: "add" });
 * await using runtime = await openRuntime({ kv: ":memory:" });
 * const workflow = new KvWorkflow(add(add(1, 2), 3), { workflowName: "sum", runtime });
 * console.log(await workflow.run()); // 6
 * ```
 */
export class KvWorkflow<const S extends WorkflowSource> extends DurableWorkflow<S> {
  readonly #runtime: Runtime;
  readonly #input: unknown;

  /**
   * Checks the graph and the options.
   *
   * @throws {GraphError} On something that is not a node, duplicate names, cycles, an unusable name.
   * @throws {ConfigError} On an option that can not be used.
   */
  constructor(source: S, options: KvOptionsFor<S>) {
    super(source, options);
    const given: { readonly runtime?: Runtime; readonly input?: unknown } = options ?? {};
    if (given.runtime === undefined) {
      throw new ConfigError(
        `Workflow \`${this.workflowName}\` has no runtime; give it one: new KvWorkflow(nodes, { workflowName, runtime: await openRuntime() }).`,
        { workflow: this.workflowName },
      );
    }
    this.#runtime = given.runtime;
    this.#input = given.input;
  }

  /**
   * What a new run would do now, node by node, and why: which results of earlier runs stand for nodes, where `cache` is `"content"`.
   *
   * @param options With `verify` values in the object store are read too. Default: `false`.
   */
  override async plan({ verify = false }: { readonly verify?: boolean } = {}): Promise<Plan> {
    await this.checkInput();
    const { planOfContent } = await import("../engine/content_plan.ts");
    return await planOfContent(this.storageSetup(), this.#runtime.core, verify);
  }

  /**
   * Starts a run, or goes on with the one that has not ended.
   *
   * @throws {GraphError} If the one that has not ended is of another graph.
   */
  async start(): Promise<DurableRun<ResultOf<S>>> {
    const input = await this.checkedInput(this.#input);
    const executable = this.executable();
    const { workflow, schema } = executable.definition;
    const { run, here } = await this.#runtime.driveExecutable(executable, input, { exclusive: "KvWorkflow" });
    if (run.schema !== schema) {
      throw new GraphError(
        `Run ${run.id} of workflow \`${workflow}\` has not ended and is of another graph than this one; ` +
          "let the program that started it finish it, or cancel it: runtime.get(id).cancel().",
        { workflow },
      );
    }
    return this.#runtime.attach<ResultOf<S>>(run.id, here);
  }
}
