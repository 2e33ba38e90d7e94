/**
 * Writes what happens to runs to a plain store.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import { decode } from "../codec/structured.ts";
import type { StepChange } from "./engine_storage.ts";
import type { NewRun, StepRecord, StoredValue } from "./records.ts";
import type { RuntimeStorage } from "./runtime_storage.ts";

/** Writes runs to a plain store in an order in which a crash at any point leaves nothing behind that is not true. */
export class PlainMirror {
  readonly #plain: RuntimeStorage;
  /** The runs of which something was written that does not count yet: should it come again, a part of it may have happened. */
  readonly #inDoubt = new Set<string>();

  /** Writes to `plain`. */
  constructor(plain: RuntimeStorage) {
    this.#plain = plain;
  }

  /** Makes a run. @returns Whether it is new; if not, nothing is written. */
  async create(run: NewRun, steps: readonly string[]): Promise<boolean> {
    const [first] = steps;
    if (first !== undefined && await this.#plain.getState(run.workflow, run.id, first) !== null) return false;
    const inputs = plainInputs(run.input);
    try {
      await this.#plain.createRun(run.workflow, run.id, steps);
    } catch (error) {
      // A run without steps shows in no state. There is nothing to go on with either.
      if (first !== undefined) throw error;
    }
    if (inputs !== undefined) await this.#plain.setInputs(run.workflow, run.id, inputs);
    return true;
  }

  /**
   * Writes changes of steps: results first, and then states, causes before what follows from them.
   *
   * @param records What is known of the steps before.
   */
  async write(
    run: NewRun,
    names: readonly string[],
    records: readonly StepRecord[],
    changes: readonly StepChange[],
  ): Promise<void> {
    const statuses = records.map(({ status }) => status);
    const written = this.#inDoubt.has(run.id) ? await this.#succeeded(run, names, changes) : new Set<number>();
    statuses.forEach((status, place) => status === "SUCCEEDED" && written.add(place));
    this.#inDoubt.add(run.id);
    const open = changes.filter(({ place }) => !written.has(place));
    for (const { place, record: { status }, value } of open) {
      const isError = value?.kind === "error";
      // A step that succeeds without a value may have left the error of an earlier try behind.
      if (status === "SUCCEEDED") await this.#keep(run, names[place] ?? "", isError ? undefined : value);
      else if (isError && (status === "FAILED" || status === "SKIPPED")) {
        await this.#keep(run, names[place] ?? "", value);
      }
    }
    for (const { place, record: { status } } of open) {
      if (status === statuses[place]) continue;
      await this.#plain.setState(run.workflow, run.id, names[place] ?? "", status);
      statuses[place] = status;
    }
  }

  /** What was written of a run counts. */
  settle(runId: string): void {
    this.#inDoubt.delete(runId);
  }

  #keep(run: NewRun, step: string, value: StoredValue | undefined): Promise<void> {
    return this.#plain.setResult(run.workflow, run.id, step, plainValue(value, step));
  }

  /** The places of the changed steps that the store knows as succeeded. */
  async #succeeded(run: NewRun, names: readonly string[], changes: readonly StepChange[]): Promise<Set<number>> {
    const found = new Set<number>();
    for (const { place } of changes) {
      const state = await this.#plain.getState(run.workflow, run.id, names[place] ?? "");
      if (state === "SUCCEEDED") found.add(place);
    }
    return found;
  }
}

/** An input as the inputs of a run: itself if it is a plain object, else under the name `input`; `undefined` if there is none. */
export function plainInputs(input: StoredValue): Record<string, unknown> | undefined {
  if (input.kind === "bytes" && input.bytes.length === 0) return undefined;
  const value = plainValue(input, undefined);
  return isPlainObject(value) ? value : { input: value };
}

/** Whether an input is kept under the name `input`. */
export function isWrapped(input: StoredValue): boolean {
  return input.kind === "bytes" && input.bytes.length > 0 && !isPlainObject(plainValue(input, undefined));
}

/** Whether a value is an object that is nothing but its properties. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value as a plain store keeps it; of an error its record. */
function plainValue(value: StoredValue | undefined, step: string | undefined): unknown {
  if (value === undefined) return undefined;
  if (value.kind === "bytes") return decode(value.bytes);
  if (value.kind === "error") return structuredClone(value.error);
  throw new ConfigError(
    `${
      step === undefined ? "The input" : `The result of ${JSON.stringify(step)}`
    } lies in an object store (${value.key}); ` +
      "a runtime storage with only the ten methods keeps every value itself, so open the runtime without `storage`.",
    step === undefined ? {} : { node: step },
  );
}
