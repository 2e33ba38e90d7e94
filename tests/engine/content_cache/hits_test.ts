import { expect } from "@std/expect";
import { defineWorkflow, type Input, type RunEvent, task } from "@fusewire/fusewire";
import { onEachStorage } from "../storages.ts";

const calls: string[] = [];
const load = task((day: string) => {
  calls.push(`load ${day}`);
  return { rows: [1, 2, 3], day };
}, { name: "load" });
const count = task(({ rows }: { rows: number[] }, by: number) => {
  calls.push("count");
  return rows.length * by;
}, { name: "count" });
const etl = defineWorkflow(
  "etl",
  { version: "1", cache: "content" },
  (input: Input<{ day: string; by: number }>) => count(load(input.day), input.by),
);

onEachStorage("A run takes the results of an earlier one that were made from the same, without a call", async (world) => {
  await using process = await world.process();
  const { runtime } = process;
  calls.length = 0;
  expect(await runtime.run(etl, { day: "monday", by: 2 })).toBe(6);
  expect(calls.splice(0)).toEqual(["load monday", "count"]);
  const run = await runtime.start(etl, { day: "monday", by: 2 }, { id: "again" });
  expect(await runtime.run(etl, { day: "monday", by: 2 }, { id: "again" })).toBe(6);
  expect(calls).toEqual([]);
  expect((await run.status()).steps).toEqual([
    { name: "load_0000", status: "SUCCEEDED", attempt: 0 },
    { name: "count_0000", status: "SUCCEEDED", attempt: 0 },
  ]);
  const events: RunEvent[] = await Array.fromAsync(run.events());
  expect(events.map(({ event }) => event)).toEqual([
    "workflow_started",
    "step_finished",
    "step_finished",
    "workflow_finished",
  ]);
  expect(await runtime.run(etl, { day: "monday", by: 3 })).toBe(9);
  expect(calls.splice(0)).toEqual(["count"]);
  expect(await runtime.run(etl, { day: "tuesday", by: 3 })).toBe(9);
  expect(calls.splice(0)).toEqual(["load tuesday", "count"]);
});
