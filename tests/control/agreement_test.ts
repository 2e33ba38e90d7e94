/**
 * Runs in this thread and durable runs come to the same states and results, whatever the graph and whatever fails.
 *
 * @module
 */
import { expect } from "@std/expect";
import { KvWorkflow, LocalWorkflow, MemoryRuntimeStorage, namingScope, openRuntime } from "@fusewire/fusewire";
import { VirtualClock } from "@fusewire/fusewire/testing";
import fc from "fast-check";
import { type Outcome, outcomeOf } from "./backends.ts";
import { played } from "./played.ts";
import { build, type Graph, graphs } from "./random_graph.ts";

async function local(graph: Graph): Promise<Outcome> {
  const clock = new VirtualClock({ start: 1, random: () => 0.5 });
  const targets = namingScope(() => build(graph, clock));
  const workflow = new LocalWorkflow(targets, { workflowName: "graph", clock });
  return await played(clock, workflow.start().then(outcomeOf));
}

async function durable(graph: Graph): Promise<Outcome> {
  const clock = new VirtualClock({ start: 1, random: () => 0.5 });
  const targets = namingScope(() => build(graph, clock));
  await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), clock });
  const workflow = new KvWorkflow(targets, { workflowName: "graph", runtime, clock });
  return await played(clock, workflow.start().then(outcomeOf));
}

Deno.test("A run in this thread and a durable run of the same graph agree on every state and result", async () => {
  const told = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(graphs, async (graph) => {
      const [one, other] = [await local(graph), await durable(graph)];
      expect(other.steps).toEqual(one.steps);
      expect([other.status, other.result]).toEqual([one.status, one.result]);
      if (one.status === "FAILED") expect(other.error).toMatchObject({ node: Reflect.get(one.error!, "node") });
      for (const status of Object.values(one.steps)) told.set(status, (told.get(status) ?? 0) + 1);
      told.set(`run ${one.status}`, (told.get(`run ${one.status}`) ?? 0) + 1);
    }),
    { numRuns: 200 },
  );
  // All that can happen has.
  for (const what of ["SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"]) {
    expect(told.get(what)).toBeGreaterThan(30);
    if (what !== "CANCELLED") expect(told.get(`run ${what}`)).toBeGreaterThan(3);
  }
});
