import { expect } from "@std/expect";
import { ConfigError, GraphWorkflow, LocalWorkflow, namingScope, task } from "@fusewire/fusewire";
import { add, sub } from "./tasks.ts";

Deno.test("FF7 nodes are found by a glob or a RegExp for the whole name, in order", () => {
  const sum = task((a: number, b: number) => a + b, { name: "sum" });
  const { nodes, target } = namingScope(() => {
    const nodes = [sum(1, 2), sum(3, 4)];
    return { nodes, target: sub(nodes[0]!, nodes[1]!) };
  });
  const workflow = new LocalWorkflow(target, { workflowName: "FF7" });
  const found = (pattern?: string | RegExp) => workflow.findNodes(pattern).map(({ name }) => name);
  expect(found("*sum*")).toEqual(["sum_0000", "sum_0001"]);
  expect(found(/.*sum.*/)).toEqual(["sum_0000", "sum_0001"]);
  expect(workflow.findNodes("*sum*").every((node, i) => node === nodes[i])).toBe(true);
  expect(found("sum")).toEqual([]);
  expect(found(/sum/)).toEqual([]);
  expect(found()).toEqual(["sum_0000", "sum_0001", "sub_0000"]);
  expect(() => found("[")).toThrow(ConfigError);
  expect(() => found(42 as never)).toThrow(ConfigError);
});

Deno.test("FF8 a data-set root as the target runs the whole graph below it", async () => {
  const ran: string[] = [];
  const step = task((name: string, _data?: unknown) => {
    ran.push(name);
    return name;
  }, { name: "step" });
  const data = step("data");
  const model = step("model", data);
  step("score", [model]);
  step("plot", { data });
  expect(await new LocalWorkflow(data, { workflowName: "FF8", scope: "descendants" }).run()).toBe("data");
  expect(ran).toEqual(["data", "model", "score", "plot"]);
  ran.length = 0;
  const a = step("a");
  step("c", step("b", a));
  await new LocalWorkflow(a, { workflowName: "FF8", scope: "descendants" }).run();
  expect(ran).toEqual(["a", "b", "c"]);
});

Deno.test("FF14 the drawing of the diamond has its nodes and edges", async () => {
  const s1 = add(1, 1).setName("s1");
  const s2 = add(s1, 1).setName("s2");
  const m = sub(s1, s2).setName("m");
  const drawing = new GraphWorkflow(m, { workflowName: "FF14" });
  expect(drawing.graph.nodes()).toEqual(["s1", "s2", "m"]);
  expect(drawing.graph.edges()).toEqual([["s1", "s2"], ["s1", "m"], ["s2", "m"]]);
  const dot = drawing.toDot();
  const edges = [...dot.matchAll(/"?(\w+)"? -> "?(\w+)"?/g)].map(([, from, to]) => [from, to]);
  expect(edges).toEqual([["s1", "s2"], ["s1", "m"], ["s2", "m"]]);
  expect(drawing.toMermaid().match(/-->/g)?.length).toBe(3);
  const svg = await drawing.toSvg();
  expect([...svg.matchAll(/<g [^>]*class="node"[^>]*>\s*<title>([^<]+)<\/title>/g)].map(([, name]) => name).toSorted())
    .toEqual(["m", "s1", "s2"]);
  expect([...svg.matchAll(/<g [^>]*class="edge"/g)].length).toBe(3);
});
