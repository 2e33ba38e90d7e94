import { expect } from "@std/expect";
import {
  GraphError,
  InitializerPlugin,
  LocalWorkflow,
  MemoryStorage,
  type Plugin,
  PoolWorkflow,
  SerializationError,
  StepFailedError,
} from "@fusewire/fusewire";
import { add } from "../pool_fixtures/arithmetic.ts";
import { collection, failing, initializer, stateful, takePrepared } from "../pool_fixtures/observers.ts";
import { poolTest } from "./counted_workers.ts";

const options = { workflowName: "plugins", workers: 1 };

async function causeWith(plugin: Plugin<unknown>): Promise<Error> {
  const workflow = new PoolWorkflow(takePrepared(), options);
  workflow.setPlugin("*", plugin);
  const error: unknown = await workflow.run().catch((error: unknown) => error);
  if (!(error instanceof StepFailedError) || !(error.cause instanceof Error)) throw error;
  return error.cause;
}

poolTest("FF13: plugins run localInitialize here, then remoteInitialize in the worker, then the function", async () => {
  const node = takePrepared();
  for (const Backend of [PoolWorkflow, LocalWorkflow]) {
    const workflow = new Backend(node, options);
    workflow.setPlugin("*", stateful);
    workflow.setPlugin("*", initializer);
    expect(await workflow.run()).toEqual([
      { from: node.name, at: [1], attempt: 1 },
      `initialize ${node.name}`,
      "function",
    ]);
  }
});

poolTest("A collection runs in a worker, with the states that were counted here", async () => {
  const nodes = [takePrepared(), takePrepared(), takePrepared()];
  const workflow = new PoolWorkflow(nodes, { ...options, workers: 3 });
  workflow.setPlugin("*", collection);
  const results = await workflow.run();
  const states = results.map(([state]) => state);
  expect(new Set(states)).toEqual(new Set([1, 2, 3]));
  results.forEach((result, i) => {
    expect(result.slice(1)).toEqual(["later", `initialize ${nodes[i]!.name}`, "function"]);
  });
});

poolTest("A plugin without remoteInitialize need not be found", async () => {
  const told: string[] = [];
  const workflow = new PoolWorkflow(takePrepared(), options);
  workflow.setPlugin("*", {
    runStarted: () => void told.push("started"),
    localInitialize: () => () => told,
    finished: ({ status }) => void told.push(status),
    runFinished: () => void told.push("finished"),
  });
  expect(await workflow.run()).toEqual(["function"]);
  expect(told).toEqual(["started", "SUCCEEDED", "finished"]);
});

poolTest("A plugin that was not made known is refused, and the error says what to do", async () => {
  const error = await causeWith({ remoteInitialize: () => {} });
  expect(error).toBeInstanceOf(GraphError);
  expect(error.message).toMatch(
    /Plugin `\(object\)` of node `takePrepared_\d+` has `remoteInitialize`, which a pool calls in a worker, but was not made known; make it at the top level of a module with definePlugin\(\)/,
  );
});

poolTest("A plugin that was made inside a function is refused", async () => {
  const error = await causeWith(new InitializerPlugin(() => {}));
  expect(error).toBeInstanceOf(GraphError);
  expect(error.message).toMatch(
    /The plugin `InitializerPlugin` of node `takePrepared_\d+` can not be found in a worker/,
  );
});

poolTest("What remoteInitialize throws in a worker fails the attempt, and is retried", async () => {
  const node = takePrepared().with({ retry: { maxAttempts: 2, initialDelay: 0 } });
  const workflow = new PoolWorkflow(node, options);
  workflow.setPlugin("*", failing);
  const run = await workflow.start();
  const error: unknown = await run.result().catch((error: unknown) => error);
  expect(error).toMatchObject({ cause: { message: "not ready" } });
  expect((await run.status()).steps[0]).toMatchObject({ status: "FAILED", attempt: 2 });
});

poolTest("A state that can not travel is named", async () => {
  const known: Plugin<unknown> = stateful;
  const { localInitialize } = known;
  known.localInitialize = () => ({ deep: { run: () => 1 } });
  try {
    const cause = await causeWith(known);
    expect(cause).toBeInstanceOf(SerializationError);
    expect(cause.message).toMatch(/at `\.deep\.run` in the state of plugin `\(object\)` for node `takePrepared_\d+`/);
  } finally {
    Object.assign(known, { localInitialize });
  }
});

poolTest("A stored node runs no plugin, and the storage is read and written here", async () => {
  const storage = new MemoryStorage();
  const node = add(add(1, 2), 3);
  const run = async () => {
    const workflow = new PoolWorkflow(node, options);
    workflow.setStorage(storage);
    const told: string[] = [];
    workflow.setPlugin("*", { finished: (_, { nodeName }) => void told.push(nodeName) });
    return [await workflow.run(), told.length];
  };
  expect(await run()).toEqual([6, 2]);
  expect((await storage.listTasks("plugins")).length).toBe(2);
  expect(await storage.readTask("plugins", node.name)).toBe(6);
  expect(await run()).toEqual([6, 0]);
});
