import { expect } from "@std/expect";
import {
  GraphError,
  GraphWorkflow,
  LocalWorkflow,
  MemoryStorage,
  namingScope,
  nodeOf,
  PoolWorkflow,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { add, id, makeSum, pair, split, sub, total } from "./tasks.ts";

for (const Backend of [LocalWorkflow, PoolWorkflow, SequentialWorkflow]) {
  Deno.test(`FF1 a diamond, also with items of a tuple and keys of an object (${Backend.name})`, async () => {
    const s1 = add(1, 1);
    const s2 = add(s1, 1);
    expect(await new Backend(sub(s1, s2), { workflowName: "FF1" }).run()).toBe(-1);
    const both = pair(s1, s2);
    expect(await new Backend(sub(both.item(0), both.item(1)), { workflowName: "FF1" }).run()).toBe(-1);
    const [first, second] = both;
    expect(await new Backend(sub(first, second), { workflowName: "FF1" }).run()).toBe(-1);
    const parts = split(add(s1, s2));
    expect(await new Backend(sub(parts.item("half"), parts.item("whole")), { workflowName: "FF1" }).run()).toBe(-2.5);
  });

  Deno.test(`FF2 one target gives its value, several an array, none an empty one (${Backend.name})`, async () => {
    expect(await new Backend(id(7), { workflowName: "FF2" }).run()).toBe(7);
    expect(await new Backend([id(7)], { workflowName: "FF2" }).run()).toEqual([7]);
    expect(await new Backend([pair(1, 2).item(1), id(7), id(8)], { workflowName: "FF2" }).run()).toEqual([2, 7, 8]);
    expect(await new Backend([], { workflowName: "FF2" }).run()).toEqual([]);
  });

  Deno.test(`FF21 nodes inside arrays and objects are found (${Backend.name})`, async () => {
    const node = total({ list: [id(1), 2, { n: id(3) }], more: { deep: [id(4), pair(5, 6).item(1)] } });
    expect(node.parents.length).toBe(4);
    expect(await new Backend(node, { workflowName: "FF21" }).run()).toBe(16);
  });
}

for (const Backend of [LocalWorkflow, PoolWorkflow]) {
  Deno.test(`FF6 calls on an instance are a chain in program order, named after it, and never stored (${Backend.name})`, async () => {
    const storage = new MemoryStorage();
    const { first, second, third, made } = namingScope(() => {
      const sum = makeSum(1);
      return { made: nodeOf(sum), first: sum.add(1), second: sum.add(10), third: sum.add(id(100)) };
    });
    expect([made, first, second, third].map(({ name }) => name)).toEqual([
      "IncrementalSum_0000",
      "IncrementalSum.add_0000",
      "IncrementalSum.add_0001",
      "IncrementalSum.add_0002",
    ]);
    const workflow = new Backend([third, first, second], { workflowName: "FF6" });
    workflow.setStorage(storage);
    expect(await workflow.run()).toEqual([112, 2, 12]);
    expect(await workflow.run()).toEqual([112, 2, 12]);
    expect(workflow.graph.edges().filter(([, to]) => to.startsWith("IncrementalSum.add"))).toContainEqual([
      "IncrementalSum.add_0000",
      "IncrementalSum.add_0001",
    ]);
    expect(await storage.listTasks("FF6")).toEqual(["id_0000"]);
  });
}

Deno.test("FF3 results are kept: the workers of a pool are not asked a second time", async () => {
  const storage = new MemoryStorage();
  const target = add(id(1), 2);
  const workflow = new PoolWorkflow(target, { workflowName: "FF3" });
  workflow.setStorage(storage);
  for (const started of [2, 0]) {
    const run = await workflow.start();
    expect(await run.result()).toBe(3);
    const events = await Array.fromAsync(run.events());
    expect(events.filter(({ event }) => event === "step_started").length).toBe(started);
  }
});

Deno.test("FF16 duplicate names are an error that names them", () => {
  const nodes = [id(1).setName("same"), id(2).setName("same")];
  expect(() => new LocalWorkflow(nodes, { workflowName: "FF16" })).toThrow(GraphError);
  expect(() => new LocalWorkflow(nodes, { workflowName: "FF16" })).toThrow(/`same`/);
});

Deno.test("FF17 draw, inspect, run, and run again on the same nodes: the same result each time", async () => {
  const s1 = add(1, 1);
  const s2 = add(s1, 1);
  const m = sub(s1, s2);
  const draw = () => new GraphWorkflow(m, { workflowName: "FF17" }).toMermaid();
  const drawn = draw();
  const workflow = new LocalWorkflow(m, { workflowName: "FF17" });
  const inspect = () => [workflow.graph.nodes(), workflow.graph.edges(), workflow.findRoots().map(({ name }) => name)];
  const inspected = inspect();
  for (let i = 0; i < 2; i++) {
    expect(await workflow.run()).toBe(-1);
    expect(draw()).toBe(drawn);
    expect(inspect()).toEqual(inspected);
    expect(await new LocalWorkflow([s2, m], { workflowName: "FF17 again" }).run()).toEqual([3, -1]);
    expect(await new SequentialWorkflow(m, { workflowName: "FF17 elsewhere" }).run()).toBe(-1);
  }
});
