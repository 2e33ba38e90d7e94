import { expect } from "@std/expect";
import { CancelledError, defineWorkflow, type Input, StepFailedError, task } from "@fusewire/fusewire";
import { onEachStorage, until } from "./storages.ts";

const give = task((n: number) => n, { name: "give" });
const add = task((a: number, b: number) => a + b, { name: "add" });

onEachStorage(
  "when() runs a step where its condition holds, and skips it and what needs it where not",
  async (world) => {
    const calls: string[] = [];
    const note = task((name: string) => {
      calls.push(name);
      return name;
    }, { name: "note" });
    const join = task((name: string) => name, { name: "join" });
    const target = defineWorkflow("target", { version: "1" }, (input: Input<{ n: number }>) => {
      const n = give(input.n);
      return [join(note("odd").when(n, (value) => value % 2 === 1)), n];
    });
    await using process = await world.process();
    expect(await process.runtime.run(target, { n: 3 }, { id: "odd" })).toEqual(["odd", 3]);
    await expect(process.runtime.run(target, { n: 4 }, { id: "even" })).rejects.toThrow(CancelledError);
    const { status, steps } = await process.runtime.get("even").status();
    expect(status).toBe("SKIPPED");
    expect(Object.fromEntries(steps.map(({ name, status }) => [name, status]))).toEqual({
      give_0000: "SUCCEEDED",
      note_0000: "SKIPPED",
      join_0000: "SKIPPED",
    });
    expect(calls).toEqual(["odd"]);
  },
);

onEachStorage("A condition that throws fails its step, not the process", async (world) => {
  const definition = defineWorkflow("throws", { version: "1" }, () =>
    give(1).when(give(2), () => {
      throw new RangeError("no answer");
    }));
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "throws" })).rejects.toThrow(StepFailedError);
  const { steps } = await process.runtime.get("throws").status();
  expect(steps.map(({ status }) => status)).toEqual(["SUCCEEDED", "FAILED"]);
  expect(steps[1]?.error?.message).toBe("no answer");
});

onEachStorage("after() orders steps that share no value, also a later node", async (world) => {
  const order: string[] = [];
  const note = task(async (name: string) => {
    await new Promise((resolve) => setTimeout(resolve, name === "first" ? 10 : 0));
    order.push(name);
    return name;
  }, { name: "note" });
  const definition = defineWorkflow("after", { version: "1" }, () => {
    const third = note("third");
    const second = note("second");
    const first = note("first");
    return [third.after(second), second.after(first), first];
  });
  await using process = await world.process();
  expect(await process.runtime.run(definition)).toEqual(["third", "second", "first"]);
  expect(order).toEqual(["first", "second", "third"]);
});

onEachStorage(
  "Items of tuples and objects are read at any depth, and one out of range fails its reader",
  async (world) => {
    const pair = task((): [number, { deep: number[] }] => [1, { deep: [2, 3] }], { name: "pair" });
    const definition = defineWorkflow("items", { version: "1" }, () => {
      const [one, two] = pair();
      return [one, two.item("deep").item(1), add(one, two.item("deep").item(0))];
    });
    const outside = defineWorkflow("outside", { version: "1" }, () => give(pair().item(1).item("deep").item(7)));
    await using process = await world.process();
    expect(await process.runtime.run(definition, undefined, { id: "items" })).toEqual([1, 3, 3]);
    await using other = await world.process();
    expect(await other.runtime.get("items").result()).toEqual([1, 3, 3]);
    await expect(process.runtime.run(outside, undefined, { id: "outside" })).rejects.toThrow(StepFailedError);
  },
);

onEachStorage("A run of no steps ends at once", async (world) => {
  const nothing = defineWorkflow("nothing", { version: "1" }, () => []);
  await using process = await world.process();
  expect(await process.runtime.run(nothing, undefined, { id: "driven" })).toEqual([]);
  const run = await process.runtime.start(nothing);
  await process.runtime.worker([nothing]).tick({ budgetMs: 30_000 });
  expect(await run.result()).toEqual([]);
  expect((await Array.fromAsync(run.events())).map(({ event }) => event)).toEqual([
    "workflow_started",
    "workflow_finished",
  ]);
});

onEachStorage("Pure steps run ahead of their commits, and others never before them", async (world) => {
  await using process = await world.process();
  let isHeld = true;
  const order: string[] = [];
  const step = (name: string, pure: boolean) =>
    task((before: number) => {
      order.push(name);
      return before + 1;
    }, { name, pure });
  const [a, b, c] = [step("a", true), step("b", true), step("c", false)];
  const definition = defineWorkflow("pure", { version: "1" }, () => c(b(a(0))));
  process.watch.before = async (method) => {
    if (method !== "commit") return;
    while (isHeld) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const result = process.runtime.run(definition);
  await until(() => order.length === 2);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(order).toEqual(["a", "b"]);
  isHeld = false;
  expect(await result).toBe(3);
  expect(order).toEqual(["a", "b", "c"]);
});
