/**
 * What a worker has imported: the tasks and plugins that were made meanwhile, found by module, way and order.
 *
 * @module
 */
import { type CodeOrigin, modulesOf } from "../code_origin.ts";
import { ConfigError, GraphError } from "../errors.ts";
import type { TaskInfo } from "../task_info.ts";
import type { Plugin } from "../plugin.ts";
import { type PluginOrigin, watchPlugins } from "../plugin_origin.ts";
import { watchTasks } from "../task_origin.ts";
import { pluginAddress, taskAddress } from "./address.ts";
import type { Address } from "./messages.ts";

/** Things of one kind, by where they were made. */
class Finds<T> {
  readonly #found = new Map<string, T[]>();

  add({ trail }: CodeOrigin, thing: T): void {
    const list = this.#found.get(trail);
    if (list === undefined) this.#found.set(trail, [thing]);
    else list.push(thing);
  }

  at({ trail, order }: Address): T | undefined {
    return this.#found.get(trail)?.[order];
  }
}

const tasks = new Finds<TaskInfo>();
const plugins = new Finds<{ readonly plugin: Plugin<unknown>; readonly address: Address }>();
const imports = new Map<string, Promise<void>>();

/** Keeps the tasks and plugins that are made from now on. */
export function watchMakers(): void {
  watchTasks((task) => tasks.add(task.origin, task));
  watchPlugins((plugin: Plugin<unknown>, origin: PluginOrigin) => {
    // Its constructor has not ended, so its own functions may not be there yet; they are looked at when it is asked for.
    plugins.add(origin, {
      plugin,
      get address() {
        return pluginAddress(plugin, origin);
      },
    });
  });
}

/**
 * The task at an address.
 *
 * @throws {ConfigError} If its module can not be imported.
 * @throws {GraphError} If it is not there, or is another one.
 */
export async function findTask(address: Address, node: string): Promise<TaskInfo> {
  const found = await find(address, `task \`${address.name}\` of node \`${node}\``, () => tasks.at(address));
  check(address, taskAddress(found), `Task \`${address.name}\` of node \`${node}\``);
  return found;
}

/**
 * The plugin at an address.
 *
 * @throws {ConfigError} If its module can not be imported.
 * @throws {GraphError} If it is not there, or is another one.
 */
export async function findPlugin(address: Address, node: string): Promise<Plugin<unknown>> {
  const found = await find(address, `plugin \`${address.name}\` of node \`${node}\``, () => plugins.at(address));
  check(address, found.address, `Plugin \`${address.name}\` of node \`${node}\``);
  return found.plugin;
}

/** Imports the module of a thing, and if need be those whose code led to it, until the thing is there. */
async function find<T>(address: Address, label: string, look: () => T | undefined): Promise<T> {
  await importOnce(address.module, label);
  let cause: unknown;
  for (const module of modulesOf(address.trail)) {
    if (look() !== undefined) break;
    await importOnce(module, label).catch((error: unknown) => cause = error);
  }
  const found = look();
  if (found !== undefined) return found;
  throw new GraphError(
    `The ${label} can not be found in a worker: importing ${address.module} does not make it there. It was made inside a ` +
      `function, or where only the main script comes; make it at the top level of its module, outside of ` +
      "`if (import.meta.main)`, and pass what it needs as arguments instead of closing over it.",
    cause === undefined ? {} : { cause },
  );
}

async function importOnce(module: string, label: string): Promise<void> {
  let pending = imports.get(module);
  if (pending === undefined) imports.set(module, pending = import(module));
  try {
    await pending;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`A worker could not import ${module} to find ${label}: ${message}`, { cause: error });
  }
}

/** Another function at the same place would give wrong results without a word. */
function check(wanted: Address, found: Address, label: string): void {
  const same = wanted.name === found.name && wanted.source.length === found.source.length &&
    wanted.source.every((text, i) => text === found.source[i]);
  if (same) return;
  throw new GraphError(
    `${label} is another one in a worker: where ${wanted.module} makes it, a worker finds ` +
      `${wanted.name === found.name ? "other source code" : `\`${found.name}\``} under order ${wanted.order}. ` +
      "What a module makes must be the same each time it is imported; make it at the top level, without conditions.",
  );
}
