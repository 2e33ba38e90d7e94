import { expect } from "@std/expect";
import fc from "fast-check";
import {
  type BaseWorkflow,
  KvWorkflow,
  LocalWorkflow,
  type Node,
  openRuntime,
  task,
  type TraceEvent,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";
import { traceFile } from "./trace_file.ts";

type Behaviour = "give" | "fail" | "skip" | "unmet" | "retry" | "exhaust";

const shape = fc.array(
  fc.record({
    parents: fc.array(fc.nat(8), { maxLength: 2 }),
    behaviour: fc.constantFrom<Behaviour>("give", "give", "give", "fail", "skip", "unmet", "retry", "exhaust"),
    pure: fc.boolean(),
    later: fc.boolean(),
  }),
  { minLength: 1, maxLength: 9 },
);

function nodesOf(layout: typeof shape extends fc.Arbitrary<infer T> ? T : never): Node<number>[] {
  const nodes: Node<number>[] = [];
  layout.forEach(({ parents, behaviour, pure, later }, i) => {
    let calls = 0;
    const answer = (of: readonly number[]): number => {
      calls++;
      if (behaviour === "fail" || behaviour === "skip" || behaviour === "exhaust") throw new Error(behaviour);
      if (behaviour === "retry" && calls < 3) throw new Error(`call ${calls}`);
      return of.length;
    };
    const make = task(
      async (of: readonly number[]): Promise<number> => {
        if (later) await new Promise((resolve) => setTimeout(resolve, 0));
        return answer(of);
      },
      {
        name: "node",
        pure,
        ...(behaviour === "skip" ? { onFailure: "skip" as const } : {}),
        ...(behaviour === "retry" || behaviour === "exhaust" ? { retry: { maxAttempts: 3, initialDelay: 0 } } : {}),
      },
    );
    const node = make(parents.filter((place) => place < i).map((place) => nodes[place]!)).setName(`n${i}`);
    nodes.push(behaviour === "unmet" ? node.when(task(() => false, { name: "no" })().setName(`no${i}`)) : node);
  });
  return nodes;
}

for (const Backend of [LocalWorkflow, SequentialWorkflow]) {
  Deno.test(`The trace of any run is what run.events() tells, in the same order (${Backend.name})`, async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.integer({ min: 1, max: 3 }), async (layout, concurrency) => {
        await using file = await traceFile();
        const workflow: BaseWorkflow<Node<number>[], unknown> = new Backend(nodesOf(layout), {
          workflowName: "any",
          concurrency,
        });
        workflow.setTracer(file.tracer());
        const run = await workflow.start();
        await run.result().catch(() => {});
        expect(await file.events()).toEqual(await Array.fromAsync(run.events()));
      }),
      { numRuns: 60 },
    );
  });
}

/** In the order in which `run.events()` tells what happened in the same millisecond: by step, and there as it happened. */
function inOrder(events: readonly TraceEvent[], places: readonly string[]): TraceEvent[] {
  const placeOf = (event: TraceEvent): number => {
    if (event.event === "workflow_started") return -1;
    return "step" in event && event.step !== undefined ? places.indexOf(event.step) : Infinity;
  };
  return events.toSorted((a, b) => a.timestamp - b.timestamp || placeOf(a) - placeOf(b) || 0);
}

Deno.test("The trace of any durable run is what run.events() tells from the store", async () => {
  await using file = await traceFile();
  await using runtime = await openRuntime({ kv: ":memory:", tracer: file.tracer() });
  await fc.assert(
    fc.asyncProperty(shape, async (layout) => {
      const run = await new KvWorkflow(nodesOf(layout), { workflowName: "any", runtime }).start();
      await run.result().catch(() => {});
      const places = (await run.status()).steps.map(({ name }) => name);
      const traced = (await file.events()).filter(({ runId }) => runId === run.id);
      expect(inOrder(traced, places)).toEqual(inOrder(await Array.fromAsync(run.events()), places));
      // Whatever the clock says, causes come before what follows from them.
      const [first, last] = [traced[0]!.event, traced.at(-1)!.event];
      expect([first, last]).toEqual(["workflow_started", "workflow_finished"]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("The trace of any fork is what run.events() tells from the store, and tells nothing of what was kept", async () => {
  await using file = await traceFile();
  await using runtime = await openRuntime({ kv: ":memory:", tracer: file.tracer() });
  await fc.assert(
    fc.asyncProperty(shape, fc.nat(8), async (layout, from) => {
      const nodes = nodesOf(layout);
      const workflow = new KvWorkflow(nodes, { workflowName: "any", runtime });
      const run = await workflow.start();
      await run.result().catch(() => {});
      const before = await run.status();
      const fork = await runtime.fork(run, { from: before.steps[from % before.steps.length]!.name });
      // The next start of the workflow goes on with what has not ended.
      const there = await workflow.start();
      expect(there.id).toBe(fork.id);
      await there.result().catch(() => {});
      const { steps } = await fork.status();
      const traced = (await file.events()).filter(({ runId }) => runId === fork.id);
      const places = steps.map(({ name }) => name);
      expect(inOrder(traced, places)).toEqual(inOrder(await Array.fromAsync(fork.events()), places));
      expect([traced[0]!.event, traced.at(-1)!.event]).toEqual(["workflow_started", "workflow_finished"]);
      const told = traced.flatMap((event) => event.event === "step_finished" ? [event.step] : []);
      expect(new Set(told).size).toBe(told.length);
      expect(told.length).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
});

Deno.test("The trace of a fork that is cancelled before anybody works on it is what run.events() tells", async () => {
  await using file = await traceFile();
  await using runtime = await openRuntime({ kv: ":memory:", tracer: file.tracer() });
  const one = task((n: number) => n + 1, { name: "one" });
  const run = await new KvWorkflow(one(one(1)), { workflowName: "two", runtime }).start();
  await run.result();
  const fork = await runtime.fork(run, { from: "one_0001" });
  await fork.cancel();
  const traced = (await file.events()).filter(({ runId }) => runId === fork.id);
  expect(traced).toEqual(await Array.fromAsync(fork.events()));
  expect(traced.map(({ event }) => event)).toEqual(["workflow_started", "step_finished", "workflow_finished"]);
});
