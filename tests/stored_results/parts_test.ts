import { LocalWorkflow, MemoryStorage, type Node, task } from "@fusewire/fusewire";
import { expect } from "@std/expect";

const double = task(function double(x: number) {
  return 2 * x;
});
const total = task(function total(parts: { a: number; b: number }) {
  return parts.a + parts.b;
});

function workflowOf(target: Node<number>, storage: MemoryStorage): LocalWorkflow<Node<number>> {
  const workflow = new LocalWorkflow(target, { workflowName: "parts", cache: "content" });
  workflow.setStorage(storage);
  return workflow;
}

function build(a: number): Node<number> {
  return total({ a: double(a).setName("a"), b: double(1).setName("b") }).setName("total");
}

Deno.test("a plan blames only the part of an argument that will be made again", async () => {
  const storage = new MemoryStorage();
  await workflowOf(build(1), storage).run();
  const { steps } = await workflowOf(build(5), storage).plan();
  expect(steps.map(({ name, action }) => [name, action])).toEqual([["a", "stale"], ["b", "stored"], [
    "total",
    "maybe",
  ]]);
  expect(steps[2]?.reasons).toEqual([{ kind: "upstream", node: "a", action: "stale" }]);
});

Deno.test("a step whose stored result nobody had to read has made no attempt", async () => {
  const storage = new MemoryStorage();
  await workflowOf(build(1), storage).run();
  const run = await workflowOf(build(1), storage).start();
  expect(await run.result()).toBe(4);
  const { steps } = await run.status();
  expect(steps.map(({ status, attempt }) => ({ status, attempt }))).toEqual(
    steps.map(() => ({ status: "SUCCEEDED", attempt: 0 })),
  );
});
