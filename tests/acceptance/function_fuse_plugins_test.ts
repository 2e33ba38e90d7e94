import { expect } from "@std/expect";
import {
  context,
  GraphWorkflow,
  LocalWorkflow,
  MemoryStorage,
  type Plugin,
  PoolWorkflow,
  task,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { preparing, readPrepared, seeding } from "./tasks.ts";

for (const Backend of [LocalWorkflow, SequentialWorkflow]) {
  Deno.test(`FF13 a plugin prepares where a node is scheduled, then where it runs, then the function runs (${Backend.name})`, async () => {
    const order: string[] = [];
    const plugin: Plugin<{ port: number }> = {
      localInitialize: async ({ nodeName, attempt }) => {
        await Promise.resolve();
        order.push(`local ${nodeName} ${attempt}`);
        return { port: 7 };
      },
      remoteInitialize: (state, { nodeName, attempt }) =>
        void order.push(`remote ${nodeName} ${attempt} ${state.port}`),
    };
    const node = task(() => void order.push(`function ${context().attempt}`), { name: "node" })().setName("node");
    const other = task(() => void order.push("other"), { name: "other" })().after(node);
    const workflow = new Backend([node, other], { workflowName: "FF13" });
    workflow.query("node").setPlugin(plugin);
    await workflow.run();
    expect(order).toEqual(["local node 0", "remote node 1 7", "function 1", "other"]);
  });
}

for (const Backend of [LocalWorkflow, PoolWorkflow, SequentialWorkflow]) {
  Deno.test(`FF13 what plugins make where nodes are scheduled reaches functions where they run (${Backend.name})`, async () => {
    const nodes = [readPrepared(), readPrepared(), readPrepared()];
    const workflow = new Backend(nodes, { workflowName: "FF13" });
    workflow.setPlugin("*", preparing);
    workflow.setPlugin("*", seeding);
    const values = await workflow.run();
    expect(values.map(({ by }) => by)).toEqual(nodes.map(({ name }) => name));
    const seeds = values.map(({ seed = NaN }) => seed);
    expect(seeds).toEqual([0, 1, 2].map((i) => Math.min(...seeds) + i));
  });
}

Deno.test("FF13 drawing runs no plugin", async () => {
  const seen: string[] = [];
  const workflow = new GraphWorkflow(readPrepared(), { workflowName: "FF13" });
  workflow.setPlugin("*", {
    localInitialize: () => void seen.push("local"),
    finished: () => void seen.push("finished"),
  });
  await workflow.run();
  expect(seen).toEqual([]);
});

Deno.test("FF13 a stored node runs no plugin", async () => {
  const seen: string[] = [];
  const plugin: Plugin = {
    localInitialize: ({ nodeName }) => void seen.push(`local ${nodeName}`),
    remoteInitialize: (_state, { nodeName }) => void seen.push(`remote ${nodeName}`),
    finished: ({ status }, { nodeName }) => void seen.push(`${status} ${nodeName}`),
  };
  const node = task(() => 1, { name: "node" })().setName("node");
  const workflow = new LocalWorkflow(node, { workflowName: "FF13" });
  workflow.setStorage(new MemoryStorage());
  workflow.setPlugin("*", plugin);
  expect(await workflow.run()).toBe(1);
  expect(seen).toEqual(["local node", "remote node", "SUCCEEDED node"]);
  seen.length = 0;
  expect(await workflow.run()).toBe(1);
  expect(seen).toEqual([]);
});
