import { expect } from "@std/expect";
import {
  CancelledError,
  ConfigError,
  defineWorkflow,
  GraphWorkflow,
  type Input,
  LocalWorkflow,
  namingScope,
  type Node,
  nodeOf,
  NotFoundError,
  task,
} from "../../mod.ts";
import { guardStarts } from "../../src/start_guard.ts";
import { readSvg } from "./drawn_svg.ts";

const add = task((a: number, b: number) => a + b, { name: "add" });
const subtract = task((a: number, b: number) => a - b, { name: "subtract" });

class Total {
  #sum: number;
  constructor(start: number) {
    this.#sum = start;
  }
  add(value: number): number {
    return this.#sum += value;
  }
}
const total = task(Total);

function diamond(): Node<number> {
  const s1 = add(1, 1).setName("s1");
  const s2 = add(s1, 1).setName("s2");
  return subtract(s1, s2).setName("m");
}

function titles(svg: string, kind: "node" | "edge"): string[] {
  return readSvg(svg).filter((element) => element.kind === kind).map(({ title }) => title).sort();
}

/** A graph from its edges, given as pairs of places. */
function graphOf(size: number, edges: readonly (readonly [number, number])[]): Node<unknown>[] {
  const join = task((...values: unknown[]) => values.length, { name: "n" });
  return namingScope(() => {
    const parents = Array.from({ length: size }, (): number[] => []);
    for (const [from, to] of edges) parents[to]!.push(from);
    const nodes: Node<unknown>[] = [];
    for (const places of parents) nodes.push(join(...places.map((place) => nodes[place])));
    return nodes;
  });
}

Deno.test("FF14: GraphWorkflow draws the diamond with three nodes and three edges", async () => {
  const svg = await new GraphWorkflow(diamond(), { workflowName: "diamond" }).toSvg();
  expect(titles(svg, "node")).toEqual(["m", "s1", "s2"]);
  expect(titles(svg, "edge")).toEqual(["s1->m", "s1->s2", "s2->m"]);
});

Deno.test("FF17: nodes give the same result each time, drawn, inspected, run and run again", async () => {
  const m = diamond();
  const drawing = new GraphWorkflow(m, { workflowName: "diamond" });
  const first = await drawing.run();
  expect(drawing.graph.nodes()).toEqual(["s1", "s2", "m"]);
  expect(drawing.findRoots().map(({ name }) => name)).toEqual(["s1"]);
  const workflow = new LocalWorkflow(m, { workflowName: "diamond" });
  expect(await workflow.run()).toBe(-1);
  expect(await drawing.run()).toBe(first);
  expect(await workflow.run()).toBe(-1);
  expect(await new LocalWorkflow(m, { workflowName: "diamond" }).run()).toBe(-1);
});

Deno.test("GraphWorkflow calls no function", async () => {
  let calls = 0;
  const count = task(() => ++calls, { name: "count" });
  await new GraphWorkflow(count(), { workflowName: "counted" }).run();
  expect(calls).toBe(0);
});

Deno.test("GraphWorkflow writes the SVG to its path, at once and over an older file", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/made/on the way/diamond.svg`;
  const svg = await new GraphWorkflow(diamond(), { workflowName: "diamond", path }).run();
  expect(await Deno.readTextFile(path)).toBe(svg);
  expect(titles(svg, "node")).toEqual(["m", "s1", "s2"]);
  const other = await new GraphWorkflow(add(1, 2), {
    workflowName: "sum",
    path: new URL(`file://${encodeURI(path)}`),
  }).run();
  expect(await Deno.readTextFile(path)).toBe(other);
  expect([...Deno.readDirSync(`${folder}/made/on the way`)].map(({ name }) => name)).toEqual(["diamond.svg"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("GraphWorkflow says which file could not be written, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/taken.svg`);
  const run = new GraphWorkflow(diamond(), { workflowName: "diamond", path: `${folder}/taken.svg` }).run();
  const error = await run.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain("`diamond`");
  expect(String(error)).toContain(`${folder}/taken.svg`);
  expect([...Deno.readDirSync(folder)].map(({ name }) => name)).toEqual(["taken.svg"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("GraphWorkflow refuses a path that is none", () => {
  const withPath = (path: string | URL) => () => new GraphWorkflow(diamond(), { workflowName: "diamond", path });
  expect(withPath("")).toThrow(ConfigError);
  expect(withPath(new URL("https://example.org/diamond.svg"))).toThrow("https://example.org/diamond.svg");
});

Deno.test("GraphWorkflow draws a thick chain through the calls on one instance", () => {
  namingScope(() => {
    const sum = total(add(1, 2));
    const last = sum.add(sum.add(3));
    const dot = new GraphWorkflow(last, { workflowName: "sum" }).toDot();
    const edges = dot.split("\n").filter((line) => line.includes("->")).map((line) => line.trim());
    expect(edges).toEqual([
      '"add_0000" -> "Total_0000"',
      '"Total_0000" -> "Total.add_0000" [penwidth=2.5]',
      '"Total.add_0000" -> "Total.add_0001" [penwidth=2.5]',
    ]);
    expect(new GraphWorkflow(last, { workflowName: "sum" }).toMermaid()).toBe(
      [
        "flowchart TD",
        '  n0["add_0000"]',
        '  n1[["Total_0000"]]',
        '  n2("Total.add_0000")',
        '  n3("Total.add_0001")',
        "  n0 --> n1",
        "  n1 ==> n2",
        "  n2 ==> n3",
        "",
      ].join("\n"),
    );
  });
});

Deno.test("GraphWorkflow draws conditions dashed and mere order dotted, unless the value is read too", async () => {
  const ready = add(0, 1).setName("ready");
  const before = add(0, 2).setName("before");
  const both = add(0, 3).setName("both");
  const last = add(both, 1).setName("last").when(ready).when(both).after(before, both);
  const edges = readSvg(await new GraphWorkflow(last, { workflowName: "order" }).toSvg())
    .filter(({ kind }) => kind === "edge");
  expect(edges.map(({ title, dashes }) => [title, dashes]).sort()).toEqual([
    ["before->last", "1,5"],
    ["both->last", undefined],
    ["ready->last", "5,2"],
  ]);
});

Deno.test("GraphWorkflow shows an instance that is an argument, and a node that runs after an instance", () => {
  namingScope(() => {
    const sum = total(1);
    const read = task((object: Total) => object.add(0), { name: "read" })(sum);
    const last = add(1, 1).after(nodeOf(sum));
    const dot = new GraphWorkflow([read, last], { workflowName: "sum" }).toDot();
    expect(dot).toContain('"Total_0000" -> "read_0000"\n');
    expect(dot).toContain('"Total_0000" -> "add_0000" [style=dotted]\n');
  });
});

Deno.test("GraphWorkflow draws what is below the roots with scope descendants", async () => {
  const m = namingScope(diamond);
  const root = m.parents.find(({ name }) => name === "s1")!;
  const drawing = new GraphWorkflow(root, { workflowName: "diamond", scope: "descendants" });
  expect(titles(await drawing.toSvg(), "node")).toEqual(["m", "s1", "s2"]);
});

Deno.test("GraphWorkflow draws a definition without its input", async () => {
  const definition = defineWorkflow("scaled", { version: "7" }, (input: Input<{ factor: number }>) => {
    return add(input.factor, add(input.factor, 1));
  });
  const drawing = new GraphWorkflow(definition, {});
  expect(titles(await drawing.toSvg(), "edge")).toEqual(["add_0000->add_0001"]);
  const status = await (await drawing.start()).status();
  expect([status.workflow, status.version]).toEqual(["scaled", "7"]);
});

Deno.test("GraphWorkflow draws a workflow without nodes", async () => {
  const drawing = new GraphWorkflow([], { workflowName: "empty" });
  expect(readSvg(await drawing.toSvg())).toEqual([]);
  expect(drawing.toMermaid()).toBe("flowchart TD\n");
});

Deno.test("GraphWorkflow gives a run in which every step is skipped", async () => {
  const drawing = new GraphWorkflow(diamond(), { workflowName: "diamond" });
  const run = await drawing.start();
  expect(await run.result()).toBe(await drawing.toSvg());
  const { id, status, steps } = await run.status();
  expect(id).toBe(run.id);
  expect(status).toBe("SUCCEEDED");
  expect(steps).toEqual(["s1", "s2", "m"].map((name) => ({ name, status: "SKIPPED", attempt: 0 })));
  expect((await Array.fromAsync(run.events())).map(({ event }) => event)).toEqual([
    "workflow_started",
    "workflow_finished",
  ]);
  await expect(run.signal("go", 1)).rejects.toThrow(NotFoundError);
});

Deno.test("GraphWorkflow can be cancelled before it has drawn", async () => {
  const folder = await Deno.makeTempDir();
  const run = await new GraphWorkflow(diamond(), { workflowName: "diamond", path: `${folder}/a.svg` }).start();
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  const { status, steps } = await run.status();
  expect([status, ...steps.map((step) => step.status)]).toEqual(["CANCELLED", "CANCELLED", "CANCELLED", "CANCELLED"]);
  expect([...Deno.readDirSync(folder)]).toEqual([]);
  await Deno.remove(folder);
});

Deno.test("GraphWorkflow can be left waiting, and draws on", async () => {
  const run = await new GraphWorkflow(diamond(), { workflowName: "diamond" }).start();
  await expect(run.result({ signal: AbortSignal.abort(new Error("no time")) })).rejects.toThrow("no time");
  expect(titles(await run.result(), "node")).toEqual(["m", "s1", "s2"]);
});

Deno.test("GraphWorkflow draws 2,000 nodes, each edge once", async () => {
  const edges = Array.from({ length: 1_999 }, (_, i) => [Math.floor(i / 3), i + 1] as const);
  const drawing = new GraphWorkflow(graphOf(2_000, edges), { workflowName: "tree" });
  const svg = await drawing.toSvg();
  expect(titles(svg, "node")).toEqual(drawing.graph.nodes().sort());
  expect(titles(svg, "edge")).toEqual(drawing.graph.edges().map(([from, to]) => `${from}->${to}`).sort());
});

Deno.test("GraphWorkflow refuses to draw too many nodes as SVG, and still gives DOT", async () => {
  const drawing = new GraphWorkflow(graphOf(5_001, []), { workflowName: "wide" });
  const error = await drawing.run().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  expect(String(error)).toContain("`wide` has 5,001 nodes, more than 5,000");
  expect(String(error)).toContain("toDot()");
  expect(drawing.toDot().split("\n").filter((line) => line.includes('"n_')).length).toBe(5_001);
});

Deno.test("GraphWorkflow refuses edges that would take Graphviz minutes", async () => {
  const complete: [number, number][] = [];
  for (let to = 1; to < 80; to++) for (let from = 0; from < to; from++) complete.push([from, to]);
  const drawing = new GraphWorkflow(graphOf(80, complete), { workflowName: "dense" });
  await expect(drawing.toSvg()).rejects.toThrow("edges that cross 85,320 rows together");
});

Deno.test("GraphWorkflow draws a long chain whose steps each have a root of their own", async () => {
  const size = 600;
  const edges: [number, number][] = [];
  for (let to = 2; to < size; to += 2) edges.push([to - 1, to], [to - 2, to]);
  const svg = await new GraphWorkflow(graphOf(size, edges), { workflowName: "comb" }).toSvg();
  expect(titles(svg, "edge").length).toBe(edges.length);
});

Deno.test("GraphWorkflow lists a graph of 200,000 nodes in DOT and Mermaid", () => {
  const size = 200_000;
  const chain = Array.from({ length: size - 1 }, (_, i) => [i, i + 1] as const);
  const drawing = new GraphWorkflow(graphOf(size, chain).at(-1)!, { workflowName: "chain" });
  expect(drawing.toDot().split("->").length).toBe(size);
  expect(drawing.toMermaid().split("-->").length).toBe(size);
});

Deno.test("GraphWorkflow does not draw where no workflow may be started", async () => {
  guardStarts((workflowName) => {
    throw new ConfigError(`No ${workflowName} here.`);
  });
  try {
    await expect(new GraphWorkflow(diamond(), { workflowName: "diamond" }).run()).rejects.toThrow("No diamond here.");
  } finally {
    guardStarts(() => {});
  }
});
