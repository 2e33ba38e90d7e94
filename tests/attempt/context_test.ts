import { expect } from "@std/expect";
import fc from "fast-check";
import { context, GraphError, LocalWorkflow, task, type TaskOptions } from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const options = { workflowName: "context" };
const name = () => context().nodeName;
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("context() names workflow, run, node and attempt", async () => {
  const clock = new ManualClock();
  const node = task(() => {
    const { workflowName, runId, nodeName, attempt, idempotencyKey, fence, signal } = context();
    return { workflowName, runId, nodeName, attempt, idempotencyKey, fence, aborted: signal.aborted };
  }, { name: "who" })();
  const run = await new LocalWorkflow(node, { ...options, clock }).start();
  expect(await run.result()).toEqual({
    workflowName: "context",
    runId: run.id,
    nodeName: node.name,
    attempt: 1,
    idempotencyKey: expect.stringContaining(node.name),
    fence: 0n,
    aborted: false,
  });
});

Deno.test("Outside a task there is no context", async () => {
  expect(() => context()).toThrow(GraphError);
  await new LocalWorkflow(task(name)(), options).run();
  expect(() => context()).toThrow(/outside a task/);
  await new LocalWorkflow(task(() => pause().then(name))(), options).run();
  expect(() => context()).toThrow(/outside a task/);
});

Deno.test("context() holds in synchronous, asynchronous and nested code, after awaits, timers and in callbacks", async () => {
  const sync = task(name, { name: "sync" });
  const afterAwait = task(async () => {
    const before = name();
    await pause();
    const between = name();
    await Promise.all([pause(), Promise.resolve().then(pause)]);
    return [before, between, name()];
  }, { name: "afterAwait" });
  const nested = task(async () => {
    const inner = async (depth: number): Promise<string> => {
      await pause();
      return depth === 0 ? name() : await inner(depth - 1);
    };
    return await Promise.all([inner(0), inner(3), new Promise((resolve) => setTimeout(() => resolve(name()), 1))]);
  }, { name: "nested" });
  const thenable = task(() => ({ then: (resolve: (value: string) => void) => pause().then(() => resolve(name())) }), {
    name: "thenable",
  });
  const nodes = [sync(), afterAwait(), sync(), nested(), sync(), thenable(), afterAwait()];
  const values = await new LocalWorkflow(nodes, options).run();
  expect(values).toEqual([
    nodes[0]!.name,
    [1, 1, 1].map(() => nodes[1]!.name),
    nodes[2]!.name,
    [3, 3, 3].map(() => nodes[3]!.name),
    nodes[4]!.name,
    nodes[5]!.name,
    [6, 6, 6].map(() => nodes[6]!.name),
  ]);
});

Deno.test("Every node of any graph of synchronous, asynchronous and retried nodes sees its own context", async () => {
  const kinds: Record<string, { fn: (...of: unknown[]) => unknown; options?: TaskOptions }> = {
    sync: { fn: () => [name(), name()] },
    micro: {
      fn: async () => {
        const before = name();
        await Promise.resolve();
        return [before, name()];
      },
    },
    macro: {
      fn: async () => {
        const before = name();
        await pause();
        return [before, name()];
      },
    },
    instant: { fn: async () => await Promise.resolve([name(), name()]) },
    retried: {
      fn: async () => {
        if (context().attempt === 1) throw new Error("again");
        const before = name();
        await pause();
        return [before, name()];
      },
      options: { retry: { maxAttempts: 2, initialDelay: 0 } },
    },
  };
  const tasks = Object.entries(kinds).map(([name, { fn, options }]) => task(fn, { name, ...options }));
  const shape = fc.array(fc.tuple(fc.nat(tasks.length - 1), fc.array(fc.nat(20), { maxLength: 3 })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(shape, fc.integer({ min: 1, max: 4 }), async (layout, concurrency) => {
      const nodes: ReturnType<(typeof tasks)[number]>[] = [];
      for (const [kind, parents] of layout) {
        nodes.push(tasks[kind]!(...parents.filter((i) => i < nodes.length).map((i) => nodes[i])));
      }
      const values = await new LocalWorkflow(nodes, { ...options, concurrency }).run();
      expect(values).toEqual(nodes.map(({ name }) => [name, name]));
    }),
    { numRuns: 60 },
  );
});

Deno.test("Parallel runs of one graph each see their own run", async () => {
  const node = task(async () => {
    await pause();
    const before = context().runId;
    await pause();
    return [before, context().runId];
  })();
  const workflow = new LocalWorkflow(node, options);
  const runs = await Promise.all([workflow.start(), workflow.start(), workflow.start()]);
  expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
  for (const run of runs) expect(await run.result()).toEqual([run.id, run.id]);
});

Deno.test("A workflow inside a task has its own context, and the task's comes back", async () => {
  const inner = task(name, { name: "inner" });
  const outer = task(async () => {
    const before = name();
    const node = inner();
    const seen = await new LocalWorkflow(node, { workflowName: "inside" }).run();
    return [before, seen === node.name, name()];
  }, { name: "outer" });
  const node = outer();
  expect(await new LocalWorkflow(node, options).run()).toEqual([node.name, true, node.name]);
});

Deno.test("random() is the same in every run, and differs by workflow, node and seed", async () => {
  const draw = task(() => [context().random(), context().random()], { name: "draw" });
  const drawAt = async (nodeName: string, workflowName = "random", seed?: number | string): Promise<number[]> => {
    const node = draw().setName(nodeName);
    if (seed !== undefined) node.with({ seed });
    return await new LocalWorkflow(node, { workflowName }).run();
  };
  const first = await drawAt("a");
  expect(await drawAt("a")).toEqual(first);
  expect(first[0]).not.toBe(first[1]);
  for (const number of first) expect(number >= 0 && number < 1).toBe(true);
  const others = [
    await drawAt("b"),
    await drawAt("a", "other"),
    await drawAt("a", "random", 1),
    await drawAt("a", "random", 2),
    await drawAt("a", "random", "1"),
  ];
  expect(new Set([first, ...others].map(([number]) => number)).size).toBe(6);
  expect(await drawAt("a", "random", 1)).toEqual(others[2]);
});

Deno.test("random() begins anew with every attempt, so that a retry computes the same", async () => {
  const seen: number[] = [];
  const node = task(async () => {
    await Promise.resolve();
    seen.push(context().random());
    if (seen.length < 3) throw new Error("again");
  }, { retry: { maxAttempts: 3, initialDelay: 0 } })();
  await new LocalWorkflow(node, options).run();
  expect(new Set(seen).size).toBe(1);
});

Deno.test("random() is spread evenly", async () => {
  const node = task(() => Array.from({ length: 10_000 }, () => context().random()), { name: "spread" })();
  const numbers = await new LocalWorkflow(node, options).run();
  const buckets = new Array<number>(10).fill(0);
  for (const number of numbers) buckets[Math.floor(number * 10)]!++;
  for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

Deno.test("idempotencyKey is the same in every attempt, and another for every node and run", async () => {
  const keys: string[] = [];
  const fetchIt = task(() => {
    keys.push(context().idempotencyKey);
    if (context().attempt < 2) throw new Error("again");
  }, { retry: { maxAttempts: 2, initialDelay: 0 } });
  const workflow = new LocalWorkflow([fetchIt(), fetchIt()], options);
  await workflow.run();
  await workflow.run();
  expect(keys.length).toBe(8);
  expect(new Set(keys).size).toBe(4);
});

Deno.test("Code that a task leaves behind does not break the run", async () => {
  const left: (string | undefined)[] = [];
  const node = task(() => {
    void pause().then(() => left.push("still there"));
    return 1;
  })();
  expect(await new LocalWorkflow(node, options).run()).toBe(1);
  await pause();
  await pause();
  expect(left).toEqual(["still there"]);
});

Deno.test("log writes to the logging library and never throws", async () => {
  const node = task(() => {
    const { log } = context();
    log.debug("d");
    log.info("i", { a: 1 });
    log.warn("w");
    log.error("e");
    return true;
  })();
  expect(await new LocalWorkflow(node, options).run()).toBe(true);
});
