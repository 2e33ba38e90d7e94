/**
 * The acceptance scenarios of durable runs that are about one run. FL5 to FL8 and FL30 need nodes of control flow (branch, anyOf, optional,
 * map), and are proven with them.
 *
 * @module
 */
import { expect } from "@std/expect";
import { ConfigError, defineWorkflow, type Input, task } from "@fusewire/fusewire";
import { flaky } from "./flaky.ts";
import { onEachStorage } from "./storages.ts";

const add = task((a: number, b: number) => a + b, { name: "add" });
const multiply = task((x: number) => 2 * x, { name: "multiply" });
const addOne = task((x: number) => x + 1, { name: "addOne" });

onEachStorage("FL1 a sequence runs in order, and its life is told", async (world) => {
  const order: string[] = [];
  const step = task((name: string, _before: string): string => {
    order.push(name);
    return name;
  }, { name: "step" });
  const sequence = defineWorkflow("sequence", { version: "1" }, () => step("c", step("b", step("a", ""))));
  await using process = await world.process();
  const run = await process.runtime.start(sequence);
  expect((await run.status()).status).toBe("PENDING");
  await process.runtime.worker([sequence]).tick({ budgetMs: 30_000 });
  expect(order).toEqual(["a", "b", "c"]);
  expect((await run.status()).steps.map(({ name, status }) => [name, status])).toEqual([
    ["step_0000", "SUCCEEDED"],
    ["step_0001", "SUCCEEDED"],
    ["step_0002", "SUCCEEDED"],
  ]);
  expect(await run.result()).toBe("c");
});

onEachStorage(
  "FL2 multiply and add_one of 3 give 7, and FL3 (1 + 2) * 3 gives 9, side by side [6, 9]",
  async (world) => {
    const simple = defineWorkflow(
      "simple",
      { version: "1" },
      (input: Input<{ x: number }>) => addOne(multiply(input.x)),
    );
    const times = task((a: number, b: number) => a * b, { name: "times" });
    const nine = defineWorkflow("nine", { version: "1" }, () => times(add(1, 2), 3));
    const both = defineWorkflow("both", { version: "1" }, () => [multiply(3), times(add(1, 2), 3)]);
    await using process = await world.process();
    expect(await process.runtime.run(simple, { x: 3 })).toBe(7);
    expect(await process.runtime.run(nine)).toBe(9);
    expect(await process.runtime.run(both)).toEqual([6, 9]);
  },
);

onEachStorage("FL4 the trace of A→B is exactly the reference's, with ids, process, host and time", async (world) => {
  const a = task(() => 1, { name: "a" });
  const b = task((x: number) => x + 1, { name: "b" });
  const definition = defineWorkflow("trace", { version: "1" }, () => b(a()));
  await using process = await world.process();
  const before = Date.now();
  await process.runtime.run(definition, undefined, { id: "traced" });
  const events = await Array.fromAsync(process.runtime.get("traced").events());
  expect(events.map((event) => [event.event, "step" in event ? event.step : undefined])).toEqual([
    ["workflow_started", undefined],
    ["step_enqueued", "a_0000"],
    ["step_started", "a_0000"],
    ["step_finished", "a_0000"],
    ["step_enqueued", "b_0000"],
    ["step_started", "b_0000"],
    ["step_finished", "b_0000"],
    ["workflow_finished", undefined],
  ]);
  let last = before;
  for (const event of events) {
    expect([event.workflowId, event.runId, event.process]).toEqual(["trace", "traced", Deno.pid]);
    expect(typeof event.host).toBe("string");
    expect(event.timestamp).toBeGreaterThanOrEqual(last);
    last = event.timestamp;
  }
  expect(events.at(-1)).toMatchObject({ status: "SUCCEEDED" });
});

onEachStorage("FL4 attempts from the second on are events, in their order", async (world) => {
  const { definition } = flaky(2, { retry: { maxAttempts: 3, initialDelay: 1, jitter: 0 } });
  await using process = await world.process();
  await process.runtime.run(definition, undefined, { id: "retried" });
  const events = await Array.fromAsync(process.runtime.get("retried").events());
  expect(events.map((event) => [event.event, "attempt" in event ? event.attempt : 0])).toEqual([
    ["workflow_started", 0],
    ["step_enqueued", 0],
    ["step_started", 0],
    ["attempt_started", 2],
    ["attempt_failed", 2],
    ["attempt_started", 3],
    ["step_finished", 0],
    ["workflow_finished", 0],
  ]);
});

onEachStorage("FL23 null and undefined results reach their readers, here and after a restart", async (world) => {
  const nothing = task(() => null, { name: "nothing" });
  const missing = task(() => undefined, { name: "missing" });
  let fails = true;
  const seen = task((a: null, b: undefined) => {
    if (fails) throw new RangeError("not yet");
    return [a, b];
  }, { name: "seen" });
  const definition = defineWorkflow("null", { version: "1" }, () => seen(nothing(), missing()));
  await using process = await world.process();
  await expect(process.runtime.run(definition, undefined, { id: "null" })).rejects.toThrow("not yet");
  fails = false;
  await using other = await world.process();
  await other.runtime.get("null").retry();
  expect(await other.runtime.run(definition, undefined, { id: "null" })).toEqual([null, undefined]);
});

onEachStorage("FL24 a string that a step gives is data, never an action", async (world) => {
  const words = ["retry", "skip", "fail", "SKIPPED", "FAILED", "cancelled"];
  const say = task((word: string) => word, { name: "say", retry: { maxAttempts: 3 }, onFailure: "skip" });
  const definition = defineWorkflow("words", { version: "1" }, () => words.map((word) => say(say(word))));
  await using process = await world.process();
  expect(await process.runtime.run(definition)).toEqual(words);
});

onEachStorage("FL25 the same workflow with x = 1 and x = 2, one after the other and at once", async (world) => {
  const echo = task(async (x: number) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return x;
  }, { name: "echo" });
  const definition = defineWorkflow("echo", { version: "1" }, (input: Input<{ x: number }>) => echo(echo(input.x)));
  await using process = await world.process();
  expect(await process.runtime.run(definition, { x: 1 })).toBe(1);
  expect(await process.runtime.run(definition, { x: 2 })).toBe(2);
  const all = Array.from({ length: 50 }, (_, x) => x);
  expect(await Promise.all(all.map((x) => process.runtime.run(definition, { x })))).toEqual(all);
});

onEachStorage(
  "FL28 another graph under a known version is refused, and version 2 is not given to a worker of version 1",
  async (world) => {
    const v1 = defineWorkflow("etl", { version: "1" }, () => addOne(1));
    const other = defineWorkflow("etl", { version: "1" }, () => addOne(addOne(1)));
    const v2 = defineWorkflow("etl", { version: "2" }, () => addOne(addOne(1)));
    await using process = await world.process();
    await process.runtime.start(v1);
    await expect(process.runtime.start(other)).rejects.toThrow(ConfigError);
    await expect(process.runtime.run(other)).rejects.toThrow("etl");
    await expect(process.runtime.worker([other]).tick({ budgetMs: 100 })).rejects.toThrow(ConfigError);
    const run = await process.runtime.start(v2);
    await process.runtime.worker([v1]).tick({ budgetMs: 10_000 });
    expect((await run.status()).status).toBe("PENDING");
    await process.runtime.worker([v1, v2]).tick({ budgetMs: 10_000 });
    expect(await run.result()).toBe(3);
  },
);
