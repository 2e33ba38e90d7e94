/**
 * Tasks for tests of nodes that wait, at the top level of a module, where workers of a pool find them.
 *
 * @module
 */
import { context, task } from "@fusewire/fusewire";

/** Gives back what it is given. */
export const same = task(<T>(value: T): T => value, { name: "same" });
/** Gives a list of all that it is given. */
export const list = task((...values: unknown[]): unknown[] => values, { name: "list" });
/** Twice a number. */
export const double = task((n: number): number => 2 * n, { name: "double" });
/** A number, or 0. */
export const orZero = task((n: number | undefined): number => n ?? 0, { name: "orZero" });
/** The numbers from 0 on. */
export const range = task((count: number): number[] => Array.from({ length: count }, (_, i) => i), { name: "range" });
/** Fails for one number. */
export const notTwo = task((n: number): number => {
  if (n === 2) throw new RangeError("two is refused");
  return n;
}, { name: "notTwo" });
/** Fails at its first attempt. */
export const secondTime = task((n: number): number => {
  if (context().attempt === 1) throw new RangeError("not yet");
  return 10 * n;
}, { name: "secondTime", retry: { maxAttempts: 2, initialDelay: 1, jitter: 0 } });
/** Gives a value after some milliseconds. */
export const later = task(async function later(ms: number): Promise<number> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms));
  return ms;
});
/** Whether a number is odd. */
export const isOdd = task((n: number): boolean => n % 2 === 1, { name: "isOdd" });

class Total {
  #sum = 0;
  constructor(start: number) {
    this.#sum = start;
  }
  add(n: number): number {
    return this.#sum += n;
  }
}
/** Adds up. */
export const total = task(Total);
