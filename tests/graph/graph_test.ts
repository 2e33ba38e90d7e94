import { expect } from "@std/expect";
import { GraphError, LocalWorkflow, namingScope, task } from "@fusewire/fusewire";

const add = task((a: number, b: number) => a + b, { name: "add" });
const gather = task((of: unknown) => of, { name: "gather" });
const options = { workflowName: "graph" };

const diamond = () =>
  namingScope(() => {
    const s1 = add(1, 1).setName("s1");
    const s2 = add(s1, 1).setName("s2");
    return { s1, s2, m: add(s1, s2).setName("m") };
  });

Deno.test("Nodes and edges are told by name, in topological order", () => {
  const { graph } = new LocalWorkflow(diamond().m, options);
  expect(graph.size).toBe(3);
  expect(graph.nodes()).toEqual(["s1", "s2", "m"]);
  expect(graph.edges()).toEqual([["s1", "s2"], ["s1", "m"], ["s2", "m"]]);
});

Deno.test("An edge is told once, however often a node is read", () => {
  const { s1 } = diamond();
  const node = gather({ once: s1, twice: [s1, s1.item("toString" as never)], more: add(s1, s1) }).after(s1).when(s1)
    .setName("all");
  expect(new LocalWorkflow(node, options).graph.edges().filter(([from, to]) => from === "s1" && to === "all")).toEqual([
    ["s1", "all"],
  ]);
});

Deno.test("graphTraversal gives name and node, the same each time", () => {
  const { s1, s2, m } = diamond();
  const workflow = new LocalWorkflow(m, options);
  for (let i = 0; i < 2; i++) {
    const traversed = [...workflow.graphTraversal()];
    expect(traversed.map(([name]) => name)).toEqual(["s1", "s2", "m"]);
    expect(traversed.every(([, node], i) => node === [s1, s2, m][i])).toBe(true);
  }
});

Deno.test("findRoots gives the nodes without parents, in order", () => {
  const [a, b, c] = [add(1, 1), add(2, 2), add(3, 3)];
  const ordered = gather(0).after(c);
  const workflow = new LocalWorkflow([gather([b, a]), ordered], options);
  expect(workflow.findRoots().map(({ name }) => name)).toEqual([a, b, c].map(({ name }) => name));
  expect(new LocalWorkflow([], options).findRoots()).toEqual([]);
});

Deno.test("A workflow without targets is an empty graph, and gives an empty array", async () => {
  const workflow = new LocalWorkflow([], options);
  expect([workflow.graph.nodes(), workflow.graph.edges(), workflow.findNodes(), [...workflow.graphTraversal()]])
    .toEqual(
      [[], [], [], []],
    );
  expect(await workflow.run()).toEqual([]);
  expect(await new LocalWorkflow([], { ...options, scope: "descendants" }).run()).toEqual([]);
});

Deno.test("A target may stand among the targets twice, and be needed by another", async () => {
  const { s1, m } = diamond();
  expect(await new LocalWorkflow([m, s1, m, s1], options).run()).toEqual([5, 2, 5, 2]);
});

Deno.test("Two nodes of one name are refused, and the name is told", () => {
  const [one, two] = [add(1, 1).setName("same"), add(2, 2).setName("same")];
  expect(() => new LocalWorkflow([one, two], options)).toThrow(GraphError);
  expect(() => new LocalWorkflow(gather([one, { two }]), options)).toThrow(/Workflow `graph`.*`same`.*setName/);
  expect(new LocalWorkflow(one, options).graph.nodes()).toEqual(["same"]);
});

Deno.test("A given name that meets a counted one is refused", () => {
  namingScope(() => {
    const [first, second, third] = [add(1, 1), add(2, 2), add(3, 3)];
    expect([first.name, third.name]).toEqual(["add_0000", "add_0002"]);
    second.setName("add_0002");
    expect(() => new LocalWorkflow([first, second, third], options)).toThrow(/`add_0002`/);
    expect(new LocalWorkflow([first, second], options).graph.nodes()).toEqual(["add_0000", "add_0002"]);
    first.setName("add_0001");
    expect(new LocalWorkflow([first, second], options).graph.nodes()).toEqual(["add_0001", "add_0002"]);
  });
});

Deno.test("Names that only look like counted ones do not meet them", () => {
  namingScope(() => {
    const names = ["add_000", "add_00000", "add_1", "add_-001", "add_ 000", "add_0x01", "add_1e3", "add_"];
    const nodes = [add(1, 1), ...names.map((name) => add(1, 1).setName(name))];
    expect(new LocalWorkflow(nodes, options).graph.nodes()).toEqual(["add_0000", ...names]);
  });
});

Deno.test("Counted names of two scopes that meet are refused", () => {
  const [one, two] = [namingScope(() => add(1, 1)), namingScope(() => add(2, 2))];
  expect(() => new LocalWorkflow([one, two], options)).toThrow(/`add_0000`/);
  two.setName("other");
  expect(new LocalWorkflow([one, two], options).graph.nodes()).toEqual(["add_0000", "other"]);
});

Deno.test("What the same instance's node and its calls are called can be met as well", () => {
  namingScope(() => {
    class Acc {
      add(n: number): number {
        return n;
      }
    }
    const acc = task(Acc)();
    const call = acc.add(1);
    const clash = add(1, 1).setName("Acc.add_0000");
    expect(() => new LocalWorkflow([call, clash], options)).toThrow(/`Acc\.add_0000`/);
  });
});

Deno.test("A long cycle is told by some of its names", () => {
  const first = gather(0);
  let node = first;
  for (let i = 0; i < 1_000; i++) node = gather(node);
  first.after(node);
  expect(() => new LocalWorkflow(node, options)).toThrow(/cycle: (`gather_\d+` → ){10}… 991 more → `gather_\d+`/);
});

Deno.test("The same graph runs in several workflows at once", async () => {
  const later = task(async (a: number, b: number) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return a + b;
  }, { name: "later" });
  const one = later(1, 2);
  const target = later(one, add(one, 1));
  const workflows = [1, 2, 3].map((i) => new LocalWorkflow(target, { workflowName: `workflow ${i}` }));
  workflows[1]!.replaceFunc(one, () => 100);
  expect(await Promise.all(workflows.flatMap((workflow) => [workflow.run(), workflow.run()]))).toEqual(
    [7, 7, 201, 201, 7, 7],
  );
});

Deno.test("A workflow that was looked at, drawn from and run gives the same result when it is run again", async () => {
  const workflow = new LocalWorkflow(diamond().m, options);
  const look = () => [workflow.graph.edges(), workflow.findRoots().length, workflow.findNodes("s*").length];
  const before = look();
  expect(await workflow.run()).toBe(5);
  expect(look()).toEqual(before);
  expect(await workflow.run()).toBe(5);
  expect(await (await workflow.start()).result()).toBe(5);
});

Deno.test("Nodes keep the order in which they were made, however their graphs grew together", () => {
  namingScope(() => {
    const [a, b] = [add(0, 0), add(1, 1)];
    const [c, d] = [add(b, 2), add(a, 3)];
    const [e, f] = [add(d, add(4, 4)), add(c, 5)];
    const workflow = new LocalWorkflow(add(f, e), options);
    const names = Array.from({ length: 8 }, (_, i) => `add_${String(i).padStart(4, "0")}`);
    expect(workflow.graph.nodes()).toEqual(names);
    expect(new LocalWorkflow(gather([e, f, add(9, 9)]), options).graph.nodes()).toEqual(
      [...names.slice(0, 7), "add_0008", "gather_0000"],
    );
  });
});

Deno.test("A small graph among many nodes that hang together has no more nodes than it needs", () => {
  const root = add(0, 0);
  const early = add(root, 1);
  let late = add(root, 2);
  for (let i = 0; i < 5_000; i++) late = add(late, 1);
  expect(new LocalWorkflow(early, options).graph.nodes()).toEqual([root.name, early.name]);
  const late2 = add(root, 3);
  expect(new LocalWorkflow([late2, early], options).graph.nodes()).toEqual([root.name, early.name, late2.name]);
  expect(new LocalWorkflow(late, options).graph.size).toBe(5_002);
});
