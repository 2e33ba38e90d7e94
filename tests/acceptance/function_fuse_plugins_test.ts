import { expect } from "@std/expect";
import { context, LocalWorkflow, MemoryStorage, type Plugin, task } from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { preparing, readPrepared } from "./tasks.ts";

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
    const prepared = readPrepared();
    const other2 = new Backend(prepared, { workflowName: "FF13" });
    other2.setPlugin("*", preparing);
    expect(await other2.run()).toBe(prepared.name);
  });
}

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
