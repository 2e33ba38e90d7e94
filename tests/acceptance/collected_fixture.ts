/**
 * Prints, while the graph runs, whether the result of its first node has been collected: before and after its last reader ran.
 * The first argument says how the nodes run. Needs `--v8-flags=--expose-gc`.
 *
 * @module
 */
import { LocalWorkflow, MemoryStorage, task } from "@fusewire/fusewire";

declare global {
  /** Collects garbage at once. */
  function gc(): void;
}

const [mode] = Deno.args;
let collected = false;
const registry = new FinalizationRegistry(() => collected = true);

/** Collects garbage, and lets the registry tell of it. */
async function isCollected(): Promise<boolean> {
  for (let i = 0; i < 5 && !collected; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
  }
  return collected;
}

const make = () => {
  const value = { text: "large" };
  registry.register(value, undefined);
  return value;
};
const source = mode === "async" || mode === "events"
  ? task(() => Promise.resolve(make()), { name: "source" })()
  : task(make, { name: "source", ...(mode === "managed" ? { retry: { maxAttempts: 2 } } : {}) })();
const probe = task(isCollected, { name: "probe" });
const read = task((value: { text: string }) => value.text.length, { name: "read" });

const first = read(source);
const between = probe().after(first);
const last = read(source).after(between);
const after = probe().after(last);
const workflow = new LocalWorkflow([between, after], { workflowName: "collected" });
if (mode === "storage") workflow.setStorage(new MemoryStorage());
console.log(JSON.stringify(await (mode === "events" ? (await workflow.start()).result() : workflow.run())));
