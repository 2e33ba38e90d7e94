/**
 * The ten methods of every runtime storage, over Deno KV.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { Status } from "../../../src/status.ts";
import { decode } from "../../codec/structured.ts";
import type { StoredValue } from "../records.ts";
import type { RuntimeStorage } from "../runtime_storage.ts";
import type { KvParts } from "./parts.ts";

/** The ten methods of every runtime storage. Reading answers for runs of the engine too, by the names of their steps. */
export class KvPlainMethods implements RuntimeStorage {
  readonly #parts: Pick<KvParts, "plain" | "reader" | "definitions">;

  /** Stands on these parts. */
  constructor(parts: Pick<KvParts, "plain" | "reader" | "definitions">) {
    this.#parts = parts;
  }

  /** Makes a run: every step `PENDING`, nothing queued. @throws {ConfigError} If it exists. */
  createRun(workflowId: string, instanceId: string, steps: readonly string[]): Promise<void> {
    return this.#parts.plain.create(workflowId, instanceId, steps);
  }

  /** Puts a step at the end of the run's queue, unless it is queued already. */
  enqueue(workflowId: string, instanceId: string, stepName: string): Promise<void> {
    return this.#parts.plain.enqueue(workflowId, instanceId, stepName);
  }

  /** Takes the first step from the run's queue. */
  fetchNext(workflowId: string, instanceId: string): Promise<string | null> {
    return this.#parts.plain.fetchNext(workflowId, instanceId);
  }

  /** Sets the state of a step. */
  setState(workflowId: string, instanceId: string, stepName: string, status: Status): Promise<void> {
    return this.#parts.plain.setState(workflowId, instanceId, stepName, status);
  }

  /** The state of a step, also of one that workers run. */
  async getState(workflowId: string, instanceId: string, stepName: string): Promise<Status | null> {
    const { plain, reader } = this.#parts;
    const state = await plain.getState(workflowId, instanceId, stepName);
    if (state !== undefined) return state;
    const place = await this.#place(workflowId, instanceId, stepName);
    return place === undefined ? null : (await reader.steps(instanceId))[place]?.status ?? null;
  }

  /** Keeps the inputs of a run. */
  setInputs(workflowId: string, instanceId: string, inputs: Record<string, unknown>): Promise<void> {
    return this.#parts.plain.setInputs(workflowId, instanceId, inputs);
  }

  /** The inputs of a run, also of one that workers drive. */
  async getInputs(workflowId: string, instanceId: string): Promise<Record<string, unknown>> {
    const { plain, reader } = this.#parts;
    const kept = await plain.getInputs(workflowId, instanceId);
    const run = kept === undefined ? await reader.run(instanceId) : undefined;
    const inputs = valueIn(run?.workflow === workflowId ? run.input : kept, "the input");
    return isRecord(inputs) ? inputs : {};
  }

  /** Keeps the result of a step, of any size. */
  setResult(workflowId: string, instanceId: string, stepName: string, result: unknown): Promise<void> {
    return this.#parts.plain.setResult(workflowId, instanceId, stepName, result);
  }

  /** The result of a step, also of one that workers ran. */
  async getResult(workflowId: string, instanceId: string, stepName: string): Promise<unknown> {
    const { plain, reader } = this.#parts;
    const kept = await plain.getResult(workflowId, instanceId, stepName);
    if (kept !== undefined) return valueIn(kept, stepName);
    const place = await this.#place(workflowId, instanceId, stepName);
    if (place === undefined || (await reader.steps(instanceId))[place]?.status !== "SUCCEEDED") return undefined;
    return valueIn((await reader.values(instanceId, [place]))[0], stepName);
  }

  /** The run has its final status: its queue is gone. */
  finalizeRun(workflowId: string, instanceId: string): Promise<void> {
    return this.#parts.plain.finalize(workflowId, instanceId);
  }

  /** The place of a step in a run of the engine. */
  async #place(workflow: string, runId: string, stepName: string): Promise<number | undefined> {
    const { definitions, reader } = this.#parts;
    const head = (await reader.head(runId))?.value;
    if (head === undefined || head.w !== workflow) return undefined;
    return await definitions.place({ workflow, version: head.v, schema: head.s }, stepName);
  }
}

function valueIn(value: StoredValue | null | undefined, what: string): unknown {
  if (value?.kind !== "object") return value?.kind === "bytes" ? decode(value.bytes) : undefined;
  throw new ConfigError(`The value of ${what} lies in the attached object store under ${value.key}; read it there.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
