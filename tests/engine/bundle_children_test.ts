import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Input,
  map,
  openRuntime,
  optional,
  sleep,
  subWorkflow,
  task,
  TimeoutError,
  waitForSignal,
} from "@fusewire/fusewire";

const range = task((count: number) => Array.from({ length: count }, (_, i) => i), { name: "range" });
let calls = 0;
const double = task((n: number) => (calls++, 2 * n), { name: "double" });
const sum = task((...values: number[]) => values.reduce((a, b) => a + b, 0), {
  name: "sum",
});
const one = defineWorkflow("one", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
const all = task((list: readonly (number | undefined)[]) => list.length, { name: "all" });
const outer = defineWorkflow("outer", { version: "1" }, (input: Input<{ n: number }>) => {
  const items = map(range(input.n), double).setName("items");
  const extra = optional(waitForSignal("never", { timeout: 1 })).setName("extra");
  return sum(all(items), subWorkflow(one, { n: input.n }).after(extra)).setName("end");
});

Deno.test("A run with maps, sub-workflows and signals is exported, imported and forked; what is kept makes no run again", async () => {
  calls = 0;
  await using first = await openRuntime({ kv: ":memory:" });
  const result = await first.run(outer, { n: 3 }, { id: "run" });
  expect(result).toBe(9);
  expect(calls).toBe(4);
  await using second = await openRuntime({ kv: ":memory:" });
  const imported = await second.import(await first.export("run"));
  expect(await imported.result()).toBe(9);
  const fork = await second.fork(imported, { from: "end" });
  expect(await second.run(outer, { n: 3 }, { id: fork.id })).toBe(9);
  expect(calls).toBe(4);
  const again = await second.fork(imported, { from: "items" });
  expect(await second.run(outer, { n: 3 }, { id: again.id })).toBe(9);
  expect(calls).toBe(7);
  expect((await again.status()).steps.map(({ name }) => name)).toContain("items[2]");
});

Deno.test("The run of a map's items is exported by its own id, beside another of the same map", async () => {
  await using first = await openRuntime({ kv: ":memory:" });
  await first.run(outer, { n: 3 }, { id: "run" });
  await using second = await openRuntime({ kv: ":memory:" });
  await second.run(outer, { n: 2 }, { id: "other" });
  const imported = await second.import(await first.export("run/items"), { id: "items" });
  expect(await imported.result()).toEqual([0, 2, 4]);
  expect((await imported.status()).steps.map(({ name }) => name)).toEqual([
    "items[0]",
    "items[1]",
    "items[2]",
    "items",
  ]);
});

Deno.test("A run whose time was over is exported with that", async () => {
  const slow = defineWorkflow("slow", { version: "1", timeout: 5 }, () => sleep(60_000));
  await using first = await openRuntime({ kv: ":memory:" });
  await expect(first.run(slow, undefined, { id: "slow" })).rejects.toThrow(TimeoutError);
  await using second = await openRuntime({ kv: ":memory:" });
  const imported = await second.import(await first.export("slow"));
  await expect(imported.result()).rejects.toThrow(TimeoutError);
});
