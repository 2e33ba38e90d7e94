/**
 * Defects that the simulation has found, each as small as it can be shown.
 *
 * @module
 */
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
