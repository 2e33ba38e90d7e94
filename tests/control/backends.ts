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

/** Builds targets in a naming scope of their own, and runs them. */
export type Backend = (build: () => Targets) => Promise<Outcome>;

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

/** The backends by name. */
export const backends: Readonly<Record<"local" | "durable" | "pool" | "sequential", Backend>> = {
  local: async (build) => await outcomeOf(await new LocalWorkflow(namingScope(build), options).start()),
  durable: async (build) => {
    await using runtime = await openRuntime({ runtimeStorage: new MemoryRuntimeStorage() });
    return await outcomeOf(await new KvWorkflow(namingScope(build), { ...options, runtime }).start());
  },
  pool: async (build) =>
    await outcomeOf(await new PoolWorkflow(namingScope(build), { ...options, workers: 2 }).start()),
  sequential: async (build) => await outcomeOf(await new SequentialWorkflow(namingScope(build), options).start()),
};
