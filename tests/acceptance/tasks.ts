/**
 * Tasks of the Function Fuse scenarios, at the top of a module, so that every backend finds them.
 *
 * @module
 */
import { InitializerPlugin, RandomStatePlugin, task } from "@fusewire/fusewire";

/** Adds. */
export const add = task((a: number, b: number) => a + b, { name: "add" });
/** Subtracts. */
export const sub = task((a: number, b: number) => a - b, { name: "sub" });
/** A tuple. */
export const pair = task((a: number, b: number): [number, number] => [a, b], { name: "pair" });
/** Gives what it gets. */
export const id = task(<T>(value: T): T => value, { name: "id" });
/** An object. */
export const split = task((n: number) => ({ half: n / 2, whole: n }), { name: "split" });
/** Sums numbers at any depth. */
export const total = task(
  (of: { list: (number | { n: number })[]; more: { deep: number[] } }): number =>
    [...of.list.map((part) => typeof part === "number" ? part : part.n), ...of.more.deep].reduce((a, b) => a + b, 0),
  {
    name: "total",
  },
);
/** Always fails. */
export const fail = task((): number => {
  throw new RangeError("boom");
}, { name: "fail" });

/** Sums up what it is given. */
export class IncrementalSum {
  #sum: number;
  /** Begins with a number. */
  constructor(start: number) {
    this.#sum = start;
  }
  /** Adds to the sum. */
  add(n: number): number {
    return this.#sum += n;
  }
}
/** Makes sums. */
export const makeSum = task(IncrementalSum);

/** What the plugins leave for the function, on the thread where all of them run. */
const prepared: { by?: string; seed?: number } = {};
/** Leaves the node's name. */
export const preparing = new InitializerPlugin(({ nodeName }) => void (prepared.by = nodeName));
/** Leaves a number that is made where nodes are scheduled. */
export const seeding = new RandomStatePlugin({
  min: 1,
  max: 1_000,
  seed: 0,
  seedFunc: (state) => void (prepared.seed = state),
});
/** Tells what was left. */
export const readPrepared = task(() => ({ ...prepared }), { name: "readPrepared" });
