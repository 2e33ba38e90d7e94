/**
 * Runs a chain of many steps with a trace: `writer_fixture.ts <trace> <workflow> <steps> [exit]`.
 *
 * @module
 */
import { FileTracer, LocalWorkflow, type Node, task } from "@fusewire/fusewire";

const [path = "", workflowName = "", steps = "1", exits] = Deno.args;
const step = task((_before: number) => exits === "exit" ? Deno.exit(3) : 1, { name: "step" });
let node: Node<number> | number = 0;
for (let i = 0; i < Number(steps); i++) node = step(node).setName(`step ${i}`);
using tracer = new FileTracer({ path });
if (typeof node !== "number") {
  const workflow = new LocalWorkflow(node, { workflowName });
  workflow.setTracer(tracer);
  console.log("writing");
  await workflow.run();
}
