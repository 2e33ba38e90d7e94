import type { Status } from "../src/status.ts";
import type { RuntimeStorage } from "../storage/runtime/runtime_storage.ts";
import { EarlierAnswers, type FaultyRuntimeStorageOptions, StoragePassage } from "./storage_faults.ts";

/** The part of a {@linkcode FaultyRuntimeStorage} that every store has: the ten methods of `RuntimeStorage`, and its end. */
export abstract class FaultyPlainStorage implements RuntimeStorage {
  readonly #storage: RuntimeStorage;
  readonly #passage: StoragePassage;
  readonly #killed = new AbortController();
  readonly #states = new EarlierAnswers<Status | null>();
  readonly #inputs = new EarlierAnswers<Record<string, unknown>>();
  readonly #results = new EarlierAnswers<unknown>();

  /** Wraps a storage. */
  constructor(storage: RuntimeStorage, options: FaultyRuntimeStorageOptions) {
    this.#storage = storage;
    const onKill = (): void => {
      this.#killed.abort();
      options.onKill?.();
    };
    this.#passage = new StoragePassage({ ...options, onKill });
  }

  /** How many calls there have been. */
  get calls(): number {
    return this.#passage.calls;
  }

  /** Whether nothing that is called settles any more. */
  get dead(): boolean {
    return this.#passage.dead;
  }

  /** Kills the storage at the `number`-th call from the first on, before or after it takes effect. */
  crashAt(number: number, when: "before" | "after" = "before"): void {
    this.#passage.crashAt(number, when);
  }

  /** Kills the storage, as if the process had been killed: what has been called and will be called never settles. */
  kill(): void {
    this.#passage.kill();
  }

  /** Aborted by {@linkcode kill}. */
  protected get death(): AbortSignal {
    return this.#killed.signal;
  }

  /** Lets a call go its way; one that only reads has `earlier` answers. */
  protected perform<R>(
    method: string,
    args: readonly unknown[],
    effect: () => Promise<R>,
    earlier?: EarlierAnswers<R>,
  ): Promise<R> {
    return this.#passage.perform(method, args, effect, earlier);
  }

  /** Makes a run. */
  createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void> {
    return this.perform(
      "createRun",
      [workflowId, instanceId, steps],
      () => this.#storage.createRun(workflowId, instanceId, steps),
    );
  }

  /** Puts a step at the end of the run's queue. */
  enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void> {
    return this.perform(
      "enqueue",
      [workflowId, instanceId, stepName],
      () => this.#storage.enqueue(workflowId, instanceId, stepName),
    );
  }

  /** Takes the first step from the run's queue. */
  fetchNext(workflowId: string, instanceId: string): Promise<string | null> {
    return this.perform(
      "fetchNext",
      [workflowId, instanceId],
      () => this.#storage.fetchNext(workflowId, instanceId),
    );
  }

  /** Sets the state of a step. */
  setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void> {
    return this.perform(
      "setState",
      [workflowId, instanceId, stepName, status],
      () => this.#storage.setState(workflowId, instanceId, stepName, status),
    );
  }

  /** The state of a step. */
  getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null> {
    return this.perform(
      "getState",
      [workflowId, instanceId, stepName],
      () => this.#storage.getState(workflowId, instanceId, stepName),
      this.#states,
    );
  }

  /** Keeps the inputs of the run. */
  setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void> {
    return this.perform(
      "setInputs",
      [workflowId, instanceId, inputs],
      () => this.#storage.setInputs(workflowId, instanceId, inputs),
    );
  }

  /** The inputs of the run. */
  getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>> {
    return this.perform(
      "getInputs",
      [workflowId, instanceId],
      () => this.#storage.getInputs(workflowId, instanceId),
      this.#inputs,
    );
  }

  /** Keeps the result of a step. */
  setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void> {
    return this.perform(
      "setResult",
      [workflowId, instanceId, stepName, result],
      () => this.#storage.setResult(workflowId, instanceId, stepName, result),
    );
  }

  /** The result of a step. */
  getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown> {
    return this.perform(
      "getResult",
      [workflowId, instanceId, stepName],
      () => this.#storage.getResult(workflowId, instanceId, stepName),
      this.#results,
    );
  }

  /** The run has its final status. */
  finalizeRun(workflowId: string, instanceId: string): Promise<void> {
    return this.perform(
      "finalizeRun",
      [workflowId, instanceId],
      () => this.#storage.finalizeRun(workflowId, instanceId),
    );
  }
}
