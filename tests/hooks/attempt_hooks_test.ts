import { expect } from "@std/expect";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import {
  ConfigError,
  context,
  defineHooks,
  GraphError,
  HookError,
  type HookOutcome,
  LocalWorkflow,
  type Policy,
  runAttempt,
  StepFailedError,
  task,
  type TaskHooks,
  TimeoutError,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";

const options = { workflowName: "hooked" };

/** Hooks that tell what is called, and the list that they tell it to. */
function told(more: TaskHooks<string> = {}) {
  const calls: string[] = [];
  const show = (outcome: HookOutcome): string =>
    outcome.status === "SUCCEEDED" ? `${outcome.status} ${outcome.value}` : `${outcome.status} ${outcome.error}`;
  const hooks = defineHooks<string>({
    beforeAll: ({ workflowName }) => void calls.push(`beforeAll ${workflowName}`),
    setup: ({ attempt }) => {
      calls.push(`setup ${attempt}`);
      return `resource ${attempt}`;
    },
    teardown: (resource, outcome, { nodeName }) => void calls.push(`teardown ${nodeName} ${resource} ${show(outcome)}`),
    afterAll: ({ workflowName }) => void calls.push(`afterAll ${workflowName}`),
    ...more,
  });
  return { calls, hooks };
}

Deno.test("Hooks are called around each attempt and around the run, and the function has what setup made", async () => {
  const { calls, hooks } = told();
  const use = task(async (n: number): Promise<string> => {
    await Promise.resolve();
    calls.push(`function ${n}`);
    return `${hooks.resource()} for ${n}`;
  }, { name: "use", hooks });
  const nodes = [use(1), use(2)];
  nodes[1]!.after(nodes[0]!);
  expect(await new LocalWorkflow(nodes, options).run()).toEqual(["resource 1 for 1", "resource 1 for 2"]);
  expect(calls).toEqual([
    "beforeAll hooked",
    "setup 1",
    "function 1",
    "teardown use_0000 resource 1 SUCCEEDED resource 1 for 1",
    "setup 1",
    "function 2",
    "teardown use_0001 resource 1 SUCCEEDED resource 1 for 2",
    "afterAll hooked",
  ]);
});

Deno.test("Each attempt has a setup and a teardown of its own, also those that fail, and the run still ends with afterAll", async () => {
  const { calls, hooks } = told();
  const fails = task((): string => {
    throw new RangeError(`no ${context().attempt}`);
  }, { name: "fails", hooks, retry: { maxAttempts: 2, initialDelay: 0 } });
  const error = await new LocalWorkflow(fails(), options).run().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({ cause: new RangeError("no 2") });
  expect(calls).toEqual([
    "beforeAll hooked",
    "setup 1",
    "teardown fails_0000 resource 1 FAILED RangeError: no 1",
    "setup 2",
    "teardown fails_0000 resource 2 FAILED RangeError: no 2",
    "afterAll hooked",
  ]);
});

Deno.test("Policies go around hooks, and plugins come before them", async () => {
  const { calls, hooks } = told();
  const policy: Policy = {
    onStart: () => void calls.push("policy onStart"),
    async execute(call) {
      calls.push("policy begins");
      const value = await call();
      calls.push("policy ends");
      return value;
    },
    onSuccess: () => void calls.push("policy onSuccess"),
  };
  const work = task(() => calls.push("function"), { name: "work", hooks, policies: [policy] });
  const workflow = new LocalWorkflow(work(), options);
  workflow.setPlugin("*", {
    runStarted: () => void calls.push("plugin runStarted"),
    remoteInitialize: () => void calls.push("plugin remoteInitialize"),
    finished: () => void calls.push("plugin finished"),
    runFinished: () => void calls.push("plugin runFinished"),
  });
  await workflow.run();
  expect(calls).toEqual([
    "plugin runStarted",
    "policy onStart",
    "policy begins",
    "plugin remoteInitialize",
    "beforeAll hooked",
    "setup 1",
    "function",
    "teardown work_0000 resource 1 SUCCEEDED 7",
    "policy ends",
    "policy onSuccess",
    "plugin finished",
    "afterAll hooked",
    "plugin runFinished",
  ]);
});

Deno.test("On timeout what was set up is torn down, although the function does not listen, before the next attempt sets up", async () => {
  const { calls, hooks } = told({
    async teardown(resource, { status }) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      calls.push(`torn down ${resource} ${status}`);
    },
  });
  const gate = Promise.withResolvers<string>();
  const slow = task((): Promise<string> => context().attempt === 1 ? gate.promise : Promise.resolve("done"), {
    name: "slow",
    hooks,
    timeout: 60,
    retry: { maxAttempts: 2, initialDelay: 0 },
  });
  expect(await new LocalWorkflow(slow(), options).run()).toBe("done");
  expect(calls).toEqual([
    "beforeAll hooked",
    "setup 1",
    "torn down resource 1 FAILED",
    "setup 2",
    "torn down resource 2 SUCCEEDED",
    "afterAll hooked",
  ]);
  gate.resolve("late");
});

Deno.test("A function that listens to its signal ends before its teardown, and a timeout is told as such", async () => {
  const calls: unknown[] = [];
  const hooks: TaskHooks = {
    teardown: (_, outcome) => void calls.push(outcome.status === "SUCCEEDED" ? outcome : outcome.error),
  };
  const polite = task(async () => {
    const { signal } = context();
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
      .finally(() => calls.push("function ends"));
  }, { name: "polite", hooks, timeout: 10 });
  const error = await new LocalWorkflow(polite(), options).run().catch((error: unknown) => error);
  expect(error).toMatchObject({ cause: { code: "TIMEOUT" } });
  expect(calls).toEqual(["function ends", expect.any(TimeoutError)]);
});

Deno.test("cancel() ends with what was set up torn down, and afterAll called", async () => {
  const { calls, hooks } = told();
  const begun = Promise.withResolvers<void>();
  const forever = task(async () => {
    begun.resolve();
    await new Promise(() => {});
  }, { name: "forever", hooks });
  const run = await new LocalWorkflow(forever(), options).start();
  await begun.promise;
  await run.cancel();
  expect(calls.slice(2)).toEqual([
    `teardown forever_0000 resource 1 CANCELLED CancelledError: Run ${run.id} of workflow \`hooked\` was cancelled.`,
    "afterAll hooked",
  ]);
  await expect(run.result()).rejects.toThrow("was cancelled");
});

Deno.test("What a setup gives after its attempt is over is torn down, and the function is not called", async () => {
  const gate = Promise.withResolvers<string>();
  const down = Promise.withResolvers<string>();
  let called = false;
  const hooks = defineHooks<string>({
    setup: () => gate.promise,
    teardown: (resource, { status }) => down.resolve(`${resource} ${status}`),
  });
  const late = task(() => void (called = true), { name: "late", hooks, timeout: 10 });
  await expect(new LocalWorkflow(late(), options).run()).rejects.toThrow("took longer than 10 ms");
  gate.resolve("at last");
  expect(await down.promise).toBe("at last FAILED");
  expect(called).toBe(false);
});

Deno.test("A setup that fails is a failed attempt, whose error names the hook; nothing is torn down", async () => {
  let [attempts, downs] = [0, 0];
  const hooks = defineHooks<number>({
    setup() {
      if (++attempts < 3) throw new TypeError("not ready");
      return attempts;
    },
    teardown: () => void downs++,
  });
  const use = task(() => hooks.resource(), { name: "opens", hooks });
  const error = await new LocalWorkflow(use(), options).run().catch((error: unknown) => error);
  expect(error).toMatchObject({
    message: "Node `opens_0000` of workflow `hooked` failed: " +
      "Hook setup() of node `opens_0000` in workflow `hooked` failed: not ready",
    cause: { code: "HOOK", node: "opens_0000", cause: new TypeError("not ready") },
  });
  expect(downs).toBe(0);
  const patient = use().with({ retry: { maxAttempts: 2, initialDelay: 0, retryIf: (e) => e instanceof HookError } });
  expect(await new LocalWorkflow(patient, options).run()).toBe(3);
  expect(downs).toBe(1);
});

Deno.test("A teardown that fails after the function succeeded fails the attempt", async () => {
  const hooks: TaskHooks = {
    teardown: () => Promise.reject(new Error("will not close")),
  };
  const fine = task(() => 1, { name: "fine", hooks });
  const error = await new LocalWorkflow(fine(), options).run().catch((error: unknown) => error);
  expect(error).toMatchObject({
    cause: { code: "HOOK", message: "Hook teardown() of node `fine_0000` in workflow `hooked` failed: will not close" },
  });
});

Deno.test("A teardown that fails after the function failed leaves its error as it is, and is a warning", async () => {
  const hooks: TaskHooks = {
    teardown() {
      throw new Error("will not close");
    },
  };
  const failure = new RangeError("the function's own");
  const fails = task((): number => {
    throw failure;
  }, { name: "leaves", hooks });
  const run = await new LocalWorkflow(fails(), options).start();
  const error = await run.result().catch((error: unknown) => error);
  expect(error instanceof StepFailedError && error.cause).toBe(failure);
  const warnings = (await Array.fromAsync(run.events())).filter(({ event }) => event === "warning");
  expect(warnings).toEqual([
    expect.objectContaining({
      message: "Hook teardown() of node `leaves_0000` in workflow `hooked` failed: will not close",
    }),
  ]);
});

Deno.test("resource() outside of a task with these hooks says what to do", async () => {
  const { hooks } = told();
  const other = task(() => hooks.resource(), { name: "other", hooks: { teardown: () => {} } });
  const error = await new LocalWorkflow(other(), options).run().catch((error: unknown) => error);
  expect(error).toMatchObject({ cause: { code: "GRAPH" } });
  expect(String(error)).toContain("resource() was called in node `other_0000`, which does not have these hooks");
  expect(() => hooks.resource()).toThrow(GraphError);
});

Deno.test("Hooks that are no functions are refused where they are given", () => {
  const setup: unknown = "connect";
  const wrong = { hooks: { setup } } as unknown as { hooks: TaskHooks };
  expect(() => task(() => 1, { name: "one", ...wrong })).toThrow(ConfigError);
  expect(() => task(() => 1, { name: "one", ...wrong })).toThrow(
    "Option `hooks.setup` of task `one` is connect; it must be a function",
  );
});

Deno.test("Calls of an instance have the hooks of its class's task, and node.with() gives hooks to one node", async () => {
  const calls: string[] = [];
  const hooks: TaskHooks = { setup: ({ nodeName }) => void calls.push(nodeName) };
  class Counter {
    total = 0;
    add(n: number): number {
      return this.total += n;
    }
  }
  const counter = task(Counter, { hooks })();
  const plain = task((n: number) => n, { name: "plain" });
  const nodes = [counter.add(2), plain(1), plain(2).with({ hooks })];
  expect(await new LocalWorkflow(nodes, options).run()).toEqual([2, 1, 2]);
  expect(calls.toSorted()).toEqual(["Counter.add_0000", "Counter_0000", "plain_0001"]);
});

Deno.test("A function that replaces another is called with the hooks of the node", async () => {
  const { calls, hooks } = told();
  const node = task(() => "own", { name: "own", hooks })();
  const workflow = new LocalWorkflow(node, options);
  workflow.replaceFunc(node, () => `replaced, ${hooks.resource()}`);
  expect(await workflow.run()).toBe("replaced, resource 1");
  expect(calls.length).toBe(4);
});

Deno.test("A backend of one's own has hooks by giving the run's lifetime to its attempts", async () => {
  const { calls, hooks } = told();
  const use = task((n: number) => `${hooks.resource()} ${n}`, { name: "use", hooks });
  const workflow = new SequentialWorkflow([use(1), use(2)], {
    ...options,
    hooks: { beforeAll: () => void calls.push("run begins"), afterAll: () => void calls.push("run ends") },
  });
  expect(await workflow.run()).toEqual(["resource 1 1", "resource 1 2"]);
  expect(calls.filter((call) => !/^(setup|teardown)/.test(call))).toEqual([
    "run begins",
    "beforeAll hooked",
    "afterAll hooked",
    "run ends",
  ]);
});

Deno.test("runAttempt() without a lifetime ends what the attempt began", async () => {
  const { calls, hooks } = told();
  const released: string[] = [];
  const outcome = await runAttempt(
    { workflowName: "own", runId: "1", nodeName: "node", attempt: 1 },
    async ({ shared }) => await shared.getOrCreate("key", () => "value", (value) => void released.push(value)),
    { options: { hooks } },
  );
  expect(outcome).toEqual({ kind: "succeeded", value: "value" });
  expect(calls.at(-1)).toBe("afterAll own");
  expect(released).toEqual(["value"]);
});

/** What is logged as a warning while `body` runs, and shortly after. */
async function warnings(body: () => Promise<unknown>): Promise<unknown[]> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { kept: (record) => void records.push(record) },
    loggers: [
      { category: ["fusewire"], sinks: ["kept"], lowestLevel: "warning" },
      { category: ["logtape", "meta"], lowestLevel: "error" },
    ],
  });
  try {
    await body();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return records.map(({ rawMessage }) => rawMessage);
  } finally {
    await reset();
  }
}

Deno.test("An afterAll that fails where there is no run to fail is logged", async () => {
  const logged = await warnings(async () => {
    const hooks: TaskHooks = { afterAll: () => Promise.reject(new Error("no farewell")) };
    const place = { workflowName: "own", runId: "1", nodeName: "node", attempt: 1 };
    expect(await runAttempt(place, () => 1, { options: { hooks } })).toEqual({ kind: "succeeded", value: 1 });
  });
  expect(logged).toEqual(["Hook afterAll() of run 1 of workflow `own` failed: no farewell"]);
});

Deno.test("Warnings of hooks are logged too, also those that come when the run is over", async () => {
  const gate = Promise.withResolvers<string>();
  const hooks = defineHooks<string>({
    setup: () => gate.promise,
    teardown() {
      throw new Error("will not close");
    },
  });
  const tardy = task(() => 1, { name: "tardy", hooks, timeout: 10 });
  const logged = await warnings(async () => {
    const run = await new LocalWorkflow(tardy(), options).start();
    await expect(run.result()).rejects.toThrow("took longer");
    gate.resolve("late");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await Array.fromAsync(run.events())).at(-1)?.event).toBe("workflow_finished");
  });
  expect(logged).toEqual(["Hook teardown() of node `tardy_0000` in workflow `hooked` failed: will not close"]);
});
