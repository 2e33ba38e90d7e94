/**
 * Live objects of one run: they are made by the run's holder and never stored. A holder that takes a run over makes them again: it calls
 * the constructor and, in order, the methods whose results are committed, and drops what they give. The same is done where objects live
 * on a thread of a pool, and that is lost.
 *
 * Objects that meet in a call are made again together, so that their calls come in the order in which they came before.
 *
 * @module
 */
import { FusewireError, StepFailedError, WorkerLostError } from "../errors.ts";
import type { RunState } from "./run_state.ts";
import type { RunValues } from "./run_values.ts";
import { makeAttempt, type StepCall } from "./step_call.ts";

/** How often objects are made again if the thread is lost meanwhile. */
const MOST_TRIES = 3;

/** Makes the live objects of one run again. */
export class LiveObjects {
  readonly #reviving = new Map<number, Promise<void>>();
  #groups: Int32Array | undefined;

  /** `callAt` gives what an attempt of a step needs, but for its values; `isLost` tells whether an object is gone with its thread. */
  constructor(
    readonly state: RunState,
    readonly makers: Int32Array,
    readonly values: RunValues,
    readonly callAt: (place: number, values: readonly unknown[]) => StepCall,
    readonly isLost: (object: unknown) => boolean,
  ) {}

  /** Whether a place is that of a live object. */
  isObject(place: number): boolean {
    return this.makers[place] === place;
  }

  /** Objects that a step reads and that were lost, and all that were lost with them, are missing from now on. */
  forgetLost(place: number): void {
    const { values } = this;
    values.program.forEachRead(place, (of) => {
      if (!this.isObject(of) || !this.isLost(values.values[of])) return;
      for (const maker of this.#makersWith(of)) if (this.isLost(values.values[maker])) values.forget(maker);
    });
  }

  /**
   * Makes the object of `maker` again, unless it is there.
   *
   * @throws {StepFailedError} If a call that went well before fails now.
   */
  async revive(maker: number): Promise<void> {
    const group = this.#group(maker);
    for (let others; (others = this.#reviving.get(group)) !== undefined;) await others;
    if (this.values.has(maker)) return;
    const reviving = this.#reviveWith(maker).finally(() => this.#reviving.delete(group));
    this.#reviving.set(group, reviving);
    await reviving;
  }

  async #reviveWith(maker: number): Promise<void> {
    const { makers, state: { steps }, values } = this;
    const isReplayed = (place: number): boolean => place === maker || steps[place]!.phase === "succeeded";
    const missing = new Set(this.#makersWith(maker).filter((place) => !values.has(place) && isReplayed(place)));
    const places: number[] = [];
    for (const [place, of] of makers.entries()) if (missing.has(of) && isReplayed(place)) places.push(place);
    for (let tries = 1;; tries++) {
      const objects = new Map<number, unknown>();
      try {
        for (const place of places) {
          const value = await this.#replay(place, objects);
          if (this.isObject(place)) objects.set(place, value);
        }
      } catch (error) {
        if (tries < MOST_TRIES && error instanceof StepFailedError && error.cause instanceof WorkerLostError) continue;
        throw error;
      }
      for (const [place, object] of objects) values.set(place, object);
      return;
    }
  }

  /** The places of all objects that are made again together with that of `maker`, in order. */
  #makersWith(maker: number): number[] {
    const group = this.#group(maker);
    const makers: number[] = [];
    for (let place = group; place < this.makers.length; place++) {
      if (this.isObject(place) && this.#group(place) === group) makers.push(place);
    }
    return makers;
  }

  /** The least place of the objects that meet the one of `maker` in calls, directly or not. */
  #group(maker: number): number {
    const groups = this.#groups ??= this.#meet();
    let root = maker;
    while (groups[root] !== root) root = groups[root]!;
    return root;
  }

  #meet(): Int32Array {
    const groups = this.#groups = this.makers.slice();
    for (const [place, maker] of this.makers.entries()) {
      if (maker < 0) continue;
      this.values.program.forEachRead(place, (of) => {
        if (!this.isObject(of)) return;
        const [a, b] = [this.#group(maker), this.#group(of)];
        groups[Math.max(a, b)] = Math.min(a, b);
      });
    }
    return groups;
  }

  async #replay(place: number, objects: ReadonlyMap<number, unknown>): Promise<unknown> {
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
      if (this.isObject(of)) values[of] = objects.has(of) ? objects.get(of) : this.values.values[of];
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
