/**
 * Addresses: how a worker finds a task or a plugin, and proves that it is the same one.
 *
 * @module
 */
import type { CodeOrigin } from "../code_origin.ts";
import type { TaskInfo } from "../task_info.ts";
import type { Plugin } from "../plugin.ts";
import type { PluginOrigin } from "../plugin_origin.ts";
import type { Address } from "./messages.ts";

/** Address of a function or a class. */
export function taskAddress({ origin, base, func, options }: TaskInfo): Address {
  const { setup, teardown } = options?.hooks ?? {};
  return addressOf(origin, base, [
    func,
    ...setup === undefined ? [] : [setup],
    ...teardown === undefined ? [] : [teardown],
  ]);
}

/** Address of a plugin. */
export function pluginAddress(plugin: Plugin<unknown>, origin: PluginOrigin): Address {
  const { remoteInitialize } = plugin;
  return addressOf(origin, pluginName(plugin), [
    ...remoteInitialize === undefined ? [] : [remoteInitialize],
    ...origin.functions,
  ]);
}

/** What messages call a plugin. */
export function pluginName(plugin: Plugin<unknown>): string {
  const { name } = plugin.constructor;
  return name === "Object" || name === "" ? "(object)" : name;
}

function addressOf(
  { module = "", trail, order }: CodeOrigin,
  name: string,
  functions: readonly ((...args: never[]) => unknown)[] | readonly TaskInfo["func"][],
): Address {
  return { module, trail, order, name, source: functions.map((func) => Function.prototype.toString.call(func)) };
}
