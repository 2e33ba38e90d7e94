/**
 * Runs a chain in which each result is large, and exits with 0 if results are let go once their last reader ran. The first
 * argument says how the nodes run.
 *
 * @module
 */
import { LocalWorkflow, MemoryStorage, type Node, task, type TaskOptions } from "@fusewire/fusewire";

const [mode = "sync"] = Deno.args;
const LENGTH = 100;
const NUMBERS = 1_000_000;

interface Large {
  readonly numbers: number[];
  readonly step: number;
}

const next = (before: Large | undefined): Large => ({
  numbers: new Array<number>(NUMBERS).fill((before?.step ?? 0) + 0.5),
  step: (before?.step ?? 0) + 1,
});
const options: TaskOptions = mode === "managed" ? { retry: { maxAttempts: 2 } } : {};
const grow = mode === "async" || mode === "mixed"
  ? task(async (before: Large | undefined) => {
    await Promise.resolve();
    return next(before);
  }, { name: "grow" })
  : task((before: Large | undefined) => next(before), { name: "grow", ...options });
const growNow = task((before: Large | undefined) => next(before), { name: "growNow" });
const growDeep = task((before: { deep: [Large | undefined] }) => next(before.deep[0]), { name: "growDeep" });

let node: Node<Large> = grow(undefined);
for (let i = 1; i < LENGTH; i++) {
  if (mode === "deep") node = growDeep({ deep: [node] });
  else if (mode === "items") {
    node = task((step: number) => ({ numbers: [], step: step + 1, of: next(undefined) }))(node.item("step"));
  } else node = mode === "mixed" && i % 2 === 0 ? growNow(node) : grow(node);
}
const workflow = new LocalWorkflow(node.item("step"), { workflowName: "release", cache: false });
if (mode === "storage") workflow.setStorage(new MemoryStorage());
const step = await (mode === "events" ? (await workflow.start()).result() : workflow.run());
if (step !== LENGTH) Deno.exit(2);
