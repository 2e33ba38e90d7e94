import { expect } from "@std/expect";
import { CancelledError, InitializerPlugin, LocalWorkflow, MemoryStorage, StepFailedError, task } from "../../mod.ts";
import { ConfigError } from "../../mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { Recorder } from "./recorder.ts";

Deno.test("FF13: plugins run localInitialize, then remoteInitialize, then the function, then finished", async () => {
  const calls: string[] = [];
  const work = task(() => void calls.push("function"), { name: "work" });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new Recorder(calls));
  await workflow.run();
  expect(calls).toEqual([
    "plugin.runStarted w 1",
    "plugin.localInitialize a 0",
    "plugin.remoteInitialize plugin's state of a 1",
    "function",
    "plugin.finished a 1 SUCCEEDED",
    "plugin.runFinished w",
  ]);
});

Deno.test("FF13: a stored node runs no plugin, and is not counted", async () => {
  const calls: string[] = [];
  const work = task((x: number) => x + 1, { name: "work" });
  const storage = new MemoryStorage();
  const workflow = new LocalWorkflow(work(work(1).setName("first")).setName("second"), { workflowName: "w" });
  workflow.setStorage(storage);
  await workflow.run();
  await storage.removeTask("w", { taskName: "second" });
  workflow.setPlugin("*", new Recorder(calls));
  expect(await workflow.run()).toBe(3);
  expect(calls).toEqual([
    "plugin.runStarted w 1",
    "plugin.localInitialize second 0",
    "plugin.remoteInitialize plugin's state of second 1",
    "plugin.finished second 1 SUCCEEDED",
    "plugin.runFinished w",
  ]);
  calls.length = 0;
  expect(await workflow.run()).toBe(3);
  expect(calls).toEqual(["plugin.runStarted w 0", "plugin.runFinished w"]);
});

Deno.test("A plugin initializes every attempt with the one state of the node", async () => {
  const calls: string[] = [];
  let tries = 0;
  const work = task(() => {
    if (++tries < 3) throw new Error("not yet");
  }, { name: "work", retry: { maxAttempts: 3, initialDelay: 0 } });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new Recorder(calls));
  await workflow.run();
  expect(calls.slice(1, -1)).toEqual([
    "plugin.localInitialize a 0",
    "plugin.remoteInitialize plugin's state of a 1",
    "plugin.remoteInitialize plugin's state of a 2",
    "plugin.remoteInitialize plugin's state of a 3",
    "plugin.finished a 3 SUCCEEDED",
  ]);
});

Deno.test("A plugin only sees the nodes that it is set on", async () => {
  const calls: string[] = [];
  const work = task((x: number) => x, { name: "work" });
  const workflow = new LocalWorkflow([work(1).setName("a"), work(2).setName("b")], { workflowName: "w" });
  workflow.query("b").setPlugin(new Recorder(calls));
  await workflow.run();
  expect(calls[0]).toBe("plugin.runStarted w 1");
  expect(calls.filter((call) => call.includes(" a "))).toEqual([]);
});

Deno.test("A plugin hears how each node ended, and of the end of a run that failed", async () => {
  const calls: string[] = [];
  const fail = task((): number => {
    throw new Error("boom");
  }, { name: "fail" });
  const next = task((x: number) => x, { name: "next" });
  const workflow = new LocalWorkflow(
    [next(fail().setName("failing")), fail().setName("skipping").with({ onFailure: "skip" })],
    { workflowName: "w", concurrency: 1 },
  );
  workflow.setPlugin("*", new Recorder(calls));
  await expect(workflow.run()).rejects.toThrow(StepFailedError);
  expect(calls.filter((call) => !call.includes("nitialize"))).toEqual([
    "plugin.runStarted w 3",
    "plugin.finished failing 1 FAILED",
    "plugin.finished skipping 1 SKIPPED",
    "plugin.runFinished w",
  ]);
});

Deno.test("A plugin hears of nodes at work when a run is cancelled, before the end of the run", async () => {
  const calls: string[] = [];
  const began = Promise.withResolvers<void>();
  const wait = task(() => {
    began.resolve();
    return new Promise<void>(() => {});
  }, { name: "wait" });
  const workflow = new LocalWorkflow(wait().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new Recorder(calls));
  const run = await workflow.start();
  await began.promise;
  await run.cancel();
  await expect(run.result()).rejects.toThrow(CancelledError);
  expect(calls.slice(-2)).toEqual(["plugin.finished a 1 CANCELLED", "plugin.runFinished w"]);
});

Deno.test("A plugin hears of a node that is cancelled while it waits for its next attempt", async () => {
  const calls: string[] = [];
  const clock = new FakeClock();
  const failed = Promise.withResolvers<void>();
  const work = task(() => {
    failed.resolve();
    throw new Error("not yet");
  }, { name: "work", retry: { maxAttempts: 2 } });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w", clock });
  workflow.setPlugin("*", new Recorder(calls));
  const run = await workflow.start();
  await failed.promise;
  await run.cancel();
  expect(calls.slice(-2)).toEqual(["plugin.finished a 1 CANCELLED", "plugin.runFinished w"]);
  expect(clock.pending).toBe(0);
});

Deno.test("A node whose localInitialize throws fails, and the plugins that had begun hear of it", async () => {
  const calls: string[] = [];
  const work = task(() => void calls.push("function"), { name: "work" });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new Recorder(calls, "first"));
  workflow.setPlugin("*", new Recorder(calls, "second", "localInitialize"));
  workflow.setPlugin("*", new Recorder(calls, "third"));
  await expect(workflow.run()).rejects.toThrow("Node `a` of workflow `w` failed: second.localInitialize broke");
  expect(calls.slice(3, -3)).toEqual([
    "first.localInitialize a 0",
    "second.localInitialize a 0",
    "first.finished a 0 FAILED",
    "second.finished a 0 FAILED",
  ]);
});

Deno.test("A node whose remoteInitialize throws fails without calling its function", async () => {
  const calls: string[] = [];
  const work = task(() => void calls.push("function"), { name: "work" });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new Recorder(calls, "plugin", "remoteInitialize"));
  await expect(workflow.run()).rejects.toThrow("plugin.remoteInitialize broke");
  expect(calls).not.toContain("function");
  expect(calls.slice(-2)).toEqual(["plugin.finished a 1 FAILED", "plugin.runFinished w"]);
});

Deno.test("A plugin hears that a node failed whose result could not be stored", async () => {
  const calls: string[] = [];
  const work = task(() => ({ callback: () => 1 }), { name: "work" });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setStorage(new MemoryStorage());
  workflow.setPlugin("*", new Recorder(calls));
  await expect(workflow.run()).rejects.toThrow(StepFailedError);
  expect(calls.slice(-2)).toEqual(["plugin.finished a 1 FAILED", "plugin.runFinished w"]);
});

Deno.test("Every plugin whose run began hears of its end, also if another one throws at the start or at the end", async () => {
  const work = task(() => 1, { name: "work" });
  for (const hook of ["runStarted", "runFinished"] as const) {
    const calls: string[] = [];
    const workflow = new LocalWorkflow(work(), { workflowName: "w" });
    workflow.setPlugin("*", new Recorder(calls, "first"));
    workflow.setPlugin("*", new Recorder(calls, "second", hook));
    await expect(workflow.run()).rejects.toThrow(`second.${hook} broke`);
    expect(calls.slice(-2)).toEqual(["first.runFinished w", "second.runFinished w"]);
  }
});

Deno.test("InitializerPlugin runs before every attempt, right before the function", async () => {
  const calls: string[] = [];
  const work = task(() => {
    calls.push("function");
    if (calls.length < 4) throw new Error("not yet");
  }, { name: "work", retry: { maxAttempts: 2, initialDelay: 0 } });
  const workflow = new LocalWorkflow(work().setName("a"), { workflowName: "w" });
  workflow.setPlugin("*", new InitializerPlugin(({ nodeName, attempt }) => void calls.push(`${nodeName} ${attempt}`)));
  await workflow.run();
  expect(calls).toEqual(["a 1", "function", "a 2", "function"]);
});

Deno.test("InitializerPlugin is waited for, and what it throws fails the attempt", async () => {
  const calls: string[] = [];
  const work = task(() => calls.push("function"), { name: "work" });
  const workflow = new LocalWorkflow(work(), { workflowName: "w" });
  workflow.setPlugin(
    "*",
    new InitializerPlugin(async () => {
      await Promise.resolve();
      calls.push("prepared");
    }),
  );
  await workflow.run();
  expect(calls).toEqual(["prepared", "function"]);
  workflow.setPlugin("*", new InitializerPlugin(() => Promise.reject(new Error("no such library"))));
  await expect(workflow.run()).rejects.toThrow("no such library");
});

Deno.test("InitializerPlugin refuses what is not a function", () => {
  // @ts-expect-error a string is no function
  expect(() => new InitializerPlugin("init")).toThrow(ConfigError);
});
