import { expect } from "@std/expect";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { LocalWorkflow, PoolWorkflow } from "@fusewire/fusewire";
import { flaky, look, lookLater, report } from "../pool_fixtures/observers.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "context", workers: 2 };

poolTest("context() says in a worker what it says in process, its random numbers included", async () => {
  const node = look().with({ seed: "s" });
  const pool = await new PoolWorkflow(node, options).run();
  const local = await new LocalWorkflow(node, options).run();
  const { runId } = pool;
  expect(pool).toEqual({ ...local, runId, idempotencyKey: `${runId}/${node.name}` });
  expect(pool).toMatchObject({ workflowName: "context", nodeName: node.name, attempt: 1, fence: 0n, aborted: false });
  expect(pool.numbers[0]).not.toBe(pool.numbers[1]);
});

poolTest("context() stays with its own call where several wait in one worker", async () => {
  const nodes = Array.from({ length: 8 }, () => lookLater());
  const workflow = { ...options, workers: 1, maxPendingTasks: 8 };
  const results = await new PoolWorkflow(nodes, workflow).run();
  expect(results.map(([first, second]) => [first, second])).toEqual(nodes.map(({ name }) => [name, name]));
  expect(results).toEqual(await new LocalWorkflow(nodes, options).run());
});

poolTest("context() counts attempts", async () => {
  const node = flaky(2).with({ retry: { maxAttempts: 3, initialDelay: 0 } });
  expect(await new PoolWorkflow(node, options).run()).toBe(3);
});

poolTest("Progress becomes events of the run, and messages go to the log of the scheduling thread", async () => {
  const records: LogRecord[] = [];
  const logged = Promise.withResolvers<void>();
  await configure({
    sinks: {
      kept: (record) => {
        if (records.push(record) === 2) logged.resolve();
      },
    },
    loggers: [
      { category: ["fusewire", "task"], sinks: ["kept"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    const node = report();
    const run = await new PoolWorkflow(node, options).start();
    await run.result();
    const progress: unknown[] = [];
    for await (const event of run.events()) {
      if (event.event === "step_progress") progress.push([event.step, event.fraction, event.message]);
    }
    expect(progress).toEqual([[node.name, 0.25, undefined], [node.name, 0.5, "half"]]);
    await logged.promise;
    expect(records.map(({ level, rawMessage }) => [level, rawMessage])).toEqual([
      ["info", "at {place}"],
      ["warning", "careful"],
    ]);
    expect(records[0]?.properties).toMatchObject({
      workflow: "context",
      step: node.name,
      run: run.id,
      attempt: 1,
      place: "here",
    });
    expect(String(records[0]?.properties["odd"]).replaceAll(" ", "")).toBe("()=>1");
  } finally {
    await reset();
  }
});
