/**
 * Defects that the simulation has found, each as small as it can be shown.
 *
 * @module
 */
import { expect } from "@std/expect";
import { defineWorkflow, MemoryRuntimeStorage, openRuntime, task } from "@fusewire/fusewire";

const one = task(() => 1, { name: "one" });
const single = defineWorkflow("single", { version: "1" }, () => one());

Deno.test("Worker.run() hears that it is to stop while it begins", async () => {
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const controller = new AbortController();
  const running = runtime.worker([single]).run({ signal: controller.signal, handleSignals: false });
  controller.abort();
  await running;
});

Deno.test("runtime.run() and run.cancel() go on with a new session when others have ended theirs", async () => {
  const storage = new MemoryRuntimeStorage();
  await using runtime = await openRuntime({ runtimeStorage: storage });
  expect(await runtime.run(single)).toBe(1);
  expect(await storage.reap(Infinity)).toBe(1);
  expect(await runtime.run(single)).toBe(1);
  const run = await runtime.start(single);
  expect(await storage.reap(Infinity)).toBe(1);
  await run.cancel();
  expect((await run.status()).status).toBe("CANCELLED");
});
