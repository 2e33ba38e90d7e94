import { expect } from "@std/expect";
import { defineWorkflow, task } from "@fusewire/fusewire";
import { onEachStorage, Serving, until } from "./storages.ts";

onEachStorage("a run that is tried again survives the loss of its worker before its next commit", async (world) => {
  let mayFail = true;
  let calls = 0;
  const never = Promise.withResolvers<number>();
  const first = task(async () => {
    calls++;
    if (mayFail) throw new Error("not yet");
    return calls === 2 ? await never.promise : 20;
  }, { name: "first" });
  const second = task((n: number) => n + 1, { name: "second" });
  const chain = defineWorkflow("chain", { version: "1" }, () => second(first()));

  const lost = await world.process({ lease: 5_000 });
  const run = await lost.runtime.start(chain);
  const serving = new Serving(lost, [chain]);
  await expect(run.result()).rejects.toThrow("not yet");
  mayFail = false;
  await run.retry();
  await until(() => calls === 2, "the second call");
  await until(async () => (await run.status()).steps[0]?.status === "RUNNING", "the step being at work");
  lost.kill();
  void serving;

  const other = await world.process({ lease: 5_000 });
  await using _serving = new Serving(other, [chain]);
  await world.skip(12_000);
  expect(await other.runtime.get(run.id).result()).toBe(21);
  expect((await other.runtime.get(run.id).status()).steps.map(({ status }) => status)).toEqual([
    "SUCCEEDED",
    "SUCCEEDED",
  ]);
});
