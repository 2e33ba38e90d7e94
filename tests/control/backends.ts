/**
 * The backends that follow the rules of control flow, each as a way to run targets and to tell what became of them.
 *
 * @module
 */
import {
  KvWorkflow,
  LocalWorkflow,
  MemoryRuntimeStorage,
  namingScope,
  openRuntime,
  PoolWorkflow,
  type Run,
  type Runtime,
  type Status,
  type Targets,
} from "@fusewire/fusewire";
import { SequentialWorkflow } from "../backends/sequential_workflow.ts";

/** What became of a run. */
export interface Outcome {
  readonly status: Status;
  readonly steps: Readonly<Record<string, Status>>;
  /** The result, or the message of the error. */
  readonly result: unknown;
  readonly error: Error | undefined;
}

/** Builds targets in a naming scope of their own, and runs them. What is to be done with the run meanwhile is `act`. */
export type Backend = (
  build: () => Targets,
  act?: (run: Run<unknown>, runtime?: Runtime) => Promise<void>,
) => Promise<Outcome>;

/** What became of a run. */
export async function outcomeOf(run: Run<unknown>): Promise<Outcome> {
  let error: Error | undefined;
  const result = await run.result().catch((thrown: unknown) => {
    error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return undefined;
  });
  const { status, steps } = await run.status();
  return { status, steps: Object.fromEntries(steps.map(({ name, status }) => [name, status])), result, error };
}

const options = { workflowName: "control" };

async function actedOn(run: Run<unknown>, act: Parameters<Backend>[1], runtime?: Runtime): Promise<Outcome> {
  const [outcome] = await Promise.all([outcomeOf(run), act?.(run, runtime)]);
  return outcome;
}

/** The backends by name. */
export const backends: Readonly<Record<"local" | "durable" | "pool" | "sequential", Backend>> = {
  local: async (build, act) => await actedOn(await new LocalWorkflow(namingScope(build), options).start(), act),
  durable: async (build, act) => {
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
    return await actedOn(await new KvWorkflow(namingScope(build), { ...options, runtime }).start(), act, runtime);
  },
  pool: async (build, act) =>
    await actedOn(await new PoolWorkflow(namingScope(build), { ...options, workers: 2 }).start(), act),
  sequential: async (build, act) =>
    await actedOn(await new SequentialWorkflow(namingScope(build), options).start(), act),
};
