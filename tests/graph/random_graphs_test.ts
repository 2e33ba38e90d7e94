import { expect } from "@std/expect";
import fc from "fast-check";
import { GraphError, LocalWorkflow, namingScope, type Node, task } from "@fusewire/fusewire";

/** How a node of a random graph waits for others: by an argument, deep in one, by after() or by when(). */
type Link = { readonly to: number; readonly how: "arg" | "deep" | "item" | "after" | "when" };

const sum = task((own: number, of: readonly unknown[]) => {
  const add = (value: unknown): number =>
    typeof value === "number"
      ? value
      : Array.isArray(value)
      ? value.reduce((a, b) => a + add(b), 0)
      : add(Object.values(Object(value)));
  return own + add(of);
}, { name: "sum" });
const sumLater = task(async (own: number, of: readonly unknown[]): Promise<number> => {
  await (own % 2 === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, 0)));
  return own + JSON.stringify(of).split(/[^0-9]+/).map(Number).reduce((a, b) => a + b, 0);
}, { name: "sumLater" });

const links = fc.array(
  fc.record({ to: fc.nat(30), how: fc.constantFrom<Link["how"]>("arg", "deep", "item", "after", "when") }),
  { maxLength: 4 },
);
const layout = fc.array(fc.record({ links, later: fc.boolean() }), { maxLength: 30 });
type Layout = readonly { readonly links: readonly Link[]; readonly later: boolean }[];

/** The nodes of a layout, in which a link only goes to nodes that were made before. */
function build(layout: Layout): { nodes: Node<number>[]; parents: Set<number>[]; values: number[] } {
  const nodes: Node<number>[] = [];
  const parents: Set<number>[] = [];
  const values: number[] = [];
  layout.forEach(({ links, later }, i) => {
    const back = links.filter(({ to }) => to < i);
    const reads = back.filter(({ how }) => how !== "after" && how !== "when");
    const of = reads.map(({ to, how }) => how === "deep" ? { deep: [nodes[to]] } : nodes[to]);
    const node = (later ? sumLater : sum)(i, of);
    for (const { to, how } of back) {
      if (how === "after") node.after(nodes[to]!);
      if (how === "when") node.when(nodes[to]!, () => true);
    }
    nodes.push(node);
    parents.push(new Set(back.map(({ to }) => to)));
    values.push(i + reads.reduce((total, { to }) => total + values[to]!, 0));
  });
  return { nodes, parents, values };
}

/** All that a node waits for, directly or not, and itself. */
function ancestors(parents: readonly Set<number>[], of: readonly number[]): Set<number> {
  const found = new Set(of);
  for (const place of found) for (const parent of parents[place]!) found.add(parent);
  return found;
}

Deno.test("The traversal of any graph is a topological order of exactly the ancestors, and edges are the parents", () => {
  fc.assert(fc.property(layout, fc.array(fc.nat(29), { maxLength: 3 }), (layout, picked) => {
    namingScope(() => {
      const { nodes, parents } = build(layout);
      const targets = picked.filter((i) => i < nodes.length);
      const workflow = new LocalWorkflow(targets.map((i) => nodes[i]!), { workflowName: "random" });
      const expected = ancestors(parents, targets);
      const traversal = [...workflow.graphTraversal()].map(([, node]) => nodes.findIndex((other) => other === node));
      expect(new Set(traversal)).toEqual(expected);
      expect(traversal.length).toBe(expected.size);
      const seen = new Set<number>();
      for (const place of traversal) {
        for (const parent of parents[place]!) expect(seen.has(parent)).toBe(true);
        seen.add(place);
      }
      const edges = workflow.graph.edges().map(([from, to]) => `${from} → ${to}`);
      const wanted = [...expected].flatMap((to) =>
        [...parents[to]!].map((from) => `${nodes[from]!.name} → ${nodes[to]!.name}`)
      );
      expect(edges.toSorted()).toEqual(wanted.toSorted());
      expect(workflow.findRoots().map(({ name }) => name)).toEqual(
        traversal.filter((i) => parents[i]!.size === 0).map((i) => nodes[i]!.name),
      );
    });
  }));
});

Deno.test("Any graph of synchronous and asynchronous nodes gives what its functions say, twice, at any concurrency", async () => {
  await fc.assert(
    fc.asyncProperty(layout, fc.integer({ min: 1, max: 20 }), async (layout, concurrency) => {
      const { nodes, values } = build(layout);
      const workflow = new LocalWorkflow(nodes, { workflowName: "random", concurrency });
      expect(await workflow.run()).toEqual(values);
      const run = await workflow.start();
      expect(await run.result()).toEqual(values);
      expect((await run.status()).steps.every(({ status, attempt }) => status === "SUCCEEDED" && attempt === 1)).toBe(
        true,
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("after() to any nodes, earlier or later, gives a topological order or names a cycle that is one", () => {
  const edge = fc.tuple(fc.nat(11), fc.nat(11));
  fc.assert(fc.property(fc.array(edge, { maxLength: 20 }), (edges) => {
    namingScope(() => {
      const nodes = Array.from({ length: 12 }, (_, i) => sum(i, []).setName(`n${i}`));
      const parents = nodes.map(() => new Set<number>());
      for (const [to, from] of edges) {
        nodes[to]!.after(nodes[from]!);
        parents[to]!.add(from);
      }
      const cyclic = hasCycle(parents);
      const make = () => new LocalWorkflow(nodes, { workflowName: "random" });
      if (!cyclic) {
        const seen = new Set<number>();
        for (const name of make().graph.nodes()) {
          const place = Number(name.slice(1));
          for (const parent of parents[place]!) expect(seen.has(parent)).toBe(true);
          seen.add(place);
        }
        expect(seen.size).toBe(12);
        expect(make().graph.nodes()).toEqual(make().graph.nodes());
        return;
      }
      expect(make).toThrow(GraphError);
      const message = messageOf(make);
      const cycle = [...message.split(";")[0]!.matchAll(/`n(\d+)`/g)].map(([, place]) => Number(place));
      expect(cycle.length).toBeGreaterThan(1);
      expect(cycle.at(0)).toBe(cycle.at(-1));
      for (let i = 1; i < cycle.length; i++) expect(parents[cycle[i]!]!.has(cycle[i - 1]!)).toBe(true);
    });
  }));
});

function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return String(error);
  }
  throw new TypeError("an error was expected");
}

/** Takes away nodes without parents until none is left, or only cycles are (Kahn). */
function hasCycle(parents: readonly ReadonlySet<number>[]): boolean {
  const left = new Set(parents.keys());
  for (let again = true; again;) {
    again = false;
    for (const place of left) {
      if ([...parents[place]!].some((parent) => left.has(parent))) continue;
      left.delete(place);
      again = true;
    }
  }
  return left.size > 0;
}

Deno.test("Workflows over the same nodes, made and used in any order, do not disturb each other", async () => {
  const step = fc.record({ workflow: fc.nat(2), use: fc.constantFrom("edges", "roots", "run", "make", "replace") });
  await fc.assert(
    fc.asyncProperty(layout, fc.array(step, { maxLength: 12 }), async (layout, steps) => {
      const { nodes, values } = build(layout);
      const part = (i: number) => nodes.filter((_, place) => i === 0 || place % (i + 1) === 0);
      const make = (i: number) => new LocalWorkflow(part(i), { workflowName: `part ${i}` });
      const workflows = [make(0), make(1), make(2)];
      const edges = workflows.map(({ graph }) => graph.edges());
      const fresh = [make(0), make(1), make(2)];
      for (const { workflow: i, use } of steps) {
        const workflow = fresh[i]!;
        if (use === "edges") expect(workflow.graph.edges()).toEqual(edges[i]);
        if (use === "roots") workflow.findRoots();
        if (use === "make") fresh[i] = make(i);
        if (use === "run") {
          expect(await workflow.run()).toEqual(values.filter((_, place) => i === 0 || place % (i + 1) === 0));
        }
        if (use === "replace" && nodes.length > 0) workflow.replaceFunc(nodes[0]!, () => 0);
      }
      fresh.forEach(({ graph }, i) => expect(graph.edges()).toEqual(edges[i]));
    }),
    { numRuns: 60 },
  );
});
