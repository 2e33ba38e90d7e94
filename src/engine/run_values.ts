/**
 * The values of one run in this process: kept while somebody will read them, and read back from the store where another process made them.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import { IntegrityError } from "../errors.ts";
import type { Program } from "../program.ts";
import type { StoredValues } from "./stored_values.ts";

/** The values of one run, by place. */
export class RunValues {
  /** Values by place; those that are not here are read when they are needed. */
  readonly values: unknown[];
  readonly #present: boolean[];
  /** How many reads of each value are still to come. */
  readonly #readers: number[];

  /** `isOpen` tells which steps will still read. */
  constructor(
    readonly runId: string,
    readonly program: Program,
    readonly storage: EngineStorage,
    readonly codec: StoredValues,
    isOpen: (place: number) => boolean,
  ) {
    const { size } = program.graph;
    this.values = new Array(size);
    this.#present = new Array<boolean>(size).fill(false);
    this.#readers = new Array<number>(size).fill(0);
    for (const { place } of program.targets) this.#readers[place]!++;
    for (let place = 0; place < size; place++) {
      if (isOpen(place)) program.forEachRead(place, (of) => this.#readers[of]!++);
    }
  }

  /** Keeps a value, if somebody will read it. */
  set(place: number, value: unknown): void {
    if (this.#readers[place] === 0) return;
    this.values[place] = value;
    this.#present[place] = true;
  }

  /** Whether a value is here. */
  has(place: number): boolean {
    return this.#present[place] === true;
  }

  /** A value is not here any more, although it will be read. */
  forget(place: number): void {
    this.values[place] = undefined;
    this.#present[place] = false;
  }

  /** A step has ended, and will not read again; values that nobody else will read are let go. */
  ended(place: number): void {
    this.program.forEachRead(place, (of) => {
      if (--this.#readers[of]! > 0) return;
      this.values[of] = undefined;
      this.#present[of] = false;
    });
  }

  /** The places of what a step reads and what is not here. */
  missingFor(place: number): number[] {
    let missing: Set<number> | undefined;
    this.program.forEachRead(place, (of) => {
      if (this.#present[of] === false) (missing ??= new Set()).add(of);
    });
    return missing === undefined ? [] : [...missing];
  }

  /**
   * Reads values back from the store.
   *
   * @throws {IntegrityError} If one is not there.
   */
  async load(places: readonly number[]): Promise<void> {
    const stored = await this.storage.readValues(this.runId, places);
    for (const [i, place] of places.entries()) {
      const value = stored[i];
      if (value === undefined) {
        throw new IntegrityError(
          `The result of step \`${
            this.program.graph.names.at(place)
          }\` of run ${this.runId} is gone from the store, although it was committed.`,
          { node: this.program.graph.names.at(place) },
        );
      }
      this.values[place] = await this.codec.decode(value);
      this.#present[place] = true;
    }
  }
}
