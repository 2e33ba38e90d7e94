/**
 * The workflows of the benchmarks of control flow, as both processes know them.
 *
 * @module
 */
import { defineWorkflow, type Input, map, sleep, subWorkflow, task, waitForSignal } from "../mod.ts";

const range = task((count: number) => Array.from({ length: count }, (_, i) => i), { name: "range" });
const double = task((n: number) => 2 * n, { name: "double" });
const count = task((values: readonly unknown[]) => values.length, { name: "count" });
const now = task(() => Date.now(), { name: "now" });

/** As many items as the input says. */
export const mapped = defineWorkflow(
  "mapped",
  { version: "1" },
  (input: Input<{ items: number }>) => count(map(range(input.items), double)),
);

/** One step. */
export const one = defineWorkflow("one", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));

/** A thousand runs of one step. */
export const children = defineWorkflow(
  "children",
  { version: "1" },
  () => count(Array.from({ length: 1_000 }, (_, n) => subWorkflow(one, { n }))),
);

/** Sleeps until a time, and tells when it went on. */
export const sleeper = defineWorkflow(
  "sleeper",
  { version: "1" },
  (input: Input<{ until: Date }>) => now().after(sleep(input.until)),
);

/** Waits for a signal, and tells when it went on. */
export const listener = defineWorkflow(
  "listener",
  { version: "1" },
  () => now().after(waitForSignal("go")),
);
