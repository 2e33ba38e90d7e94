/**
 * Prints how many of some dropped graphs were collected, although a node that lives on is an argument of each; and whether that
 * node still has its readers of its own naming scope. Needs `--v8-flags=--expose-gc`.
 *
 * @module
 */
import { LocalWorkflow, namingScope, task } from "@fusewire/fusewire";

const step = task((...of: unknown[]) => of.length, { name: "step" });
const table = step().setName("table");
step(table).setName("reader");
const graphs: WeakRef<object>[] = [];
for (let i = 0; i < 100; i++) {
  namingScope(() => {
    const node = step(table, step(i), { deep: [step(table)] });
    graphs.push(new WeakRef(new LocalWorkflow(node.after(table), { workflowName: "dropped" }).findRoots()[1]!));
  });
}
const gc: unknown = Reflect.get(globalThis, "gc");
if (typeof gc !== "function") throw new TypeError("there is no gc(); run with --v8-flags=--expose-gc");
await new Promise((resolve) => setTimeout(resolve, 0));
gc();
const collected = graphs.filter((graph) => graph.deref() === undefined).length;
const below = new LocalWorkflow(table, { workflowName: "table", scope: "descendants" });
console.log(JSON.stringify([collected, below.graph.size]));
