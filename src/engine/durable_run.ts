/**
 * Durable runs, as those see them who started or look at them: from any process, whoever is at work on them.
 *
 * @module
 */
import type { DefinitionRecord, RunRecord } from "../../storage/runtime/records.ts";
import { abortable } from "../abortable.ts";
import { CancelledError, errorRecord, GraphError, NotFoundError, StepFailedError, TimeoutError } from "../errors.ts";
import type { RunEvent } from "../events.ts";
import type { Run, RunStatus, StepStatus } from "../run.ts";
import { isFinal } from "../status.ts";
import { ActiveRun } from "./active_run.ts";
import { unknownSignal } from "../control/signal_names.ts";
import { childRunId } from "./child_runs.ts";
import { runEvents } from "./run_events.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import { errorFrom } from "./stored_values.ts";

/** How often, in milliseconds, who cancels a run looks whether its holder is gone. */
const REAP_EVERY = 1_000;

/** One durable run. */
export class DurableRun<out T> implements Run<T> {
  readonly #core: RuntimeCore;
  /** The run at work in this process, as long as it has not left it for others. */
  #here: ActiveRun | undefined;

  /**
   * Looks at the run of an id; `here` is that run, if it is at work in this process.
   *
   * @internal
   */
  constructor(core: RuntimeCore, readonly id: string, here?: ActiveRun) {
    this.#core = core;
    this.#here = here;
  }

  async result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    // What a definition gives is what its targets' types say.
    return await this.#result(signal) as T;
  }

  async #result(signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    const here = this.#here ?? this.#core.activeRun(this.id);
    const isOver = here !== undefined && await abortable(here.exit, signal) === "ended";
    // One that has not succeeded can be opened again, by any process.
    if (!isOver || here.state.ended !== "SUCCEEDED") this.#here = undefined;
    if (isOver) return this.#resultHere(here);
    const ended = await this.#end(signal);
    return ended instanceof ActiveRun ? this.#resultHere(ended) : await this.#stored(ended);
  }

  /** Waits for the end, and gives the run if it ended here, or its record. `looked` is called with each record before. */
  async #end(signal?: AbortSignal, looked?: (run: RunRecord) => Promise<void>): Promise<ActiveRun | RunRecord> {
    return await this.#core.waiters.wait(this.id, async () => {
      const run = await this.#record();
      if (isFinal(run.status)) return run;
      await looked?.(run);
      return undefined;
    }, signal);
  }

  async #record(): Promise<RunRecord> {
    const run = await this.#core.storage.readRun(this.id);
    if (run === undefined) {
      throw new NotFoundError(
        `There is no run ${JSON.stringify(this.id)} in this runtime's storage, or it was forgotten.`,
      );
    }
    return run;
  }

  #resultHere({ values, failure, executable, state, run }: ActiveRun): unknown | Promise<unknown> {
    const { definition } = executable;
    switch (state.ended) {
      case "SUCCEEDED": {
        const missing = definition.targets.map(({ place }) => place).filter((place) => !values!.has(place));
        const given = (): unknown =>
          pick(definition, definition.targets.map(({ place }) => values!.values[place]), this.id);
        return missing.length === 0 ? given() : values!.load(missing).then(given);
      }
      case "FAILED":
        if (failure !== undefined && failure.place < 0) throw failure.error;
        throw stepFailed(definition, failure?.place ?? 0, failure?.error, state.steps[failure?.place ?? 0]!.attempt);
      default:
        throw this.#withoutResult(run.workflow, state.ended ?? "CANCELLED");
    }
  }

  async #stored(run: RunRecord): Promise<unknown> {
    switch (run.status) {
      case "SUCCEEDED": {
        const definition = await this.#definition(run);
        const places = definition.targets.map(({ place }) => place);
        const stored = await this.#core.storage.readValues(this.id, places);
        const values = await Promise.all(stored.map((value, i) => {
          if (value !== undefined) return this.#core.codec.decode(value);
          throw new GraphError(
            `Target \`${
              definition.steps[places[i]!]
            }\` of workflow \`${run.workflow}\` is a live object, which only the process that made it has.`,
            { workflow: run.workflow },
          );
        }));
        return pick(definition, values, this.id);
      }
      case "FAILED": {
        const { place, error } = run.failure ?? { place: 0, error: errorRecord("unknown") };
        // Said of the run, and of no step.
        if (place < 0) throw new TimeoutError(error.message, { workflow: run.workflow });
        const steps = await this.#core.storage.readSteps(this.id);
        throw stepFailed(await this.#definition(run), place, errorFrom(error), steps[place]?.attempt ?? 1);
      }
      default:
        throw this.#withoutResult(run.workflow, run.status);
    }
  }

  #withoutResult(workflow: string, status: RunRecord["status"]): CancelledError {
    return status === "SKIPPED"
      ? new CancelledError(`A target of run ${this.id} of workflow \`${workflow}\` was skipped.`, { workflow })
      : new CancelledError(`Run ${this.id} of workflow \`${workflow}\` was cancelled.`, { workflow });
  }

  async #definition(run: RunRecord): Promise<DefinitionRecord> {
    return await this.#core.definitionOf(run);
  }

  async status(): Promise<RunStatus> {
    const run = await this.#record();
    const [{ steps: names, children = [] }, steps] = await Promise.all([
      this.#definition(run),
      this.#core.storage.readSteps(this.id),
    ]);
    const childOf = new Map(children.map(({ place, of }) => [place, of]));
    const failed = steps.flatMap(({ status, endedAt }, place) =>
      (status === "FAILED" || status === "SKIPPED") && endedAt > 0 ? place : []
    );
    const values = await this.#core.storage.readValues(this.id, failed);
    const errors = new Map(failed.map((place, i) => [place, values[i]]));
    return {
      id: this.id,
      workflow: run.workflow,
      version: run.version,
      status: run.status,
      ...(run.forkedFrom === undefined ? {} : { forkedFrom: run.forkedFrom }),
      ...(run.importedFrom === undefined ? {} : { importedFrom: run.importedFrom }),
      steps: (await Promise.all(steps.map(async ({ status, attempt }, place): Promise<StepStatus[]> => {
        const error = errors.get(place);
        const name = names[place]!;
        const of = attempt === 0 ? undefined : childOf.get(place);
        const child = of && childRunId(this.id, name);
        const step: StepStatus = {
          name,
          status,
          attempt,
          ...(error?.kind === "error" ? { error: error.error } : {}),
          ...(child === undefined ? {} : { child }),
        };
        return of === "map" && child !== undefined ? [...await this.#items(child), step] : [step];
      }))).flat(),
    };
  }

  /** What has become of the items of a map: the steps of their run but the last, which gathers them. */
  async #items(child: string): Promise<readonly StepStatus[]> {
    if (await this.#core.storage.readRun(child) === undefined) return [];
    return (await new DurableRun(this.#core, child).status()).steps.slice(0, -1);
  }

  events(): AsyncIterableIterator<RunEvent> {
    return runEvents(this.#core, this.id);
  }

  async cancel(): Promise<void> {
    if (!await this.#core.send(this.id, { kind: "cancel" })) {
      await this.#record();
      return;
    }
    const { clock, storage } = this.#core;
    let reapAt = clock.now();
    await this.#end(undefined, async ({ session }) => {
      if (this.#core.isUnheld(this.id, session)) return await this.#core.endUnheld(this.id);
      // A holder that is gone hears nothing, and there may be no worker that takes over.
      if (clock.now() < reapAt || this.#core.activeRun(this.id) !== undefined) return;
      reapAt = clock.now() + REAP_EVERY;
      await storage.reap(clock.now());
    });
  }

  /**
   * Opens a run that has failed or was cancelled again: what failed is tried again, what is committed stays.
   *
   * @throws {GraphError} If the run has not ended, has succeeded, or was imported.
   */
  async retry(): Promise<void> {
    const { status, workflow, importedFrom } = await this.#record();
    if (importedFrom !== undefined) {
      throw new GraphError(
        `Run ${this.id} of workflow \`${workflow}\` was imported, and stays as it came; fork it to run it from here.`,
        { workflow },
      );
    }
    const { clock, storage } = this.#core;
    const isOpen = status === "FAILED" || status === "CANCELLED";
    if (isOpen && await storage.reopen(this.id, clock.now())) return this.#core.nudge();
    throw new GraphError(
      `Run ${this.id} of workflow \`${workflow}\` is ${status}; only a run that has failed or was cancelled can be tried again.`,
      { workflow },
    );
  }

  async signal(name: string, payload: unknown): Promise<void> {
    const record = await this.#record();
    const { workflow } = record;
    const receiver = await this.#receiver(record, name);
    if (receiver === undefined) {
      throw unknownSignal(name, workflow, (await this.#definition(record)).signals ?? []);
    }
    const stored = await this.#core.codec.encodeInput(receiver, payload, workflow);
    if (await this.#core.send(receiver, { kind: "signal", name, payload: stored })) return;
    throw new NotFoundError(
      `Run ${receiver} of workflow \`${workflow}\` has ended, and waits for no signal any more.`,
      { workflow },
    );
  }

  /** The id of the run that a signal is for: this one, or one that it waits for. */
  async #receiver(record: RunRecord, name: string): Promise<string | undefined> {
    const { signals, children = [], steps } = await this.#definition(record);
    if (signals === null || signals?.includes(name)) return record.id;
    for (const { place } of children) {
      const child = await this.#core.storage.readRun(childRunId(record.id, steps[place]!));
      if (child === undefined || isFinal(child.status)) continue;
      const receiver = await this.#receiver(child, name);
      if (receiver !== undefined) return receiver;
    }
    return undefined;
  }
}

/** The result of a run, from the values of its targets. */
function pick({ targets, single, steps }: DefinitionRecord, values: readonly unknown[], runId: string): unknown {
  const given = targets.map(({ place, path }, i) => {
    let part = values[i];
    for (const key of path) {
      const isOutside = Array.isArray(part) && typeof key === "number" && !(key >= 0 && key < part.length);
      if (part === null || part === undefined || isOutside) {
        throw new GraphError(
          `The result of step \`${steps[place]}\` of run ${runId} does not have the part ${
            JSON.stringify(path)
          } that is a target.`,
          { node: steps[place]! },
        );
      }
      part = Reflect.get(Object(part), key, part);
    }
    return part;
  });
  return single ? given[0] : given;
}

function stepFailed(
  { workflow, steps }: DefinitionRecord,
  place: number,
  error: unknown,
  attempt: number,
): StepFailedError {
  const node = steps[place] ?? String(place);
  return new StepFailedError(
    `Node \`${node}\` of workflow \`${workflow}\` failed${attempt > 1 ? ` after ${attempt} attempts` : ""}: ` +
      `${error instanceof Error ? error.message : String(error)}`,
    { cause: error, workflow, node },
  );
}
