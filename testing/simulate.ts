import { type FaultDecision, simplerFaults } from "./fault.ts";
import { shrink } from "./shrink.ts";
import { SimulatedWorld } from "./simulated_world.ts";
import type { SimulatedWorldOptions } from "./simulated_world_options.ts";
import type { SimulationError } from "./simulation_error.ts";

/** What is simulated: it sets processes up, runs the world, and throws if something is wrong. */
export type Scenario = (world: SimulatedWorld) => Promise<void>;

/** How often and in which world {@linkcode simulate} lets a scenario happen. */
export interface SimulateOptions extends SimulatedWorldOptions {
  /** The seeds; a number is as many, from 0. */
  readonly seeds: number | Iterable<string | number>;
  /**
   * How many runs may be made to find fewer faults with which a seed that fails still does.
   *
   * @default {1000}
   */
  readonly shrinkRuns?: number;
}

/** What {@linkcode simulate} has let happen. */
export interface SimulationReport {
  /** How many simulations. */
  readonly simulations: number;
  /** How many events in all. */
  readonly steps: number;
  /** How many faults in all. */
  readonly faults: number;
}

/**
 * Lets a scenario happen once for every seed. For the first seed with which it fails, as few faults as possible are searched with
 * which it still does.
 *
 * @throws {SimulationError} It has failed; the message has the seed, the faults and the trace.
 *
 * @example A hundred seeds
 * ```ts
 * import { simulate } from "@fusewire/fusewire/testing";
 *
 * await simulate(async (world) => {
 *   const { kv } = world.process("a");
 *   const write = async (): Promise<void> => void await kv.set(["a"], 1).catch(write);
 *   await world.run(write());
 * }, { seeds: 100, faults: { lostReply: 0.2, fail: 0.2 } });
 * ```
 */
export async function simulate(scenario: Scenario, options: SimulateOptions): Promise<SimulationReport> {
  const { seeds, shrinkRuns = 1000 } = options;
  let [simulations, steps, faults] = [0, 0, 0];
  for (const seed of typeof seeds === "number" ? Array.from({ length: seeds }, (_, seed) => seed) : seeds) {
    const world = new SimulatedWorld(seed, options);
    const failure = await failureOf(scenario, world);
    if (failure !== undefined) throw await simplest(scenario, failure, options, shrinkRuns);
    simulations++;
    steps += world.steps;
    faults += world.decisions.length;
  }
  return { simulations, steps, faults };
}

async function failureOf(scenario: Scenario, world: SimulatedWorld): Promise<SimulationError | undefined> {
  try {
    await scenario(world);
    return undefined;
  } catch (error) {
    return world.failure(error);
  }
}

/** The failure with the fewest faults that could be found. */
async function simplest(
  scenario: Scenario,
  failure: SimulationError,
  options: SimulateOptions,
  maxRuns: number,
): Promise<SimulationError> {
  let found = failure;
  const fails = async (decisions: readonly FaultDecision[]): Promise<boolean> => {
    const again = await failureOf(scenario, new SimulatedWorld(failure.seed, { ...options, decisions }));
    if (again !== undefined) found = again;
    return again !== undefined;
  };
  const simpler = (decision: FaultDecision): readonly FaultDecision[] =>
    simplerFaults(decision.fault).map((fault) => ({ ...decision, fault }));
  await shrink(failure.decisions, fails, { simpler, maxRuns });
  return found;
}
