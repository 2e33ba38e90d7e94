/**
 * Live objects of one run: they are made by the run's holder and never stored. A holder that takes a run over makes them again: it calls
 * the constructor and, in order, the methods whose results are committed, and drops what they give.
 *
 * @module
 */
import { FusewireError, StepFailedError } from "../errors.ts";
import type { RunState } from "./run_state.ts";
import type { RunValues } from "./run_values.ts";
import { makeAttempt, type StepCall } from "./step_call.ts";

/** Makes the live objects of one run again. */
export class LiveObjects {
  readonly #revived = new Map<number, Promise<unknown>>();

  /** `callAt` gives what an attempt of a step needs, but for its values. */
  constructor(
    readonly state: RunState,
    readonly makers: Int32Array,
    readonly values: RunValues,
    readonly callAt: (place: number, values: readonly unknown[]) => StepCall,
  ) {}

  /** Whether a place is that of a live object. */
  isObject(place: number): boolean {
    return this.makers[place] === place;
  }

  /**
   * Makes the object of `maker` again, once, and gives it.
   *
   * @throws {StepFailedError} If a call that went well before fails now.
   */
  revive(maker: number): Promise<unknown> {
    let revived = this.#revived.get(maker);
    if (revived === undefined) this.#revived.set(maker, revived = this.#revive(maker));
    return revived;
  }

  async #revive(maker: number): Promise<unknown> {
    const object = await this.#replay(maker, undefined);
    for (let place = maker + 1; place < this.makers.length; place++) {
      const step = this.state.steps[place]!;
      if (this.makers[place] === maker && step.committed && step.phase === "succeeded") {
        await this.#replay(place, object);
      }
    }
    this.values.set(maker, object);
    return object;
  }

  async #replay(place: number, object: unknown): Promise<unknown> {
    const { program, runId } = this.values;
    const read = new Set<number>();
    program.forEachRead(place, (of) => read.add(of));
    const values: unknown[] = [];
    const stored = [...read].filter((of) => !this.isObject(of));
    const found = await this.values.storage.readValues(runId, stored);
    for (const [i, of] of stored.entries()) {
      const value = found[i];
      if (value !== undefined) values[of] = await this.values.codec.decode(value);
    }
    for (const of of read) {
      if (of === this.makers[place]) values[of] = object;
      else if (this.isObject(of)) {
        // Perhaps no step that is to come reads it, but only this replay.
        values[of] = this.values.has(of) ? this.values.values[of] : await this.revive(of);
      }
    }
    const outcome = await makeAttempt(this.callAt(place, values));
    if (outcome.kind === "succeeded") return outcome.value;
    const node = program.graph.names.at(place);
    throw new StepFailedError(
      `The live object of step \`${
        program.graph.names.at(this.makers[place]!)
      }\` could not be made again: its call \`${node}\`, ` +
        `which went well before, failed: ${
          outcome.error instanceof Error ? outcome.error.message : String(outcome.error)
        }`,
      {
        cause: outcome.error,
        node,
        ...(outcome.error instanceof FusewireError && outcome.error.workflow !== undefined
          ? { workflow: outcome.error.workflow }
          : {}),
      },
    );
  }
}
