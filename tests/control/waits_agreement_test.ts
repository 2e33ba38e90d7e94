/**
 * Runs in this thread, on a pool and durable runs come to the same states, errors and results, whatever the graph, whatever fails and
 * whenever a signal comes.
 *
 * @module
 */
import { expect } from "@std/expect";
import {
  CancelledError,
  LocalWorkflow,
  MemoryRuntimeStorage,
  openRuntime,
  PoolWorkflow,
  type Run,
  type Status,
  type Timer,
} from "@fusewire/fusewire";
import { simulateWorkflows, VirtualClock } from "@fusewire/fusewire/testing";
import fc from "fast-check";
import { settle } from "../../testing/settle.ts";
import { BAD, definitionOf, useTime } from "./built_graph.ts";
import { type Durations, durationsOf, isRace } from "./durations.ts";
import { type Case, cases, type Graph, type Plan, type Sent } from "./random_waiting_graphs.ts";

/** How many graphs; `AGREEMENT_GRAPHS` asks for more. */
const GRAPHS = Number(Deno.env.get("AGREEMENT_GRAPHS") ?? 250);

/** How many of them on a pool, which takes real threads. */
const POOLED = Number(Deno.env.get("AGREEMENT_POOLED") ?? 15);

/** How many of them in a simulation in which everything goes wrong. */
const SIMULATED = Number(Deno.env.get("AGREEMENT_SIMULATED") ?? 60);

/** Two things are told apart if they are so many milliseconds apart: what a durable run may be late. */
const MARGIN = 400;

/** A clock that keeps for when timers were set. */
class WatchedClock extends VirtualClock {
  readonly dues = new Set<number>();

  override setTimer(delay: number, callback: () => void): Timer {
    this.dues.add(this.now() + delay);
    return super.setTimer(delay, callback);
  }
}

/** All that is compared. */
interface Outcome {
  readonly status: Status;
  readonly steps: readonly string[];
  readonly result: unknown;
  readonly error: string | undefined;
  /** Which signals were taken in. */
  readonly answers: readonly string[];
}

async function outcomeOf(
  run: Run<unknown>,
  { signals }: Case,
  durations: Durations,
  clock: VirtualClock,
): Promise<Outcome> {
  const answers: string[] = [];
  let isOver = false;
  for (const [i, sent] of signals.entries()) {
    const payload = sent.isBad ? `${BAD}${i}` : `payload${i}`;
    clock.setTimer(durations.get(sent)![0], () => {
      run.signal(`n${sent.name}`, payload).then(() => "kept", (error: Error) => error.name)
        .then((answer) => isOver || answers.push(`${i} ${answer}`));
    });
  }
  let error: string | undefined;
  const result = await run.result().catch((thrown: unknown) => {
    // That of a skipped target names the run of a durable one, which has an id of its own.
    error = thrown instanceof CancelledError ? thrown.name : String(thrown);
    return undefined;
  });
  isOver = true;
  const { status, steps } = await run.status();
  // Whether a step had begun that is dropped in the moment in which it may begin, is nothing that anybody relies on.
  const told = steps.map(({ name, status, attempt, error }) =>
    `${name} ${status} ${status === "CANCELLED" ? "" : attempt} ${error?.message ?? ""}`
  );
  return { status, steps: told, result, error, answers: answers.toSorted() };
}

/** Lets virtual time go on until a promise settles. */
async function played<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = (): void => void (isDone = true);
  work.then(done, done);
  // A run begins with a turn of its own, before time goes on.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  await settle();
  for (let idle = 0; !isDone && idle < 100;) {
    if (clock.fireNext()) await settle();
    else {
      idle++;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  if (isDone) return await work;
  throw new Error("The run does not end.");
}

async function local(one: Case, durations: Durations): Promise<{ outcome: Outcome | undefined; isClose: boolean }> {
  const clock = new WatchedClock({ start: 1, random: () => 0.5 });
  useTime(clock);
  const definition = definitionOf(one.graph, { durations, isOrdered: !isRace(one) });
  const workflow = new LocalWorkflow(definition, { clock, input: { of: "input" } });
  const run = await workflow.start();
  // Nobody sends the signal that it waits for: then neither ends.
  const outcome = await played(clock, outcomeOf(run, one, durations, clock)).catch(() => undefined);
  if (outcome === undefined) void run.cancel();
  const dues = [...clock.dues].sort((a, b) => a - b);
  return { outcome, isClose: dues.some((due, i) => i > 0 && due - dues[i - 1]! < MARGIN) };
}

async function durable(one: Case, durations: Durations): Promise<Outcome> {
  const clock = new VirtualClock({ start: 1, random: () => 0.5 });
  useTime(clock);
  const definition = definitionOf(one.graph, { durations, isOrdered: !isRace(one) });
  const stop = new AbortController();
  const runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage(), clock });
  const serving = runtime.worker([definition]).run({ signal: stop.signal, handleSignals: false });
  const work = runtime.start(definition, { of: "input" }).then((run) => outcomeOf(run, one, durations, clock));
  const outcome = await played(clock, work);
  stop.abort();
  await played(clock, serving.then(() => runtime.close()));
  return outcome;
}

Deno.test("Runs in this thread and durable runs of graphs with every control node agree on every state, error and result", async () => {
  const told = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const durations = durationsOf(one);
      fc.pre(durations !== undefined);
      const { outcome, isClose } = await local(one, durations!);
      fc.pre(outcome !== undefined && !(isClose && isRace(one)));
      expect(await durable(one, durations!)).toEqual(outcome);
      for (const what of [`run ${outcome!.status}`, ...outcome!.steps.map((step) => step.split(" ")[1]!)]) {
        told.set(what, (told.get(what) ?? 0) + 1);
      }
    }),
    { numRuns: GRAPHS, ...(Deno.env.has("AGREEMENT_SEED") ? { seed: Number(Deno.env.get("AGREEMENT_SEED")) } : {}) },
  );
  // All that can happen has.
  for (const what of ["SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"]) expect(told.get(what)).toBeGreaterThan(30);
  for (const what of ["SUCCEEDED", "FAILED", "SKIPPED"]) expect(told.get(`run ${what}`)).toBeGreaterThan(3);
});

/** The same graph without anything that depends on which of two things comes first: threads take their time. */
function calm({ plans, targets }: Graph): Graph {
  return {
    targets,
    plans: plans.map((plan): Plan => {
      switch (plan.kind) {
        case "anyOf":
          return { ...plan, of: plan.of.slice(0, 1) };
        case "child":
          return { ...plan, graph: calm(plan.graph) };
        case "signal":
          // Nobody sends it: who gets which of several would depend on time.
          return { ...plan, timeout: 1 };
        case "step":
        case "branch":
        case "sleep":
        case "optional":
        case "map":
          return plan;
      }
    }),
  };
}

/** Graphs without races, from a seed that is printed if something is wrong with one of them. */
function calmCases(count: number): { readonly one: Case; readonly label: string }[] {
  const seed = Number(Deno.env.get("AGREEMENT_SEED") ?? Date.now() % 1e9);
  return fc.sample(cases, { numRuns: count, seed }).map(({ graph }, i) => ({
    one: { graph: calm(graph), signals: [] },
    label: `graph ${i} of seed ${seed}`,
  }));
}

/** The same short times for all; calls take `call` milliseconds. */
function shortTimes(one: Case, call: number): Durations {
  const plans = [...durationsOf(one)!.keys()];
  const isCall = (plan: Plan | Sent): boolean => "kind" in plan && plan.kind !== "signal" && plan.kind !== "sleep";
  return new Map(plans.map((plan) => [plan, [isCall(plan) ? call : 1, 1] as const]));
}

Deno.test("A pool and this thread agree on graphs with every control node", async () => {
  useTime(undefined);
  for (const { one, label } of calmCases(POOLED)) {
    const durations = shortTimes(one, 1);
    const definition = () => definitionOf(one.graph, { durations, isOrdered: true });
    const input = { of: "input" };
    const outcome = async (run: Run<unknown>) => ({
      label,
      ...await outcomeOf(run, one, durations, new VirtualClock()),
    });
    const pooled = await outcome(await new PoolWorkflow(definition(), { input, workers: 2 }).start());
    expect(pooled).toEqual(await outcome(await new LocalWorkflow(definition(), { input }).start()));
  }
});

Deno.test("Durable runs of graphs with every control node come to what runs in this thread do, whatever goes wrong", async () => {
  useTime(undefined);
  for (const { one, label } of calmCases(SIMULATED)) {
    const durations = shortTimes(one, 0);
    const definition = definitionOf(one.graph, { durations, isOrdered: true });
    const input = { of: "input" };
    const here = await outcomeOf(
      await new LocalWorkflow(definition, { input }).start(),
      one,
      durations,
      new VirtualClock(),
    );
    await simulateWorkflows({
      definitions: [definition],
      act: async (simulation) => {
        const id = await simulation.start(definition, input);
        const result = await simulation.result(id).catch(() => undefined);
        const { status, steps } = await simulation.status(id);
        const told = steps.map(({ name, status, error }) => `${name} ${status} ${error?.message ?? ""}`);
        const withoutAttempts = here.steps.map((step) => step.replace(/^(\S+ \S+) \d*/, "$1"));
        expect({ label, status, steps: told, result }).toEqual({
          label,
          status: here.status,
          steps: withoutAttempts,
          result: here.result,
        });
      },
    }, { seeds: [label], shrinkRuns: 50 });
  }
});
