import { expect } from "@std/expect";
import { defineWorkflow, task } from "@fusewire/fusewire";
import { simulateWorkflows, SimulationError } from "@fusewire/fusewire/testing";
import { randomScenario } from "./random_scenario.ts";

const scenario = randomScenario({ cancel: 0.3, retry: 0.3, stateful: 0.2 });

/** The error of simulations that fail. */
async function failure(simulations: Promise<unknown>): Promise<SimulationError> {
  const error = await simulations.then(() => undefined, (error: unknown) => error);
  if (error instanceof SimulationError) return error;
  throw new Error(`It did not fail as it should: ${error}`);
}

/** What happens with a seed until all that users do is done and the runs have ended. */
async function traceOf(seed: string): Promise<readonly string[]> {
  const stopping = simulateWorkflows((random) => {
    const { act, ...rest } = scenario(random);
    return {
      ...rest,
      act: async (simulation) => {
        await act(simulation);
        await Promise.all([...simulation.ids].map((id) => simulation.result(id).catch(() => {})));
        throw new Error("so far");
      },
    };
  }, { seeds: [seed], shrinkRuns: 0 });
  return (await failure(stopping)).trace;
}

Deno.test("simulateWorkflows() lets the same seed have the same happen, event for event, and another one something else", async () => {
  const traces = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const trace = await traceOf(`same-${seed}`);
    expect(await traceOf(`same-${seed}`)).toEqual(trace);
    expect(trace.length).toBeGreaterThan(50);
    traces.add(trace.join("\n"));
  }
  expect(traces.size).toBe(30);
});

const one = task(() => 1, { name: "one" });
const single = defineWorkflow("single", { version: "1" }, () => one());

Deno.test("simulateWorkflows() tells of the seed, the fewest faults and the trace when something fails", async () => {
  let calls = 0;
  const counted = task(() => ++calls, { name: "counted" });
  const counting = defineWorkflow("counting", { version: "1" }, () => counted());
  const error = await failure(simulateWorkflows(() => {
    calls = 0;
    return { definitions: [counting], act: async (simulation) => void await simulation.start(counting) };
  }, { seeds: ["a"], faults: { fail: 0.05, locked: 0.05 }, shrinkRuns: 30 }));
  expect(error.message).toContain('The simulation with seed "a" has failed: Run run-1 of `counting`: its result is');
  expect(error.decisions).toEqual([]);
  expect(error.trace.some((line) => line.includes("calls counted_0000 of run-1, attempt 1"))).toBe(true);
});

Deno.test("simulateWorkflows() counts what has happened, and hands on what a scenario throws", async () => {
  const report = await simulateWorkflows({
    definitions: [single],
    act: async (simulation) => {
      const id = await simulation.start(single);
      expect(await simulation.result(id)).toBe(1);
      expect((await simulation.status(id)).status).toBe("SUCCEEDED");
      expect(await simulation.retry(id)).toBe(false);
    },
  }, { seeds: 10 });
  expect(report.simulations).toBe(10);
  expect(report.steps).toBeGreaterThan(1_000);
  const failing = simulateWorkflows({
    definitions: [single],
    act: () => {
      throw new Error("the scenario is wrong");
    },
  }, { seeds: 1, shrinkRuns: 0 });
  expect((await failure(failing)).message).toContain("the scenario is wrong");
});
