/**
 * Where a plugin comes from: the module that constructed it, and its order there. Another thread that imports the same module
 * finds the same plugin under the same order.
 *
 * @module
 */
import { type Callee, type CodeOrigin, OriginCounter } from "./code_origin.ts";
import type { Plugin } from "./plugin.ts";
import type { AnyFunction } from "./ref.ts";

const counter = new OriginCounter();
const origins = new WeakMap<Plugin<unknown>, PluginOrigin>();
let watcher: ((plugin: Plugin<unknown>, origin: PluginOrigin) => void) | undefined;

/** Where a plugin was constructed, and what it was constructed with. */
export interface PluginOrigin extends CodeOrigin {
  /** Functions that the plugin calls: another thread compares their source, so that it never runs another plugin. */
  readonly functions: readonly AnyFunction[];
}

/**
 * Remembers where a plugin is being constructed: by the code that called `above`. Constructors of plugin classes call it, so that
 * their plugins are found on a pool.
 *
 * @param plugin The plugin.
 * @param above The innermost function that is not code of the user: `new.target` in a constructor.
 * @param functions Functions of the user that the plugin calls where nodes run. Default: none.
 */
export function registerPlugin(
  plugin: Plugin<unknown>,
  above: Callee,
  functions: readonly AnyFunction[] = [],
): void {
  const origin: PluginOrigin = { ...counter.next(above), functions };
  origins.set(plugin, origin);
  watcher?.(plugin, origin);
}

/**
 * Makes a plugin known, so that a pool finds it in its workers. Write it at the top level of a module: a worker imports the module
 * again, and takes the plugin that is made there. Plugins of this package's classes, and plugins without `remoteInitialize`,
 * need not be made known.
 *
 * @param plugin The plugin.
 * @returns The same plugin.
 *
 * @example
 * ```ts
 * import { definePlugin, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const greeting = definePlugin({
 *   localInitialize: ({ nodeName }) => `Hello, ${nodeName}!`,
 *   remoteInitialize: (text: string) => console.log(text), // where the node runs: Hello, one_0000!
 * });
 * const workflow = new LocalWorkflow(task(() => 1, { name: "one" })(), { workflowName: "greeted" });
 * workflow.setPlugin("*", greeting);
 * await workflow.run();
 * ```
 */
export function definePlugin<S>(plugin: Plugin<S>): Plugin<S> {
  registerPlugin(plugin, definePlugin);
  return plugin;
}

/** Where a plugin was constructed, or `undefined` if it was never registered. */
export function pluginOrigin(plugin: Plugin<unknown>): PluginOrigin | undefined {
  return origins.get(plugin);
}

/** Calls `watch` with every plugin that is registered from now on: a worker keeps those of the modules that it imports. */
export function watchPlugins(watch: (plugin: Plugin<unknown>, origin: PluginOrigin) => void): void {
  watcher = watch;
}
