import { seededRandom } from "../src/random.ts";

/**
 * Chance that comes out the same for the same seed, in every process.
 *
 * @example Choose
 * ```ts
 * import { SeededRandom } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * const choose = () => {
 *   const random = new SeededRandom("42");
 *   return [random.int(1, 6), random.bool(), random.pick(["a", "b", "c"])];
 * };
 * expect(choose()).toEqual(choose());
 * ```
 */
export class SeededRandom {
  /** A number from 0 up to but not including 1. */
  readonly next: () => number;

  /** Two generators with the same `seed` give the same. */
  constructor(readonly seed: string) {
    this.next = seededRandom(seed);
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True with the given probability, from 0 to 1. */
  bool(probability = 0.5): boolean {
    return this.next() < probability;
  }

  /**
   * One of the items.
   *
   * @throws {RangeError} There is none.
   */
  pick<T>(items: readonly T[]): T {
    const place = this.int(0, items.length - 1);
    for (const item of items.slice(place, place + 1)) return item;
    throw new RangeError("There is no item to pick from.");
  }

  /** A generator of its own for `name`, whatever has been taken from this one. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`);
  }
}
