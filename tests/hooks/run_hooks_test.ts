import { expect } from "@std/expect";
import {
  defineHooks,
  defineWorkflow,
  type Input,
  LocalWorkflow,
  MemoryStorage,
  optional,
  task,
  type TaskHooks,
} from "@fusewire/fusewire";

const options = { workflowName: "hooked" };

/** Hooks around the run that note their calls. */
function around(name: string, calls: string[]): TaskHooks {
  return {
    beforeAll: () => void calls.push(`beforeAll ${name}`),
    afterAll: () => void calls.push(`afterAll ${name}`),
  };
}

Deno.test("beforeAll is called once a run for each hooks object, right before the first attempt that has it, afterAll the latest first", async () => {
  const calls: string[] = [];
  const hooks = around("a", calls);
  const plain = task(() => calls.push("plain"), { name: "plain" });
  const first = task((_: unknown) => calls.push("first"), { name: "first", hooks });
  const second = task((_: unknown) => calls.push("second"), { name: "second", hooks });
  const third = task((_: unknown) => calls.push("third"), { name: "third", hooks: around("b", calls) });
  const workflow = new LocalWorkflow(third(second(first(plain()))), options);
  await workflow.run();
  const run = ["plain", "beforeAll a", "first", "second", "beforeAll b", "third", "afterAll b", "afterAll a"];
  expect(calls).toEqual(run);
  await workflow.run();
  expect(calls).toEqual([...run, ...run]);
});

Deno.test("Nodes that start at the same time wait for one beforeAll", async () => {
  let [begun, isReady] = [0, false];
  const hooks: TaskHooks = {
    async beforeAll() {
      begun++;
      await new Promise((resolve) => setTimeout(resolve, 10));
      isReady = true;
    },
  };
  const use = task((_: number) => isReady, { name: "use", hooks });
  const nodes = Array.from({ length: 10 }, (_, n) => use(n));
  expect(await new LocalWorkflow(nodes, options).run()).toEqual(nodes.map(() => true));
  expect(begun).toBe(1);
});

Deno.test("Hooks of a task of which nothing runs, because all is stored, are not called", async () => {
  const calls: string[] = [];
  const use = task(() => 1, { name: "use", hooks: around("a", calls) });
  const storage = new MemoryStorage();
  const run = async (): Promise<void> => {
    const workflow = new LocalWorkflow(use().setName("stored"), { workflowName: "kept" });
    workflow.setStorage(storage);
    await workflow.run();
  };
  await run();
  await run();
  expect(calls).toEqual(["beforeAll a", "afterAll a"]);
});

Deno.test("A beforeAll that fails is the failure of what waits for it, is tried again by the next attempt, and has no afterAll", async () => {
  let [tries, ends] = [0, 0];
  const hooks: TaskHooks = {
    beforeAll() {
      if (++tries < 3) throw new Error(`try ${tries}`);
    },
    afterAll: () => void ends++,
  };
  const once = task(() => "ran", { name: "once", hooks });
  await expect(new LocalWorkflow(once(), options).run()).rejects.toThrow(/Hook beforeAll\(\) of run .* failed: try 1/);
  expect([tries, ends]).toEqual([1, 0]);
  const again = once().with({ retry: { maxAttempts: 2, initialDelay: 0 } });
  expect(await new LocalWorkflow(again, options).run()).toBe("ran");
  expect([tries, ends]).toEqual([3, 1]);
});

Deno.test("A run whose afterAll fails, fails with it; a step's failure counts first, and all of them are called", async () => {
  const calls: string[] = [];
  const broken = (name: string): TaskHooks => ({
    afterAll() {
      calls.push(name);
      throw new Error(`no ${name}`);
    },
  });
  const a = task(() => 1, { name: "a", hooks: broken("a") });
  const b = task((n: number) => {
    if (n > 1) throw new RangeError("too much");
    return n;
  }, { name: "b", hooks: broken("b") });
  const error = await new LocalWorkflow(b(a()), options).run().catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "HOOK", cause: new Error("no b") });
  expect(String(error)).toMatch(/Hook afterAll\(\) of run .* of workflow `hooked` failed: no b/);
  expect(calls).toEqual(["b", "a"]);
  await expect(new LocalWorkflow([a(), b(2)], options).run()).rejects.toThrow("too much");
  expect(calls.length).toBe(4);
});

Deno.test("Hooks of a definition and of a workflow are called around every run of it", async () => {
  const calls: string[] = [];
  const work = task((n: number) => calls.push(`work ${n}`), { name: "work", hooks: around("task", calls) });
  const definition = defineWorkflow(
    "defined",
    { version: "1", hooks: around("definition", calls) },
    (input: Input<{ n: number }>) => work(input.n),
  );
  await new LocalWorkflow(definition, { input: { n: 1 } }).run();
  expect(calls.splice(0)).toEqual([
    "beforeAll definition",
    "beforeAll task",
    "work 1",
    "afterAll task",
    "afterAll definition",
  ]);
  await new LocalWorkflow(work(2), { ...options, hooks: around("workflow", calls) }).run();
  expect(calls[0]).toBe("beforeAll workflow");
  expect(calls.at(-1)).toBe("afterAll workflow");
});

Deno.test("A workflow whose beforeAll fails runs nothing", async () => {
  let ran = false;
  const work = task(() => void (ran = true), { name: "work" });
  const hooks = { beforeAll: () => Promise.reject(new Error("no database")) };
  const run = await new LocalWorkflow(work(), { ...options, hooks }).start();
  await expect(run.result()).rejects.toThrow("Hook beforeAll() of run");
  expect(ran).toBe(false);
  expect((await run.status()).status).toBe("FAILED");
});

Deno.test("The end of a run waits for the teardown of an attempt that was given up, and afterAll comes after it", async () => {
  const calls: string[] = [];
  const down = Promise.withResolvers<void>();
  const hooks: TaskHooks = {
    async teardown() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      calls.push("torn down");
      down.resolve();
    },
    afterAll: () => void calls.push("afterAll"),
  };
  const stuck = task(() => new Promise<number>(() => {}), { name: "stuck", hooks, timeout: 10 });
  expect(await new LocalWorkflow(optional(stuck()), options).run()).toBeUndefined();
  expect(calls).toEqual(["torn down", "afterAll"]);
});

Deno.test("A run whose beforeAll hangs can be cancelled; what it makes later is ended by afterAll", async () => {
  const gate = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<boolean>();
  const called = Promise.withResolvers<void>();
  const hooks: TaskHooks = {
    beforeAll() {
      called.resolve();
      return gate.promise;
    },
    afterAll: ({ signal }) => ended.resolve(signal.aborted),
  };
  const run = await new LocalWorkflow(task(() => 1, { name: "one" })(), { ...options, hooks }).start();
  await called.promise;
  await run.cancel();
  expect((await run.status()).status).toBe("CANCELLED");
  gate.resolve();
  expect(await ended.promise).toBe(true);
});

Deno.test("A policy that calls again has what was set up torn down before, and the value of each call", async () => {
  const calls: string[] = [];
  let made = 0;
  const hooks = defineHooks<number>({
    setup: () => ++made,
    teardown: (resource) => void calls.push(`down ${resource}`),
  });
  const use = task(() => hooks.resource(), {
    name: "use",
    hooks,
    policies: [{ execute: async (call) => (await Promise.all([call(), call()])).join() }],
  });
  expect(await new LocalWorkflow(use(), options).run()).toBe("1,2");
  expect(calls).toEqual(["down 1", "down 2"]);
});
