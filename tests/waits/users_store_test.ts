import { expect } from "@std/expect";
import {
  defineWorkflow,
  type Input,
  map,
  openRuntime,
  sleep,
  subWorkflow,
  task,
  waitForSignal,
} from "@fusewire/fusewire";
import { UsersStore } from "../storage/runtime/users_store.ts";
import { until } from "../engine/storages.ts";
import { double, list, range } from "./tasks.ts";

Deno.test("in a store with only the ten methods, maps, children and signals go on after a restart", async () => {
  const folder = await Deno.makeTempDir();
  const calls: number[] = [];
  const note = task((n: number) => {
    calls.push(n);
    return n;
  }, { name: "note" });
  const child = defineWorkflow(
    "child",
    { version: "1" },
    (input: Input<{ n: number }>) => list(note(input.n), waitForSignal("go")),
  );
  const parent = defineWorkflow(
    "parent",
    { version: "1" },
    () => list(map(range(3), (n) => double(note(n))).setName("m"), subWorkflow(child, { n: 7 }).setName("c"), sleep(5)),
  );
  try {
    {
      await using runtime = await openRuntime({ runtimeStorage: new UsersStore(folder) });
      const result = runtime.run(parent, undefined, { id: "r" });
      result.catch(() => {});
      await until(async () => {
        const { steps } = await runtime.get("r/c").status().catch(() => ({ steps: [] }));
        return steps.some(({ name, status }) => name === "waitForSignal_0000" && status === "RUNNING");
      });
    }
    await using runtime = await openRuntime({ runtimeStorage: new UsersStore(folder) });
    const result = runtime.run(parent, undefined, { id: "r" });
    await until(async () => {
      const { steps } = await runtime.get("r/c").status().catch(() => ({ steps: [] }));
      return steps.some(({ name, status }) => name === "waitForSignal_0000" && status === "RUNNING");
    });
    await runtime.get("r").signal("go", "on");
    expect(await result).toEqual([[0, 2, 4], [7, "on"], undefined]);
    expect(calls.toSorted()).toEqual([0, 1, 2, 7]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
