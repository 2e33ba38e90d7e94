import { expect } from "@std/expect";
import {
  LocalWorkflow,
  MemoryObjectStore,
  MemoryStorage,
  type ObjectBody,
  type PutOptions,
  type PutResult,
  StepFailedError,
  task,
  TaskStorage,
} from "@fusewire/fusewire";

const options = { workflowName: "stored" };

/** A store that takes its time to write, and may fail to. */
class SlowStore extends MemoryObjectStore {
  writing = 0;
  written = 0;
  most = 0;
  failOn: string | undefined;

  override async put(key: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
    this.most = Math.max(this.most, ++this.writing);
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.writing--;
    if (this.failOn !== undefined && key.endsWith(this.failOn)) throw new Error("the disk is full");
    this.written++;
    return await super.put(key, body, options);
  }
}

Deno.test("What a reader does to a value is not stored", async () => {
  const storage = new MemoryStorage();
  const list = task(() => [1, 2, 3], { name: "list" })().setName("list");
  const spoil = task((of: number[]) => of.push(99), { name: "spoil" })(list);
  const workflow = new LocalWorkflow(spoil, options);
  workflow.setStorage(storage);
  expect(await workflow.run()).toBe(4);
  expect(await storage.readTask("stored", "list")).toEqual([1, 2, 3]);
});

Deno.test("run() ends only after everything is written", async () => {
  const store = new SlowStore();
  const nodes = Array.from({ length: 20 }, (_, i) => task((n: number) => n, { name: "node" })(i));
  const workflow = new LocalWorkflow(nodes, options);
  workflow.setStorage(new TaskStorage(store));
  await workflow.run();
  expect([store.writing, store.written]).toEqual([0, 20]);
});

Deno.test("run() waits for the writes also when a node fails, and keeps what succeeded", async () => {
  const store = new SlowStore();
  const storage = new TaskStorage(store);
  const good = [1, 2, 3].map((n) => task(() => n, { name: "good" })().setName(`good${n}`));
  const bad = task(() => {
    throw new Error("bad");
  }, { name: "bad" })();
  const workflow = new LocalWorkflow([...good, bad], options);
  workflow.setStorage(storage);
  await expect(workflow.run()).rejects.toThrow(StepFailedError);
  expect(store.writing).toBe(0);
  expect(await storage.listTasks("stored")).toEqual(["good1", "good2", "good3"]);
});

Deno.test("A chain does not wait for each write", async () => {
  const store = new SlowStore();
  const step = task((n: number) => Promise.resolve(n + 1), { name: "step" });
  let node = step(0);
  for (let i = 1; i < 50; i++) node = step(node);
  const workflow = new LocalWorkflow(node, options);
  workflow.setStorage(new TaskStorage(store));
  expect(await workflow.run()).toBe(50);
  expect(store.most).toBeGreaterThan(1);
});

Deno.test("A write that fails fails the run, and names what was not written", async () => {
  const store = new SlowStore();
  store.failOn = "/lost";
  const storage = new TaskStorage(store);
  const lost = task(() => 1, { name: "lost" })().setName("lost");
  const kept = task(() => 2, { name: "kept" })().setName("kept");
  const workflow = new LocalWorkflow([lost, kept], options);
  workflow.setStorage(storage);
  const run = await workflow.start();
  await expect(run.result()).rejects.toThrow(/the disk is full/);
  expect((await run.status()).status).toBe("FAILED");
  expect(await storage.listTasks("stored")).toEqual(["kept"]);
  store.failOn = undefined;
  expect(await workflow.run()).toEqual([1, 2]);
});

Deno.test("Stored steps of a run have succeeded without an attempt, and tell no events", async () => {
  const node = task(() => 1, { name: "node" })().setName("node");
  const workflow = new LocalWorkflow(node, options);
  workflow.setStorage(new MemoryStorage());
  await workflow.run();
  const run = await workflow.start();
  expect(await run.result()).toBe(1);
  expect((await run.status()).steps).toEqual([{ name: "node", status: "SUCCEEDED", attempt: 0 }]);
  expect((await Array.fromAsync(run.events())).map(({ event }) => event)).toEqual([
    "workflow_started",
    "workflow_finished",
  ]);
});

Deno.test("Steps that nobody needed are SKIPPED, not PENDING", async () => {
  const storage = new MemoryStorage();
  const first = task(() => 1, { name: "first" })().setName("first");
  const workflow = new LocalWorkflow(task((n: number) => n, { name: "second" })(first).setName("second"), options);
  workflow.setStorage(storage);
  await workflow.run();
  await storage.removeTask("stored", { taskName: "first" });
  const run = await workflow.start();
  await run.result();
  expect((await run.status()).steps).toMatchObject([{ name: "first", status: "SKIPPED" }, { status: "SUCCEEDED" }]);
});

Deno.test("One storage serves several workflows and runs at once", async () => {
  const storage = new MemoryStorage();
  let calls = 0;
  const node = task(async (n: number) => {
    calls++;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return n;
  }, { name: "node" });
  const workflows = ["one", "two"].map((workflowName) => {
    const workflow = new LocalWorkflow([node(1).setName("a"), node(2).setName("b")], { workflowName });
    workflow.setStorage(storage);
    return workflow;
  });
  const values = await Promise.all(workflows.flatMap((workflow) => [workflow.run(), workflow.run()]));
  expect(values).toEqual([[1, 2], [1, 2], [1, 2], [1, 2]]);
  expect(calls).toBe(8);
  for (const workflow of workflows) expect(await workflow.run()).toEqual([1, 2]);
  expect(calls).toBe(8);
  expect(await storage.listTasks("one")).toEqual(["a", "b"]);
});

Deno.test("setStorage(undefined) keeps nothing any more", async () => {
  const storage = new MemoryStorage();
  let calls = 0;
  const workflow = new LocalWorkflow(task(() => ++calls, { name: "node" })(), options);
  workflow.setStorage(storage);
  await workflow.run();
  workflow.setStorage(undefined);
  expect([await workflow.run(), calls]).toEqual([2, 2]);
});

Deno.test("A fallback value of onFailure is a result like any other", async () => {
  const storage = new MemoryStorage();
  let calls = 0;
  const node = task(() => {
    calls++;
    throw new Error("bad");
  }, { name: "node", onFailure: () => "fallback" })().setName("node");
  const workflow = new LocalWorkflow(node, options);
  workflow.setStorage(storage);
  expect([await workflow.run(), await workflow.run(), calls]).toEqual(["fallback", "fallback", 1]);
});
