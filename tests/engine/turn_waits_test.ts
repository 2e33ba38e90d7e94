import { expect } from "@std/expect";
import { defineWorkflow, type Input, task } from "@fusewire/fusewire";
import { TurnWaits } from "../../src/engine/turn_waits.ts";
import { onEachStorage, Serving, until } from "./storages.ts";

Deno.test("Steps that wait for turns are told different times, as many at a time as may begin, for 20 intervals at most", () => {
  const waits = new TurnWaits();
  const limit = { key: "k", limit: 2, interval: 100 };
  const told = [1, 2, 3, 4, 5].map((later) => waits.next(limit, 50 - later, 1_000 + later));
  expect(told.map((wait, i) => wait + 1_001 + i)).toEqual([1_050, 1_050, 1_150, 1_150, 1_250]);
  expect(waits.next({ ...limit, key: "other" }, 50, 1_000)).toBe(50);
  for (let i = 0; i < 1_000; i++) expect(waits.next(limit, 50, 1_000)).toBeLessThanOrEqual(2_050);
  // Another turn is the next one that is free: they are counted anew.
  expect(waits.next(limit, 60, 1_100)).toBe(60);
});

onEachStorage("Many runs that wait for turns do not all ask each time that one is free", async (world) => {
  let begun = 0;
  const step = task((n: number) => {
    begun++;
    return n;
  }, { name: "step", rateLimit: { key: "crowd", limit: 2, interval: 60_000 } });
  const definition = defineWorkflow("crowd", { version: "1" }, (input: Input<{ n: number }>) => step(input.n));
  await using process = await world.process();
  const runs = await Promise.all(Array.from({ length: 30 }, (_, n) => process.runtime.start(definition, { n })));
  await using _serving = new Serving(process, [definition]);
  const waiting = async () => (await world.storage.listRuns({ limit: 100 })).runs.filter(({ parked }) => parked).length;
  await until(async () => begun === 2 && await waiting() === 28);
  expect(process.watch.count("takeTurn")).toBe(30);
  for (let round = 0; begun < 30 && round < 200; round++) await world.skip(20_000);
  expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => n));
  // Without that it would be all who are left each time: some 200 more.
  expect(process.watch.count("takeTurn")).toBeLessThan(90);
}, { kinds: ["memory", "KV in memory"] });
