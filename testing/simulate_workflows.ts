/**
 * Simulation of durable runs: many processes, one store, everything goes wrong.
 *
 * @module
 */
import type { Definition } from "../src/definition.ts";
import { type Executable, executableOf } from "../src/engine/executable.ts";
import type { EngineStorage } from "../storage/runtime/engine_storage.ts";
import { KvRuntimeStorage } from "../storage/runtime/kv/kv_runtime_storage.ts";
import { CallLog } from "./call_log.ts";
import { checkOutcomes } from "./check_outcomes.ts";
import type { FaultRates } from "./random_faults.ts";
import { SeededRandom } from "./seeded_random.ts";
import { simulate, type SimulateOptions, type SimulationReport } from "./simulate.ts";
import type { SimulatedProcess } from "./simulated_process.ts";
import type { SimulatedWorld } from "./simulated_world.ts";
import { StoredRuns } from "./stored_runs.ts";
import { WorkflowCluster } from "./workflow_cluster.ts";
import { ClusterSimulation, type WorkflowSimulation } from "./workflow_simulation.ts";

/** What happens in a simulation of workflows. */
export interface WorkflowScenario {
  /**
   * What the workers serve. Functions wait for nothing but promises, and give the same result, but for what `comparable` leaves out. An
   * `anyOf` may have another value each time: what takes it has to end the same way with each of them.
   */
  readonly definitions: readonly Definition<never, unknown>[];
  /** Starts runs, and does to them what users do. */
  readonly act: (simulation: WorkflowSimulation) => void | Promise<void>;
  /** The part of a result that is the same each time. Default: all of it. */
  readonly comparable?: (result: unknown) => unknown;
}

/** How {@linkcode simulateWorkflows} simulates. */
export interface SimulateWorkflowsOptions extends SimulateOptions {
  /**
   * How many processes serve.
   *
   * @default {3}
   */
  readonly workers?: number;
  /**
   * How many steps a worker has at work at a time.
   *
   * @default {3}
   */
  readonly concurrency?: number;
  /**
   * Milliseconds after which others take over what a process holds that gives no sign of life.
   *
   * @default {500}
   */
  readonly lease?: number;
  /** Opens the store for a process. Default: as for a KV behind a network, or, by chance of the seed, as for a file. */
  readonly open?: (process: SimulatedProcess) => EngineStorage;
}

/** What goes wrong where nothing else is said. */
export const WORKFLOW_FAULTS: FaultRates = {
  fail: 0.01,
  lostReply: 0.015,
  locked: 0.02,
  delay: 0.01,
  crash: 0.006,
  pause: 0.005,
  maxDelay: 1_000,
  maxPause: 1_500,
};

const DEFAULTS = { workers: 3, concurrency: 3, lease: 500 };
const WORLD = { faults: WORKFLOW_FAULTS, faultsFor: 2_000, maxSkew: 40, latency: [1, 6] as const };
/** How long runs may take to end after the last fault, in milliseconds. */
const PATIENCE = 120_000;
const MOST_STEPS = 1_000_000;

/**
 * Simulates workers that serve definitions, once for every seed: commits fail, their replies are lost, the store is locked, processes
 * stand still for longer than their leases and are killed between any two waits, their clocks differ.
 *
 * After each commit and each event it checks what has to hold: that no step has two results, a committed result never changes, who
 * lost its lease commits nothing, no step that is not pure is called with anything that is not committed, fences grow, nothing of a
 * finished run is left. In the end every run must have ended as it does undisturbed, unless it was cancelled; and a step that nothing
 * needs any more, because an `anyOf` has another value, may have been cancelled.
 *
 * @param scenario What happens, or what happens for a seed.
 * @throws {SimulationError} Something did not hold. The message has the seed, the fewest faults with which it happens, and the trace.
 *
 * @example Twenty seeds
 * ```ts
 * import { defineWorkflow, task } from "@fusewire/fusewire";
 * import { simulateWorkflows } from "@fusewire/fusewire/testing";
 *
 * const extract = task(() => [1, 2, 3], { name: "extract" });
 * const add = task((rows: number[]) => rows.reduce((sum, row) => sum + row, 0), { name: "add", pure: true });
 * const etl = defineWorkflow("etl", { version: "1" }, () => add(extract()));
 *
 * await simulateWorkflows({
 *   definitions: [etl],
 *   act: async (simulation) => {
 *     const first = await simulation.start(etl);
 *     await simulation.start(etl, undefined, { priority: 1 });
 *     await simulation.cancel(first);
 *   },
 * }, { seeds: 20 });
 * ```
 */
export async function simulateWorkflows(
  scenario: WorkflowScenario | ((random: SeededRandom) => WorkflowScenario),
  options: SimulateWorkflowsOptions,
): Promise<SimulationReport> {
  return await simulate((world) => {
    const random = new SeededRandom(`${world.seed}/scenario`);
    return simulateOne(world, typeof scenario === "function" ? scenario(random) : scenario, random, options);
  }, { ...WORLD, ...options, kv: { history: 0, ...options.kv } });
}

async function simulateOne(
  world: SimulatedWorld,
  scenario: WorkflowScenario,
  random: SeededRandom,
  options: SimulateWorkflowsOptions,
): Promise<void> {
  const { workers, concurrency, lease, faultsFor } = { ...DEFAULTS, ...WORLD, ...options };
  const stored = new StoredRuns();
  const executables = scenario.definitions.map(executableOf);
  const all = withChildren(executables);
  world.onCommit((process, mutations) => stored.apply(process, mutations, all));
  const log = new CallLog(world, stored);
  const open = options.open ?? storeOf(random);
  const cluster = new WorkflowCluster(
    world,
    { log, open, executables, lease, concurrency },
    stored,
    random.fork("cluster"),
  );
  const simulation = new ClusterSimulation(world, cluster, stored, random.fork("act"));
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    world.fail(new Error(`A rejection was not handled: ${event.reason}`, { cause: event.reason }));
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  try {
    const patience = faultsFor + PATIENCE;
    for (let number = 1; number <= workers; number++) cluster.begin(`w${number}`);
    await settled(world, patience, Promise.try(() => scenario.act(simulation)), "What the scenario does");
    await within(world, patience, () => stored.openRuns(), "did not end");
    world.calm();
    await within(world, PATIENCE, () => stored.leftovers(cluster.names), "is left after the end of all runs");
    const deaths = cluster.dead.size;
    const outcomes = checkOutcomes(simulation, stored, log, scenario.comparable ?? ((result) => result));
    await settled(world, PATIENCE, outcomes, "Looking at the runs");
    await settled(world, PATIENCE, cluster.end(), "Ending the processes");
    // A fault that was on its way may have killed a process after the last look; nobody is left who would end its session.
    if (cluster.dead.size > deaths) return;
    // Nor does anybody end a session that a process has begun with its last breath, and that came late.
    await within(world, PATIENCE, () => stored.leftovers(cluster.dead), "is left after the end of all processes");
  } finally {
    globalThis.removeEventListener("unhandledrejection", onRejection);
  }
}

/** The same, and those of all runs that their steps wait for. */
function withChildren(executables: readonly Executable[]): Executable[] {
  const all = new Set(executables);
  for (const { children } of all) for (const child of children) all.add(child.executable());
  return [...all];
}

/** Lets the world go on until a promise settles. */
async function settled<T>(world: SimulatedWorld, patience: number, work: Promise<T>, what: string): Promise<T> {
  let isDone = false;
  const done = (): void => void (isDone = true);
  work.then(done, done);
  await within(world, patience, () => isDone ? [] : [what], "did not end");
  return await work;
}

/** Lets the world go on until nothing is open. */
async function within(world: SimulatedWorld, patience: number, open: () => unknown[], what: string): Promise<void> {
  const end = world.clock.now() + patience;
  await world.run(() => world.clock.now() > end || open().length === 0, { maxSteps: MOST_STEPS });
  const left = open();
  if (left.length > 0) throw new Error(`${left.join("; ")} ${what} within ${patience} ms.`);
}

function storeOf(random: SeededRandom): (process: SimulatedProcess) => EngineStorage {
  const remote = random.fork("store").bool(0.7);
  return ({ kv, clock }) => new KvRuntimeStorage(kv, { clock, remote });
}
