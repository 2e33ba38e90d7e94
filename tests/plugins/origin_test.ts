import { expect } from "@std/expect";
import { InitializerPlugin, type Plugin, PluginCollection, ProgressPlugin, RandomStatePlugin } from "../../mod.ts";
import { pluginOrigin } from "../../src/plugin_origin.ts";

function initialize(): void {}
function seed(): void {}

class OwnPlugin extends InitializerPlugin {}

class OwnConstructor extends InitializerPlugin {
  constructor() {
    super(initialize);
  }
}

Deno.test("A plugin remembers the module that constructed it and the way to it, also one of a subclass", () => {
  const plugins: Plugin<unknown>[] = [
    new InitializerPlugin(initialize),
    new RandomStatePlugin({ min: 0, max: 9, seed: 0, seedFunc: seed }),
    new ProgressPlugin(),
    new OwnPlugin(initialize),
    new OwnConstructor(),
    new PluginCollection([]),
  ];
  const origins = plugins.map((plugin) => pluginOrigin(plugin));
  expect(origins.map((origin) => origin?.module)).toEqual(plugins.map(() => import.meta.url));
  const ways = origins.map((origin) => `${origin?.order} ${origin?.trail}`);
  expect(new Set(ways).size).toBe(plugins.length);
});

Deno.test("A plugin remembers the functions that it calls, and a collection those of its plugins", () => {
  const collection = new PluginCollection([
    new InitializerPlugin(initialize),
    new PluginCollection([new RandomStatePlugin({ min: 0, max: 9, seed: 0, seedFunc: seed })]),
    { remoteInitialize: () => {} },
  ]);
  expect(pluginOrigin(collection)?.functions).toEqual([initialize, seed]);
});
