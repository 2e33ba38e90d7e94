/**
 * The values of one run, each kept as long as somebody will read it.
 *
 * @module
 */
import type { Program } from "../program.ts";

/** Values, and how often each of them will be read. */
export class KeptValues {
  readonly #program: Program;
  /** How many reads of each value are still to come. */
  readonly #readers: Int32Array;
  readonly #onRelease: ((value: unknown) => void) | undefined;

  /** Starts with values by place; the targets are kept to the end. `onRelease` hears of each value that is let go. */
  constructor(program: Program, readonly values: unknown[], onRelease: ((value: unknown) => void) | undefined) {
    this.#program = program;
    this.#onRelease = onRelease;
    this.#readers = new Int32Array(program.graph.size);
    for (const { place } of program.targets) this.#readers[place]!++;
  }

  /** Keeps a value, if somebody will read it. */
  set(place: number, value: unknown): void {
    if (this.#readers[place]! > 0) this.values[place] = value;
  }

  /** Whether somebody will read a value. */
  isRead(place: number): boolean {
    return this.#readers[place] !== 0;
  }

  /** Whether nobody will read the value of the node at `of` after the node at `place` has ended. */
  readsLast(place: number, of: number): boolean {
    let own = 0;
    this.#program.forEachRead(place, (read) => {
      if (read === of) own++;
    });
    return this.#readers[of] === own;
  }

  /** The reads of a node are to come (+1), or done (−1); a value that nobody will read any more is let go. */
  expectReads(place: number, change: 1 | -1): void {
    const { simple, slotStart, slots, conditions } = this.#program;
    if (simple[place] === 0 || conditions.size > 0) {
      this.#program.forEachRead(place, (of) => this.#countRead(of, change));
      return;
    }
    for (let at = slotStart[place]!, end = slotStart[place + 1]!; at < end; at++) {
      const slot = slots[at]!;
      if (slot >= 0) this.#countRead(slot, change);
    }
  }

  #countRead(of: number, change: 1 | -1): void {
    if ((this.#readers[of]! += change) !== 0) return;
    const value = this.values[of];
    this.values[of] = undefined;
    this.#onRelease?.(value);
  }
}
