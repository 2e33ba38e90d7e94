import { ConfigError, context, defineWorkflow, MemoryRuntimeStorage, openRuntime, task } from "@fusewire/fusewire";
import { expect } from "@std/expect";

/** A step that lasts until it is told to end, and never looks at its signal. */
function gatedStep() {
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<void>();
  const step = task(async () => {
    begun.resolve(context().signal);
    await end.promise;
    return "done";
  }, { name: "gated" });
  return { begun: begun.promise, end: end.resolve, workflow: defineWorkflow("gated", { version: "1" }, () => step()) };
}

Deno.test("Runtime.close() ends its workers, after the steps at work", async () => {
  const { begun, end, workflow } = gatedStep();
  const runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const worker = runtime.worker([workflow]);
  const served = worker.run({ handleSignals: false });
  const run = await runtime.start(workflow);
  await begun;
  const closed = runtime.close();
  end();
  await Promise.all([closed, served]);
  expect((await run.status()).status).toBe("SUCCEEDED");
  await expect(worker.run({ handleSignals: false })).rejects.toThrow(ConfigError);
  await expect(worker.tick({ budgetMs: 10 })).rejects.toThrow("The runtime is closed");
});

Deno.test("Worker.tick() leaves what is at work to others, `patience` after its signal", async () => {
  const { begun, end, workflow } = gatedStep();
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const run = await runtime.start(workflow);
  const stop = new AbortController();
  const ticked = runtime.worker([workflow]).tick({ budgetMs: 600_000, signal: stop.signal, patience: 10 });
  const signal = await begun;
  expect(signal.aborted).toBe(false);
  stop.abort();
  expect(await ticked).toEqual({ idle: false });
  expect(signal.aborted).toBe(true);
  expect((await run.status()).status).toBe("RUNNING");
  end();
  expect(await runtime.worker([workflow]).tick({ budgetMs: 600_000 })).toEqual({ idle: true });
  expect((await run.status()).status).toBe("SUCCEEDED");
});

Deno.test("Worker.tick() lets a step at work end when its signal comes in time", async () => {
  const { begun, end, workflow } = gatedStep();
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
  const run = await runtime.start(workflow);
  const stop = new AbortController();
  const ticked = runtime.worker([workflow]).tick({ budgetMs: 600_000, signal: stop.signal, patience: 600_000 });
  await begun;
  stop.abort();
  end();
  await ticked;
  expect((await run.status()).steps[0]?.status).toBe("SUCCEEDED");
  expect(await runtime.worker([workflow]).tick({ budgetMs: 10, signal: stop.signal })).toEqual({ idle: false });
});
