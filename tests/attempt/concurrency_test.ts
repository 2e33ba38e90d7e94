import { expect } from "@std/expect";
import fc from "fast-check";
import {
  CancelledError,
  ConfigError,
  context,
  LocalWorkflow,
  type Node,
  task,
  type TaskOptions,
} from "@fusewire/fusewire";
import { ManualClock } from "../manual_clock.ts";

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Counts how many of its nodes are at work at the same time. */
class Gauge {
  active = 0;
  most = 0;
  readonly order: unknown[] = [];

  node(id: unknown, options: TaskOptions = {}, turns = 2): Node<unknown> {
    return task(async (id: unknown) => {
      this.order.push(id);
      this.most = Math.max(this.most, ++this.active);
      for (let i = 0; i < turns; i++) await turn();
      this.active--;
      return id;
    }, { name: "gauged", ...options })(id);
  }
}

Deno.test("At most 16 nodes are at work at a time, if nothing else was asked for", async () => {
  const gauge = new Gauge();
  const nodes = Array.from({ length: 50 }, (_, i) => gauge.node(i));
  await new LocalWorkflow(nodes, { workflowName: "bound" }).run();
  expect(gauge.most).toBe(16);
});

Deno.test("The bound is respected and used, with plain and with managed nodes, and every node runs once", async () => {
  for (const concurrency of [1, 2, 5, Infinity]) {
    const gauge = new Gauge();
    const nodes = Array.from({ length: 20 }, (_, i) => gauge.node(i, i % 2 === 0 ? {} : { retry: { maxAttempts: 2 } }));
    await new LocalWorkflow(nodes, { workflowName: "bound", concurrency }).run();
    expect(gauge.most).toBe(Math.min(concurrency, 20));
    expect(gauge.order.length).toBe(20);
  }
});

Deno.test("With one slot nodes run in topological order", async () => {
  const gauge = new Gauge();
  const [a, b] = [gauge.node("a"), gauge.node("b")];
  const c = gauge.node("c").after(a);
  const d = gauge.node("d");
  await new LocalWorkflow([d, c, b], { workflowName: "order", concurrency: 1 }).run();
  expect(gauge.order).toEqual(["a", "b", "c", "d"]);
});

Deno.test("A bound that can not be is refused", () => {
  for (const concurrency of [0, -1, 1.5, NaN, "2" as never]) {
    expect(() => new LocalWorkflow([], { workflowName: "bound", concurrency })).toThrow(ConfigError);
  }
});

Deno.test("A fast branch never waits for a slow sibling", async () => {
  const gate = Promise.withResolvers<string>();
  const slow = task(() => gate.promise, { name: "slow" })();
  const fast = task(async (n: number) => {
    await Promise.resolve();
    if (n === 3) gate.resolve("the fast branch is through");
    return n + 1;
  }, { name: "fast" });
  const branch = fast(fast(fast(fast(0))));
  expect(await new LocalWorkflow([slow, branch], { workflowName: "branches", concurrency: 2 }).run()).toEqual([
    "the fast branch is through",
    4,
  ]);
});

Deno.test("Steps that share a key keep to its limit, over all runs of the process", async () => {
  const gauge = new Gauge();
  const limited: TaskOptions = { concurrency: { key: "test-shared", limit: 2 } };
  const nodes = Array.from({ length: 8 }, (_, i) => gauge.node(i, limited));
  const workflow = new LocalWorkflow(nodes, { workflowName: "keys" });
  const other = new LocalWorkflow(nodes, { workflowName: "other" });
  await Promise.all([workflow.run(), other.run(), workflow.run()]);
  expect(gauge.most).toBe(2);
  expect(gauge.order.length).toBe(24);
});

Deno.test("A step that waits for a key holds no slot and is PENDING", async () => {
  const gate = Promise.withResolvers<void>();
  const key = { concurrency: { key: "test-slot", limit: 1 } };
  const hold = task(() => gate.promise, { name: "hold", ...key });
  const held = [hold().setName("holds"), hold().setName("waits")];
  const free = task(() => "free", { name: "free" })().setName("free");
  const run = await new LocalWorkflow([...held, free], { workflowName: "keys", concurrency: 2 }).start();
  for await (const event of run.events()) if (event.event === "step_finished" && event.step === "free") break;
  expect((await run.status()).steps).toMatchObject([
    { name: "holds", status: "RUNNING" },
    { name: "waits", status: "PENDING" },
    { name: "free", status: "SUCCEEDED" },
  ]);
  gate.resolve();
  await run.result();
});

Deno.test("Keys of different names do not wait for each other", async () => {
  const gauge = new Gauge();
  const nodes = Array.from(
    { length: 6 },
    (_, i) => gauge.node(i, { concurrency: { key: `test-key-${i % 3}`, limit: 1 } }),
  );
  await new LocalWorkflow(nodes, { workflowName: "keys" }).run();
  expect(gauge.most).toBe(3);
});

Deno.test("A failed attempt gives its key back while it waits for the next", async () => {
  const clock = new ManualClock();
  const order: string[] = [];
  const limited = { concurrency: { key: "test-retry", limit: 1 }, retry: { maxAttempts: 2, initialDelay: 10 } };
  const flaky = task(() => {
    order.push(`flaky ${context().attempt}`);
    if (context().attempt === 1) throw new Error("again");
  }, limited)();
  const other = task(() => void order.push("other"), limited)();
  const run = await new LocalWorkflow([flaky, other], { workflowName: "keys", clock }).start();
  for await (const event of run.events()) if (event.event === "step_finished" && event.step === other.name) break;
  clock.advance(10);
  await run.result();
  expect(order).toEqual(["flaky 1", "other", "flaky 2"]);
});

/** Whether a place under the key is free: a run that needs one comes to its end. */
async function isFree(key: string, limit: number): Promise<boolean> {
  const gauge = new Gauge();
  const nodes = Array.from({ length: limit }, (_, i) => gauge.node(i, { concurrency: { key, limit } }));
  const run = await new LocalWorkflow(nodes, { workflowName: "probe" }).start();
  for (let i = 0; i < 50 && (await run.status()).status !== "SUCCEEDED"; i++) await turn();
  const { status } = await run.status();
  await run.cancel();
  return status === "SUCCEEDED" && gauge.most === limit;
}

Deno.test("A run that is cancelled while it waits for a key leaves nothing behind", async () => {
  const gate = Promise.withResolvers<void>();
  const limited: TaskOptions = { concurrency: { key: "test-cancel", limit: 1 } };
  const holder = await new LocalWorkflow(task(() => gate.promise, limited)(), { workflowName: "holder" }).start();
  for await (const { event } of holder.events()) if (event === "step_started") break;
  const gauge = new Gauge();
  const waiter = await new LocalWorkflow([gauge.node(1, limited), gauge.node(2, limited)], { workflowName: "waiter" })
    .start();
  for await (const { event } of waiter.events()) if (event === "step_started") break;
  await turn();
  await waiter.cancel();
  await expect(waiter.result()).rejects.toThrow(CancelledError);
  gate.resolve();
  await holder.result();
  expect(await isFree("test-cancel", 1)).toBe(true);
  expect(gauge.order).toEqual([]);
});

Deno.test("A run that is cancelled when it has the key but not yet a slot gives the key back", async () => {
  const limited: TaskOptions = { concurrency: { key: "test-slotless", limit: 1 } };
  const gate = Promise.withResolvers<void>();
  const holder = await new LocalWorkflow(task(() => gate.promise, limited)(), { workflowName: "holder" }).start();
  for await (const { event } of holder.events()) if (event === "step_started") break;
  const stuck = task(() => new Promise<never>(() => {}), { name: "stuck" });
  const waits = task(() => 1, { name: "waits", ...limited })();
  const run = await new LocalWorkflow([waits, stuck()], { workflowName: "waiter", concurrency: 1 }).start();
  for await (const event of run.events()) if (event.event === "step_started" && event.step.startsWith("stuck")) break;
  gate.resolve();
  await holder.result();
  await turn();
  await run.cancel();
  await turn();
  expect(await isFree("test-slotless", 1)).toBe(true);
});

Deno.test("Keys are kept and given back in any tangle of runs, retries and cancellations", async () => {
  let trial = 0;
  const plan = fc.array(
    fc.record({
      nodes: fc.array(fc.record({ turns: fc.nat(2), failures: fc.nat(2), key: fc.nat(1) }), {
        minLength: 1,
        maxLength: 5,
      }),
      concurrency: fc.integer({ min: 1, max: 3 }),
      cancelAfter: fc.option(fc.nat(6)),
    }),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(plan, async (runs) => {
      trial++;
      const active = [0, 0];
      const limits = [1, 2];
      const started = await Promise.all(runs.map(async ({ nodes, concurrency, cancelAfter }, r) => {
        const targets = nodes.map(({ turns, failures, key }) =>
          task(async () => {
            active[key]!++;
            let atWork = true;
            const stop = () => {
              if (atWork) active[key]!--;
              atWork = false;
            };
            context().signal.addEventListener("abort", stop);
            try {
              if (active[key]! > limits[key]!) throw new RangeError("too many under a key");
              for (let i = 0; i < turns; i++) await turn();
              if (context().attempt <= failures) throw new Error("again");
            } finally {
              stop();
            }
          }, {
            concurrency: { key: `trial-${trial}-${key}`, limit: limits[key]! },
            retry: { maxAttempts: 3, initialDelay: 0, retryIf: (error) => !(error instanceof RangeError) },
          })()
        );
        const run = await new LocalWorkflow(targets, { workflowName: `tangle ${r}`, concurrency }).start();
        if (cancelAfter !== null) {
          for (let i = 0; i < cancelAfter; i++) await turn();
          await run.cancel();
        }
        return { run, cancelled: cancelAfter !== null };
      }));
      for (const { run, cancelled } of started) {
        await run.result().catch((error: unknown) => {
          if (!cancelled || !(error instanceof CancelledError)) throw error;
        });
      }
      expect(active).toEqual([0, 0]);
      expect(await isFree(`trial-${trial}-0`, 1)).toBe(true);
      expect(await isFree(`trial-${trial}-1`, 2)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

Deno.test("A synchronous graph of many nodes lets timers have their turn", async () => {
  const spin = task((before: number) => {
    const end = performance.now() + 1;
    while (performance.now() < end);
    return before + 1;
  }, { name: "spin" });
  let node = spin(0);
  for (let i = 1; i < 200; i++) node = spin(node);
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  expect(await new LocalWorkflow(node, { workflowName: "long" }).run()).toBe(200);
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(3);
});

Deno.test("Managed synchronous nodes let timers have their turn too", async () => {
  const spin = task((n: number) => {
    const end = performance.now() + 1;
    while (performance.now() < end);
    return n;
  }, { name: "spin", retry: { maxAttempts: 2 } });
  const nodes = Array.from({ length: 200 }, (_, i) => spin(i));
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  await new LocalWorkflow(nodes, { workflowName: "long" }).run();
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(3);
});
