/**
 * Tasks of the Fuseline scenarios of policies, at the top of a module, so that every backend finds them.
 *
 * @module
 */
import { context, task } from "@fusewire/fusewire";

/** Gives the number of its attempt, from the third one on. */
export const third = task(() => {
  const { attempt } = context();
  if (attempt < 3) throw new RangeError(`failure ${attempt}`);
  return attempt;
}, { name: "third" });
/** Always fails. */
export const fail = task((): number => {
  throw new RangeError(`failure ${context().attempt}`);
}, { name: "fail" });
/** Takes a second, unless it is stopped. */
export const second = task(async () => {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return "late";
}, { name: "second" });
/** Adds one. */
export const addOne = task((x: number) => x + 1, { name: "addOne" });
