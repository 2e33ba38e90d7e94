/**
 * What is known of a run before it is started for a step that waits for it.
 *
 * @module
 */
import type { NewRun } from "../../storage/runtime/records.ts";
import type { Wait } from "../control/wait.ts";
import { FusewireError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";
import { childRunId } from "./child_runs.ts";
import type { Executable } from "./executable.ts";

/** That a step waits for a run. */
export type ChildWait = Extract<Wait, { kind: "child" | "items" }>;

/** A run that is about to exist, or why there can be none. */
export type NewChild =
  | { readonly child: NewRun; readonly executable: Executable }
  | { readonly error: unknown };

/** Prepares the run that a step is to wait for. It rejects if the store fails, and may be asked again then. */
export async function newChild(
  { host, run, executable }: ActiveRun,
  place: number,
  wait: ChildWait,
): Promise<NewChild> {
  const step = executable.definition.steps[place]!;
  const parent = { run: run.id, place, ...(wait.kind === "items" ? { node: step } : {}) };
  let input: unknown;
  let nested: Executable;
  let size: number;
  try {
    // What users have written may throw anything.
    nested = executable.childAt(place);
    const { itemSteps = 1, steps } = nested.definition;
    size = wait.kind === "items" ? wait.list.length * itemSteps + 1 : steps.length;
    nested.ofRun({ size, parent });
    input = wait.kind === "items" ? wait.list : await wait.definition.checkInput(wait.input);
  } catch (error) {
    return { error };
  }
  try {
    const { workflow, version, schema } = nested.definition;
    const id = childRunId(run.id, step);
    const now = host.clock.now();
    const child: NewRun = {
      workflow,
      version,
      schema,
      id,
      size,
      input: await host.codec.encodeInput(id, input, workflow),
      queue: nested.ownQueue ?? run.queue,
      priority: run.priority,
      tags: run.tags,
      createdAt: now,
      dueAt: now,
      parent,
      ...(run.trace === undefined ? {} : { trace: run.trace }),
    };
    await host.know(nested);
    return { child, executable: nested };
  } catch (error) {
    if (!(error instanceof FusewireError)) throw error;
    return { error };
  }
}
