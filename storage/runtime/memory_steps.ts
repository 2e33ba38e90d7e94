/**
 * The ten methods in memory.
 *
 * @module
 */
import { ConfigError, NotFoundError } from "../../src/errors.ts";
import type { Status } from "../../src/status.ts";
import { concatChunks, decode, encode } from "../codec/structured.ts";

/** A run that was made with `createRun()`. Values are kept encoded, so that nobody can change them later. */
interface PlainRun {
  readonly states: Map<string, Status>;
  readonly results: Map<string, Uint8Array<ArrayBuffer>>;
  inputs: Uint8Array<ArrayBuffer> | undefined;
  /** The steps that are queued, from `next` on. */
  queue: string[];
  next: number;
  readonly queued: Set<string>;
}

/** What the ten methods show of a run that workers drive. */
export interface DrivenRun {
  /** The state of a step. */
  state(stepName: string): Status | null;
  /** The result of a step that has succeeded. */
  result(stepName: string): unknown;
  /** The input of the run. */
  input(): unknown;
}

/** Finds a run that workers drive. */
export type FindDriven = (workflowId: string, instanceId: string) => DrivenRun | undefined;

/** The ten methods of `RuntimeStorage`, without promises: the runs that were made with `createRun()`; of those that workers drive it shows states, results and inputs. */
export class MemorySteps {
  /** By workflow and id. */
  readonly #runs = new Map<string, Map<string, PlainRun>>();

  readonly #driven: FindDriven;

  /** Made with a way to find the runs that workers drive. */
  constructor(driven: FindDriven) {
    this.#driven = driven;
  }

  /** Makes a run. */
  createRun(workflowId: string, instanceId: string, steps: readonly string[]): void {
    let runs = this.#runs.get(workflowId);
    if (runs?.has(instanceId) === true || this.#driven(workflowId, instanceId) !== undefined) {
      throw new ConfigError(`The run ${JSON.stringify(instanceId)} of workflow ${JSON.stringify(workflowId)} exists.`, {
        workflow: workflowId,
      });
    }
    if (runs === undefined) this.#runs.set(workflowId, runs = new Map());
    runs.set(instanceId, {
      states: new Map(steps.map((step) => [step, "PENDING"])),
      results: new Map(),
      inputs: undefined,
      queue: [],
      next: 0,
      queued: new Set(),
    });
  }

  /** Puts a step at the end of the run's queue, unless it is queued already. */
  enqueue(workflowId: string, instanceId: string, stepName: string): void {
    const run = this.#run(workflowId, instanceId, stepName);
    if (run.queued.has(stepName)) return;
    run.queued.add(stepName);
    run.queue.push(stepName);
  }

  /** Takes the first step from the run's queue. */
  fetchNext(workflowId: string, instanceId: string): string | null {
    const run = this.#runs.get(workflowId)?.get(instanceId);
    const step = run?.queue[run.next];
    if (run === undefined || step === undefined) return null;
    run.queued.delete(step);
    run.next++;
    if (run.next * 2 > run.queue.length) {
      run.queue = run.queue.slice(run.next);
      run.next = 0;
    }
    return step;
  }

  /** Sets the state of a step. */
  setState(workflowId: string, instanceId: string, stepName: string, status: Status): void {
    this.#openStep(workflowId, instanceId, stepName).states.set(stepName, status);
  }

  /** The state of a step; `null` if it is unknown. */
  getState(workflowId: string, instanceId: string, stepName: string): Status | null {
    const driven = this.#driven(workflowId, instanceId);
    const state = this.#runs.get(workflowId)?.get(instanceId)?.states.get(stepName);
    return driven?.state(stepName) ?? state ?? null;
  }

  /** Keeps the inputs of a run. */
  setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): void {
    this.#run(workflowId, instanceId).inputs = concatChunks(encode(inputs)).slice();
  }

  /** The inputs of a run; empty if there are none. */
  getInputs(workflowId: string, instanceId: string): Record<string, unknown> {
    const driven = this.#driven(workflowId, instanceId);
    const inputs = this.#runs.get(workflowId)?.get(instanceId)?.inputs;
    const value = driven?.input() ?? (inputs === undefined ? {} : decode(inputs));
    return { ...(typeof value === "object" ? value : { input: value }) };
  }

  /** Keeps the result of a step. */
  setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): void {
    const run = this.#openStep(workflowId, instanceId, stepName);
    run.results.set(stepName, concatChunks(encode(result)).slice());
  }

  /** The result of a step, if there is one. */
  getResult(workflowId: string, instanceId: string, stepName: string): unknown {
    const driven = this.#driven(workflowId, instanceId);
    if (driven !== undefined) return driven.result(stepName);
    const bytes = this.#runs.get(workflowId)?.get(instanceId)?.results.get(stepName);
    return bytes === undefined ? undefined : decode(bytes);
  }

  /** The run has its final status. */
  finalizeRun(workflowId: string, instanceId: string): void {
    const run = this.#run(workflowId, instanceId);
    run.queue = [];
    run.next = 0;
    run.queued.clear();
  }

  #run(workflowId: string, instanceId: string, stepName?: string): PlainRun {
    const run = this.#runs.get(workflowId)?.get(instanceId);
    if (run !== undefined && (stepName === undefined || run.states.has(stepName))) return run;
    const [place, which] = [{ workflow: workflowId }, `the run ${JSON.stringify(instanceId)}`];
    if (this.#driven(workflowId, instanceId) !== undefined) {
      throw new ConfigError(`The workers that drive ${which} change its steps, nobody else does.`, place);
    }
    const what = run === undefined ? which : `the step ${JSON.stringify(stepName)} in ${which}`;
    throw new NotFoundError(`There is not ${what} of workflow ${JSON.stringify(workflowId)}.`, place);
  }

  #openStep(workflowId: string, instanceId: string, stepName: string): PlainRun {
    const run = this.#run(workflowId, instanceId, stepName);
    if (run.states.get(stepName) === "SUCCEEDED") {
      throw new ConfigError(
        `The step ${JSON.stringify(stepName)} of run ${JSON.stringify(instanceId)} has succeeded and does not change.`,
        { workflow: workflowId, node: stepName },
      );
    }
    return run;
  }
}
