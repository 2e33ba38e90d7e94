import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Definition,
  type Input,
  map,
  MemoryRuntimeStorage,
  openRuntime,
  subWorkflow,
} from "@fusewire/fusewire";
import { StorageWatch } from "../engine/watched_storage.ts";
import { double, range } from "./tasks.ts";

const items = defineWorkflow(
  "items",
  { version: "1" },
  (input: Input<{ count: number }>) => map(range(input.count), double),
);
const leaf = defineWorkflow("leaf", { version: "1" }, (input: Input<{ n: number }>) => double(input.n));
const children = defineWorkflow(
  "children",
  { version: "1" },
  (input: Input<{ count: number }>) => map(range(input.count), (n) => subWorkflow(leaf, { n })),
);

/** Runs on a store in memory, and counts the calls of it. */
async function callsOf(
  definition: Definition<{ count: number }, readonly unknown[]>,
  count: number,
): Promise<StorageWatch> {
  const watch = new StorageWatch();
  await using runtime = await openRuntime({ runtimeStorage: watch.over(new MemoryRuntimeStorage(), {}) });
  const result = await runtime.run(definition, { count });
  expect(result.length).toBe(count);
  return watch;
}

Deno.test("100,000 items on a durable run take some calls of the store, and no more for each than a thousand do", async () => {
  const [few, many] = [await callsOf(items, 1_000), await callsOf(items, 100_000)];
  expect(many.count("define", "startRun", "claimRun", "send", "readValues")).toBe(
    few.count("define", "startRun", "claimRun", "send", "readValues"),
  );
  // Each commit carries what has ended since the one before.
  expect(many.count("commit")).toBeLessThan(1_000);
});

Deno.test("children take as many calls of the store each, however many there are", async () => {
  const [few, many] = [await callsOf(children, 100), await callsOf(children, 1_000)];
  expect(many.count() / 1_000).toBeLessThan(1.2 * few.count() / 100);
});

Deno.test("maps within the items of a map are of one definition, however many there are", async () => {
  const nested = defineWorkflow(
    "nested",
    { version: "1" },
    (input: Input<{ count: number }>) => map(range(input.count), (n) => map(range(2).after(double(n)), double)),
  );
  const [few, many] = [await callsOf(nested, 10), await callsOf(nested, 300)];
  expect(many.count("define")).toBe(few.count("define"));
});
