/**
 * What users do, by chance: they start runs, look at them, cancel some and try some again.
 *
 * @module
 */
import type { SeededRandom, WorkflowScenario, WorkflowSimulation } from "@fusewire/fusewire/testing";
import type { PlannedSignal } from "./random_waits.ts";
import { type RandomWorkflow, randomWorkflow, type RandomWorkflowOptions, withoutCalls } from "./random_workflow.ts";

/** What a scenario is like. */
export interface RandomScenarioOptions extends RandomWorkflowOptions {
  /** How many runs at most. @default {3} */
  readonly runs?: number;
  /** How many runs are cancelled, as a probability. @default {0} */
  readonly cancel?: number;
  /** How many runs are tried again, as a probability. @default {0} */
  readonly retry?: number;
}

/** A scenario by chance. */
export function randomScenario(options: RandomScenarioOptions = {}): (random: SeededRandom) => WorkflowScenario {
  return (random) => {
    const workflows = Array.from(
      { length: random.bool(0.2) ? 2 : 1 },
      (_, i) => randomWorkflow(`flow-${i}`, random, options),
    );
    return {
      definitions: workflows.map(({ definition }) => definition),
      comparable: withoutCalls,
      act: async (simulation) => {
        const count = random.int(1, options.runs ?? 3);
        const signalled = new Set<string>();
        const oneOf = () => oneRun(simulation, random, workflows, signalled, options);
        await Promise.all(Array.from({ length: count }, oneOf));
      },
    };
  };
}

async function oneRun(
  simulation: WorkflowSimulation,
  random: SeededRandom,
  workflows: readonly RandomWorkflow[],
  /** Runs that are sent their signals already: two may start the same run by its key. */
  signalled: Set<string>,
  { cancel = 0, retry = 0 }: RandomScenarioOptions,
): Promise<void> {
  const { definition, signals } = random.pick(workflows);
  const [priority, delay, pause] = [random.int(-1, 1), random.bool(0.2) ? random.int(1, 500) : 0, random.int(0, 600)];
  const [isCancelled, isRetried, isLookedAt] = [random.bool(cancel), random.bool(retry), random.bool(0.3)];
  const waits = [random.int(0, 1_200), random.int(0, 1_500)] as const;
  await simulation.wait(pause);
  const options = { priority, delay, ...(random.bool(0.15) ? { idempotencyKey: `${random.int(0, 1)}` } : {}) };
  const start = () => simulation.start(definition, undefined, options);
  const [id, same] = await Promise.all([start(), options.idempotencyKey === undefined ? undefined : start()]);
  if (same !== undefined && same !== id) throw new Error(`One key has started both ${id} and ${same}.`);
  const sent = sendSignals(simulation, random, id, signalled.has(id) ? [] : signals);
  signalled.add(id);
  if (isLookedAt) await simulation.status(id);
  if (isCancelled) {
    await simulation.wait(waits[0]);
    await simulation.cancel(id);
  }
  if (isRetried) {
    await simulation.wait(waits[1]);
    await simulation.retry(id);
  }
  await sent;
}

/** Sends all signals that a run needs, each at some time, also before anything waits for it. */
async function sendSignals(
  simulation: WorkflowSimulation,
  random: SeededRandom,
  id: string,
  signals: readonly PlannedSignal[],
): Promise<void> {
  await Promise.all(signals.map(async ({ name, payload }) => {
    const when = random.fork(`signal ${id} ${payload}`);
    if (!when.bool(0.3)) await simulation.wait(when.int(0, 2_000));
    await simulation.signal(id, name, payload);
  }));
}
