import { expect } from "@std/expect";
import { LocalWorkflow, namingScope, type Node, PoolWorkflow, task } from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { add } from "./tasks.ts";

const increment = task((n: number) => n + 1, { name: "increment" });
const incrementLater = task((n: number) => Promise.resolve(n + 1), { name: "incrementLater" });
const sum = task((of: readonly number[]) => of.reduce((a, b) => a + b, 0), { name: "sum" });
const sumAll = task((...of: number[]) => of.reduce((a, b) => a + b, 0), { name: "sumAll" });

for (const Backend of [LocalWorkflow, SequentialWorkflow]) {
  Deno.test(`FF15 a chain of 20,000 nodes runs (${Backend.name})`, async () => {
    for (const step of [increment, incrementLater]) {
      let node: Node<number> = step(0);
      for (let i = 1; i < 20_000; i++) node = step(node);
      const workflow = new Backend(node, { workflowName: "FF15" });
      expect(workflow.graph.size).toBe(20_000);
      expect(await workflow.run()).toBe(20_000);
    }
  });
}

Deno.test("FF15 a chain of 20,000 nodes runs (PoolWorkflow)", async () => {
  let node: Node<number> = add(0, 1);
  for (let i = 1; i < 20_000; i++) node = add(node, 1);
  expect(await new PoolWorkflow(node, { workflowName: "FF15" }).run()).toBe(20_000);
});

/** Nanoseconds a node of building a fan-out and a gather of this width: the best of some tries, because others use the machine. */
function costPerNode(width: number, gather: (nodes: Node<number>[]) => Node<number>): number {
  let best = Infinity;
  for (let i = 0; i < 4; i++) {
    const start = performance.now();
    const { graph } = namingScope(() => {
      const root = increment(0);
      const nodes = Array.from({ length: width }, () => increment(root));
      return new LocalWorkflow(gather(nodes), { workflowName: "FF22" });
    });
    if (graph.edges().length !== 2 * width) {
      throw new RangeError("each node has one edge from the root and one to the gather");
    }
    best = Math.min(best, performance.now() - start);
  }
  return best * 1e6 / width;
}

Deno.test("FF22 a fan-out of 100,000 and its gather are built in linear time", () => {
  for (const gather of [sum, (nodes: Node<number>[]) => sumAll(...nodes)]) {
    const small = costPerNode(5_000, gather);
    const large = costPerNode(100_000, gather);
    // A quadratic step would be 20 times dearer a node.
    expect(large).toBeLessThan(8 * small);
  }
});

Deno.test("FF22 a fan-out of 100,000 and its gather run", async () => {
  const root = increment(0);
  const nodes = Array.from({ length: 100_000 }, () => increment(root));
  expect(await new LocalWorkflow(sum(nodes), { workflowName: "FF22" }).run()).toBe(200_000);
  expect((await new LocalWorkflow(nodes, { workflowName: "FF22" }).run()).length).toBe(100_000);
  const below = new LocalWorkflow(root, { workflowName: "FF22", scope: "descendants" });
  expect(below.graph.size).toBeGreaterThanOrEqual(100_001);
});

async function runFixture(
  file: string,
  flags: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", `--v8-flags=${flags}`, import.meta.resolve(file), ...args],
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

for (const mode of ["sync", "async", "managed", "storage", "events"]) {
  Deno.test(`FF23 a result is collected once its last reader ran, and not before (${mode})`, async () => {
    const { stdout, stderr } = await runFixture("./collected_fixture.ts", "--expose-gc", mode);
    expect(`${stdout.trim()}${stderr}`).toBe("[false,true]");
  });
}

for (const mode of ["sync", "async", "mixed", "managed", "deep", "items", "events", "storage"]) {
  Deno.test(`FF23 a chain of results that are 800 MB together runs in 256 MB (${mode})`, async () => {
    const { code, stderr } = await runFixture("./release_fixture.ts", "--max-old-space-size=256", mode);
    expect([code, stderr.slice(0, 200)]).toEqual([0, ""]);
  });
}
