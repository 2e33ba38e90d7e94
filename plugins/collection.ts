/**
 * A plugin made of plugins.
 *
 * @module
 */
import { ConfigError } from "../src/errors.ts";
import type { Plugin, PluginContext, PluginOutcome, PluginRunContext } from "../src/plugin.ts";
import { pluginOrigin, registerPlugin } from "../src/plugin_origin.ts";
import { joinTracers, type Tracer } from "../src/tracer.ts";

/**
 * Several plugins as one: every hook is called on each of them in the given order, as if they had been set one after the other. The
 * state that it hands on is the list of theirs.
 *
 * @example
 * ```ts
 * import { InitializerPlugin, LocalWorkflow, PluginCollection, task } from "@fusewire/fusewire";
 *
 * const calls: string[] = [];
 * const work = task(() => calls.push("work"), { name: "work" });
 * const workflow = new LocalWorkflow(work(), { workflowName: "calls" });
 * workflow.setPlugin(
 *   "*",
 *   new PluginCollection([
 *     new InitializerPlugin(() => void calls.push("first")),
 *     new InitializerPlugin(() => void calls.push("second")),
 *   ]),
 * );
 * await workflow.run();
 * console.log(calls); // ["first", "second", "work"]
 * ```
 */
export class PluginCollection implements Plugin<readonly unknown[]> {
  /** Hears of runs for those plugins that do. */
  readonly tracer: Tracer | undefined;
  readonly #plugins: readonly Plugin<unknown>[];
  /** How many plugins a run or a node has begun with, where the last of them threw: the others are not told of the end. */
  readonly #begun = new Map<string, number>();

  /**
   * Keeps the plugins. For nodes on a pool, make the collection at the top of a module, as tasks are.
   *
   * @throws {ConfigError} If one is not a plugin.
   */
  constructor(plugins: readonly Plugin<unknown>[]) {
    if (!Array.isArray(plugins)) {
      throw new ConfigError(`PluginCollection was given ${String(plugins)}; it takes an array of plugins.`);
    }
    plugins.forEach((plugin: unknown, place) => {
      if (typeof plugin === "object" && plugin !== null) return;
      throw new ConfigError(`Element ${place} of a PluginCollection is ${String(plugin)}, which is not a plugin.`);
    });
    this.#plugins = [...plugins];
    this.tracer = joinTracers(plugins.map(({ tracer }) => tracer));
    registerPlugin(this, new.target, plugins.flatMap((plugin) => pluginOrigin(plugin)?.functions ?? []));
  }

  /** Tells each plugin. */
  async runStarted(context: PluginRunContext): Promise<void> {
    await this.#begin(context.runId, (plugin) => plugin.runStarted?.(context));
  }

  /** Asks each plugin for its state. */
  async localInitialize(context: PluginContext): Promise<readonly unknown[]> {
    return await this.#begin(nodeKey(context), (plugin) => plugin.localInitialize?.(context));
  }

  /** Gives each plugin its state; waits only for those that ask for it. */
  remoteInitialize(state: readonly unknown[], context: PluginContext): void | Promise<void> {
    return this.#initialize(0, state, context);
  }

  /** Tells each plugin. */
  async finished(outcome: PluginOutcome, context: PluginContext): Promise<void> {
    await this.#end(nodeKey(context), (plugin) => plugin.finished?.(outcome, context));
  }

  /** Tells each plugin. */
  async runFinished(context: PluginRunContext): Promise<void> {
    await this.#end(context.runId, (plugin) => plugin.runFinished?.(context));
  }

  #initialize(from: number, state: readonly unknown[], context: PluginContext): void | Promise<void> {
    for (let place = from; place < this.#plugins.length; place++) {
      const ready = this.#plugins[place]!.remoteInitialize?.(state[place], context);
      if (typeof ready === "object") return ready.then(() => this.#initialize(place + 1, state, context));
    }
  }

  async #begin(key: string, hook: (plugin: Plugin<unknown>) => unknown): Promise<unknown[]> {
    const results: unknown[] = [];
    for (const plugin of this.#plugins) {
      try {
        results.push(await hook(plugin));
      } catch (error) {
        this.#begun.set(key, results.length + 1);
        throw error;
      }
    }
    return results;
  }

  /** Every plugin that has begun is told, also after another one threw; the first error counts. */
  async #end(key: string, hook: (plugin: Plugin<unknown>) => unknown): Promise<void> {
    const told = this.#plugins.slice(0, this.#begun.get(key));
    this.#begun.delete(key);
    let broken: { readonly error: unknown } | undefined;
    for (const plugin of told) {
      try {
        await hook(plugin);
      } catch (error) {
        broken ??= { error };
      }
    }
    if (broken !== undefined) throw broken.error;
  }
}

function nodeKey({ runId, nodeName }: PluginContext): string {
  return `${runId} ${nodeName}`;
}
