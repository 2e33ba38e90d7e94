import { expect } from "@std/expect";
import { CircuitBreakerPolicy, CircuitOpenError, defineWorkflow, type Input, task } from "@fusewire/fusewire";
import { onEachStorage } from "./storages.ts";

onEachStorage("The wait that a refused call asks for is a timer of the run, without a worker", async (world) => {
  let calls = 0;
  const refused = task(() => {
    if (++calls > 1) return "done";
    const response = new Response("", { status: 429, headers: { "retry-after": "600" } });
    throw Object.assign(new Error("too many requests"), { response });
  }, { name: "refused", retry: { maxAttempts: 2, initialDelay: 10, maxDelay: 10 } });
  const definition = defineWorkflow("refused", { version: "1" }, () => refused());
  await using process = await world.process();
  const run = await process.runtime.start(definition);
  const worker = process.runtime.worker([definition]);
  await worker.tick({ budgetMs: 500 });
  const [record, [step]] = [await world.storage.readRun(run.id), await world.storage.readSteps(run.id)];
  expect([record?.parked, record?.session, step?.status]).toEqual([true, undefined, "PENDING"]);
  expect(record?.wakeAt).toBe(step?.wakeAt);
  expect((step?.wakeAt ?? 0) - (step?.startedAt ?? 0)).toBeGreaterThanOrEqual(600_000);
  world.jump(599_000);
  await worker.tick({ budgetMs: 100 });
  expect(calls).toBe(1);
  world.jump(2_000);
  await worker.tick({ budgetMs: 500 });
  expect(await run.result()).toBe("done");
});

onEachStorage(
  "While a circuit is open, durable steps fail at once, and retries wait until it lets a call through",
  async (world) => {
    let [calls, now] = [0, 1_000];
    const policy = new CircuitBreakerPolicy({ failures: 2, halfOpenAfter: 60_000 }, { now: () => now });
    const ask = task((_n: number): string => {
      calls++;
      if (now > 1_000) return "answer";
      throw new RangeError("no answer");
    }, { name: "ask", policies: [policy] });
    const failing = defineWorkflow("failing", { version: "1" }, (input: Input<{ n: number }>) => ask(input.n));
    const patient = defineWorkflow(
      "patient",
      { version: "1" },
      (input: Input<{ n: number }>) => ask(input.n).with({ retry: { maxAttempts: 2, initialDelay: 1 } }),
    );
    await using process = await world.process();
    const errors: unknown[] = [];
    for (const n of [1, 2, 3]) {
      errors.push(
        await process.runtime.run(failing, { n }).catch((error: Error) => error.cause),
      );
    }
    expect(errors.map((error) => error instanceof CircuitOpenError)).toEqual([false, false, true]);
    const run = await process.runtime.start(patient, { n: 4 });
    const worker = process.runtime.worker([patient]);
    await worker.tick({ budgetMs: 500 });
    expect(calls).toBe(2);
    const [step] = await world.storage.readSteps(run.id);
    expect((step?.wakeAt ?? 0) - (step?.startedAt ?? 0)).toBeGreaterThanOrEqual(60_000);
    now += 60_000;
    world.jump(61_000);
    await worker.tick({ budgetMs: 500 });
    expect(await run.result()).toBe("answer");
    expect(calls).toBe(3);
  },
);
