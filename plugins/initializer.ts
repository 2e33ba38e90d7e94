/**
 * A plugin that prepares the place where a node runs.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";
import type { Plugin, PluginContext } from "../src/plugin.ts";
import { registerPlugin } from "../src/plugin_origin.ts";

/**
 * Calls a function before every attempt of a node, on the thread or in the process where the node runs: to set up a library, or to
 * warm a cache. What it throws fails the attempt.
 *
 * @example
 * ```ts
 * import { InitializerPlugin, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * let locale = "en";
 * const format = task((value: number) => value.toLocaleString(locale), { name: "format" });
 * const workflow = new LocalWorkflow(format(1234.5), { workflowName: "format" });
 * workflow.setPlugin("format_*", new InitializerPlugin(() => void (locale = "de")));
 * console.log(await workflow.run()); // 1.234,5
 * ```
 */
export class InitializerPlugin implements Plugin {
  readonly #initialize: (context: PluginContext) => void | Promise<void>;

  /**
   * Keeps the function. For nodes on a pool, make the plugin at the top of a module, as tasks are.
   *
   * @throws {ConfigError} If it is not a function.
   */
  constructor(initialize: (context: PluginContext) => void | Promise<void>) {
    if (typeof initialize !== "function") {
      throw new ConfigError(`InitializerPlugin was given ${String(initialize)}; it takes a function.`);
    }
    this.#initialize = initialize;
    registerPlugin(this, new.target, [initialize]);
  }

  /** Calls the function. */
  remoteInitialize(_state: void, context: PluginContext): void | Promise<void> {
    return this.#initialize(context);
  }
}
