import { expect } from "@std/expect";
import { KvWorkflow, type Plugin, PluginCollection, task } from "@fusewire/fusewire";
import { onEachStorage } from "./storages.ts";

const addOne = task((n: number) => n + 1, { name: "addOne" });

onEachStorage("plugins hear when a durable run begins and has ended, also in a collection", async (world) => {
  await using process = await world.process();
  const told: string[] = [];
  const plugin = (name: string): Plugin => ({
    runStarted: ({ workflowName, steps }) => void told.push(`${name} began ${workflowName} ${steps}`),
    localInitialize: ({ nodeName }) => void told.push(`${name} local ${nodeName}`),
    finished: ({ status }, { nodeName }) => void told.push(`${name} finished ${nodeName} ${status}`),
    runFinished: () => void told.push(`${name} ended`),
  });
  const workflow = new KvWorkflow(addOne(addOne(1)).setName("second"), {
    workflowName: "plugged",
    runtime: process.runtime,
  });
  workflow.setPlugin("second", new PluginCollection([plugin("a"), plugin("b")]));
  expect(await workflow.run()).toBe(3);
  expect(told).toEqual([
    "a began plugged 1",
    "b began plugged 1",
    "a local second",
    "b local second",
    "a finished second SUCCEEDED",
    "b finished second SUCCEEDED",
    "a ended",
    "b ended",
  ]);
});

onEachStorage("a durable run whose plugin can not begin fails with what the plugin threw", async (world) => {
  await using process = await world.process();
  const workflow = new KvWorkflow(addOne(1), { workflowName: "broken", runtime: process.runtime });
  const broken: Plugin = {
    runStarted() {
      throw new RangeError("no room");
    },
  };
  workflow.setPlugin("*", broken);
  await expect(workflow.run()).rejects.toThrow("no room");
});

onEachStorage("what is set on a KvWorkflow after its first run holds for the next", async (world) => {
  await using process = await world.process();
  let calls = 0;
  const flaky = task(() => {
    if (++calls % 2 === 1) throw new Error("once");
    return calls;
  }, { name: "flaky" });
  const workflow = new KvWorkflow(flaky(), { workflowName: "again", runtime: process.runtime });
  await expect(workflow.run()).rejects.toThrow("once");
  calls = 0;
  const told: string[] = [];
  workflow.query().setOptions({ retry: { maxAttempts: 2, initialDelay: 1 } });
  const watch: Plugin = { runStarted: ({ steps }) => void told.push(`${steps}`) };
  workflow.setPlugin("*", watch);
  expect(await workflow.run()).toBe(2);
  expect(told).toEqual(["1"]);
});
