/**
 * The state of runs, as a plain store keeps it: ten methods over workflows, runs (instances) and steps by name. A store of one's
 * own that has them can serve one worker process; see `EngineStorage` for what many workers need.
 *
 * @module
 */
import type { Status } from "../../src/status.ts";

/** Where the state of runs is kept. Every method names a workflow and one run of it, the instance. */
export interface RuntimeStorage {
  /**
   * Makes a run: every step `PENDING`, nothing queued.
   *
   * @throws {ConfigError} If the run exists.
   */
  createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void>;
  /** Puts a step at the end of the run's queue; a step that is queued already is not queued twice. */
  enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void>;
  /** Takes the first step from the run's queue, without a lease; `null` if the queue is empty or the run unknown. */
  fetchNext(workflowId: string, instanceId: string): Promise<string | null>;
  /**
   * Sets the state of a step.
   *
   * @throws {NotFoundError} If the run or the step is unknown.
   * @throws {ConfigError} If the step has succeeded: a committed step does not change.
   */
  setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void>;
  /** The state of a step; `null` if the run or the step is unknown. */
  getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null>;
  /** Keeps the inputs of the run. */
  setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void>;
  /** The inputs of the run; empty if none were kept. */
  getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>>;
  /**
   * Keeps the result of a step, of any size.
   *
   * @throws {NotFoundError} If the run or the step is unknown.
   * @throws {ConfigError} If the step has succeeded: a committed result does not change.
   */
  setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void>;
  /** The result of a step; `undefined` if there is none, which its state tells from a result that is `undefined`. */
  getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown>;
  /** The run has its final status: its queue is gone, states and results stay. */
  finalizeRun(workflowId: string, instanceId: string): Promise<void>;
}
