import { expect } from "@std/expect";
import { ConfigError, context, GraphError, LocalWorkflow, namingScope, type Plugin, task } from "@fusewire/fusewire";

const sum = task((a: number, b: number) => a + b, { name: "sum" });
const product = task((a: number, b: number) => a * b, { name: "product" });
const options = { workflowName: "query" };

const build = () =>
  namingScope(() => {
    const [a, b] = [sum(1, 2), sum(3, 4)];
    return { a, b, c: product(a, b).setName("x/product") };
  });

Deno.test("findNodes takes a glob or a RegExp for the whole name, and gives the nodes in order", () => {
  const { a, b, c } = build();
  const workflow = new LocalWorkflow(c, options);
  const found = (pattern?: string | RegExp) => workflow.findNodes(pattern).map(({ name }) => name);
  expect(found("*sum*")).toEqual([a.name, b.name]);
  expect(found(/.*sum.*/)).toEqual([a.name, b.name]);
  expect(found("sum")).toEqual([]);
  expect(found(/sum/)).toEqual([]);
  expect(found()).toEqual([a.name, b.name, c.name]);
  expect(found("*")).toEqual(found());
  expect(found("*product")).toEqual(["x/product"]);
  expect(found("sum_000[1-9]")).toEqual(["sum_0001"]);
  expect(found("{sum_0000,x/*}")).toEqual(["sum_0000", "x/product"]);
  expect(found("nothing")).toEqual([]);
  expect(workflow.findNodes("*sum*")[0]).toBe(a);
});

Deno.test("A pattern that can not be one is an error", () => {
  const workflow = new LocalWorkflow(build().c, options);
  for (const pattern of ["", "[a", "{a,b", "@(a", "a\\", 7 as never, null as never]) {
    expect(() => workflow.findNodes(pattern)).toThrow(ConfigError);
    expect(() => workflow.query(pattern)).toThrow(ConfigError);
    expect(() => workflow.logNodes(pattern)).toThrow(ConfigError);
    expect(() => workflow.setPlugin(pattern, {})).toThrow(ConfigError);
  }
});

Deno.test("set writes into the backendInfo of the nodes that match, for all workflows over them", () => {
  const { a, b, c } = build();
  const query = new LocalWorkflow(c, options).query("sum*").set("gpu", 1).set("zone", "eu");
  expect(query.nodes.map(({ name }) => name)).toEqual([a.name, b.name]);
  expect([a.backendInfo, b.backendInfo, c.backendInfo]).toEqual([{ gpu: 1, zone: "eu" }, { gpu: 1, zone: "eu" }, {}]);
  expect(new LocalWorkflow(c, options).findNodes(a.name)[0]?.backendInfo).toEqual({ gpu: 1, zone: "eu" });
});

Deno.test("setOptions holds for the nodes that match and this workflow, over what was set before", async () => {
  const seeds = task(() => context().random(), { name: "seeds" });
  const [one, two] = [seeds().setName("one"), seeds().setName("two")];
  const plain = await new LocalWorkflow([one, two], options).run();
  const workflow = new LocalWorkflow([one, two], options);
  workflow.query("one").setOptions({ seed: 1, timeout: 1_000 }).setOptions({ version: "2" });
  const seeded = await workflow.run();
  expect(seeded[0]).not.toBe(plain[0]);
  expect(seeded[1]).toBe(plain[1]);
  expect(await new LocalWorkflow([one, two], options).run()).toEqual(plain);
});

Deno.test("Plugins are set on the nodes that match, in this workflow", async () => {
  const { c } = build();
  const seen: string[] = [];
  const plugin: Plugin = { localInitialize: ({ nodeName }) => void seen.push(nodeName) };
  const workflow = new LocalWorkflow(c, options);
  workflow.query(/sum_.*/).setPlugin(plugin);
  workflow.setPlugin("x/*", plugin);
  await workflow.run();
  expect(seen.sort()).toEqual(["sum_0000", "sum_0001", "x/product"]);
  await new LocalWorkflow(c, options).run();
  expect(seen.length).toBe(3);
});

Deno.test("replaceFunc replaces the function of one node in one workflow", async () => {
  const { a, c } = build();
  const workflow = new LocalWorkflow(c, options);
  workflow.replaceFunc(a, (x: number, y: number) => 10 * (x + y));
  expect(await workflow.run()).toBe(210);
  workflow.replaceFunc(a, () => Promise.resolve(1));
  expect(await workflow.run()).toBe(7);
  expect(await new LocalWorkflow(c, options).run()).toBe(21);
});

Deno.test("replaceFunc of a method gets the object as this", async () => {
  class Acc {
    total = 5;
    add(n: number): number {
      return this.total += n;
    }
  }
  const acc = task(Acc)();
  const node = acc.add(1);
  const workflow = new LocalWorkflow(node, options);
  workflow.replaceFunc(node, function (this: Acc, n: number) {
    return this.total * 100 + n;
  });
  expect(await workflow.run()).toBe(501);
});

Deno.test("A node of another workflow, and what is no function, are refused", () => {
  const { a, c } = build();
  const stranger = namingScope(() => sum(1, 2));
  const workflow = new LocalWorkflow(c, options);
  expect(stranger.name).toBe(a.name);
  expect(() => workflow.replaceFunc(stranger, () => 1)).toThrow(GraphError);
  expect(() => workflow.replaceFunc(stranger, () => 1)).toThrow(/`sum_0000` is not in workflow `query`/);
  expect(() => workflow.replaceFunc({} as never, () => 1)).toThrow(GraphError);
  expect(() => workflow.replaceFunc(undefined as never, () => 1)).toThrow(GraphError);
  expect(() => workflow.replaceFunc(a, 1 as never)).toThrow(/replaceFunc\(\) of node `sum_0000`.*the number 1/);
});

Deno.test("A node that was renamed after the workflow was made is still found by the node itself", async () => {
  const { a, c } = build();
  const workflow = new LocalWorkflow(c, options);
  a.setName("renamed");
  workflow.replaceFunc(a, () => 2);
  expect(await workflow.run()).toBe(14);
  expect(workflow.findNodes("renamed")).toEqual([]);
});

Deno.test("setRemoteArgs can be set on every backend", async () => {
  const { c } = build();
  const workflow = new LocalWorkflow(c, options);
  workflow.query("*").setRemoteArgs({ memory: "1g" });
  expect(await workflow.run()).toBe(21);
});
