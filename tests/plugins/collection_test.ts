import { expect } from "@std/expect";
import { ConfigError, InitializerPlugin, LocalWorkflow, PluginCollection, RandomStatePlugin, task } from "../../mod.ts";
import { Recorder } from "./recorder.ts";

const work = task(() => 1, { name: "work" });

Deno.test("PluginCollection calls every hook of its plugins in order, each with its own state", async () => {
  const calls: string[] = [];
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new PluginCollection([new Recorder(calls, "first"), new Recorder(calls, "second")]));
  await workflow.run();
  expect(calls).toEqual([
    "first.runStarted w 1",
    "second.runStarted w 1",
    "first.localInitialize a 0",
    "second.localInitialize a 0",
    "first.remoteInitialize first's state of a 1",
    "second.remoteInitialize second's state of a 1",
    "first.finished a 1 SUCCEEDED",
    "second.finished a 1 SUCCEEDED",
    "first.runFinished w",
    "second.runFinished w",
  ]);
});

Deno.test("PluginCollection does what its plugins do when set one after the other, whichever hook throws", async () => {
  const hooks = ["runStarted", "localInitialize", "remoteInitialize", "finished", "runFinished"] as const;
  for (const hook of [undefined, ...hooks]) {
    const together: string[] = [];
    const apart: string[] = [];
    const plugins = (calls: string[]) => [
      new Recorder(calls, "first"),
      new Recorder(calls, "second", hook),
      new Recorder(calls, "third"),
    ];
    const run = async (set: (workflow: LocalWorkflow<ReturnType<typeof work>>) => void): Promise<unknown> => {
      const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
      set(workflow);
      return await workflow.run().catch((error: unknown) => String(error));
    };
    const one = await run((workflow) => workflow.setPlugin("*", new PluginCollection(plugins(together))));
    const many = await run((workflow) => plugins(apart).forEach((plugin) => workflow.setPlugin("*", plugin)));
    expect(together).toEqual(apart);
    expect(one).toEqual(many);
  }
});

Deno.test("PluginCollection tells all of its plugins that a node ended, also if one of them throws then", async () => {
  const calls: string[] = [];
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin(
    "*",
    new PluginCollection([new Recorder(calls, "first", "finished"), new Recorder(calls, "second")]),
  );
  await expect(workflow.run()).rejects.toThrow("first.finished broke");
  expect(calls).toContain("second.finished a 1 SUCCEEDED");
});

Deno.test("PluginCollection holds collections, and plugins with any of the hooks", async () => {
  const seen: unknown[] = [];
  const workflow = new LocalWorkflow([work(), work()], { workflowName: "w", concurrency: 1 });
  workflow.setPlugin(
    "*",
    new PluginCollection([
      {},
      new PluginCollection([
        new RandomStatePlugin({ min: 0, max: 9, seed: 4, seedFunc: (state) => void seen.push(state) }),
      ]),
      new InitializerPlugin(() => void seen.push("initialized")),
    ]),
  );
  await workflow.run();
  expect(seen).toEqual([5, "initialized", 6, "initialized"]);
});

Deno.test("PluginCollection waits for a plugin before it goes on to the next", async () => {
  const calls: string[] = [];
  const slow = new InitializerPlugin(async () => {
    await Promise.resolve();
    calls.push("slow");
  });
  const workflow = new LocalWorkflow(task(() => void calls.push("function"), { name: "work" })(), {
    workflowName: "w",
  });
  workflow.setPlugin("*", new PluginCollection([slow, new InitializerPlugin(() => void calls.push("next")), slow]));
  await workflow.run();
  expect(calls).toEqual(["slow", "next", "slow", "function"]);
});

Deno.test("PluginCollection keeps the plugins that it was given", async () => {
  const calls: string[] = [];
  const plugins = [new Recorder(calls)];
  const workflow = new LocalWorkflow(work(), { workflowName: "w" });
  workflow.setPlugin("*", new PluginCollection(plugins));
  plugins.length = 0;
  await workflow.run();
  expect(calls.length).toBe(5);
});

Deno.test("PluginCollection refuses what is not a plugin", () => {
  // @ts-expect-error a plugin is no array
  expect(() => new PluginCollection(new InitializerPlugin(() => {}))).toThrow(ConfigError);
  // @ts-expect-error a function is no plugin
  expect(() => new PluginCollection([{}, () => {}])).toThrow("Element 1 of a PluginCollection");
});
