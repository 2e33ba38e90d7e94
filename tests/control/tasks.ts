/**
 * Tasks for tests of control flow, at the top level of a module, where workers of a pool find them.
 *
 * @module
 */
import { context, task } from "@fusewire/fusewire";

/** Gives back what it is given. */
export const same = task(<T>(value: T): T => value, { name: "same" });
/** Gives a list of all that it is given. */
export const list = task((...values: unknown[]): unknown[] => values, { name: "list" });
/** Fails. */
export const fails = task((message: string): string => {
  throw new RangeError(message);
}, { name: "fails" });
/** Fails, which counts as being skipped. */
export const skips = task((): string => {
  throw new Error("skipped");
}, { name: "skips", onFailure: "skip" });
/** Gives a value after some milliseconds, or ends when it is stopped. */
export const later = task(async function later(value: string, ms: number): Promise<string> {
  const { signal } = context();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
  return value;
});
/** Fails after some milliseconds. */
export const failsLater = task(async function failsLater(ms: number): Promise<string> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms));
  throw new RangeError("too late");
});
/** Gives the next number. */
export const next = task((x: number, ..._others: unknown[]): number => x + 1, { name: "next" });
/** Makes a record. */
export const record = task((sum: number, by: number): { sum: number; by: number } => ({ sum, by }), { name: "record" });
export const square = task((x: number) => x * x, { name: "square" });
export const multiply = task((a: number, b: number) => a * b, { name: "multiply" });
export const negate = task((x: number) => -x, { name: "negate" });
export const kindOf = task((x: number): "low" | "high" => (x < 5 ? "low" : "high"), { name: "kindOf" });
/** Fails if the item is "ill". */
export const failing = task((item: string): string => {
  if (item === "ill") throw new RangeError("ill");
  return item;
}, { name: "failing" });
/** Is skipped if the item is "ill". */
export const skipping = task((item: string): string => {
  if (item === "ill") throw new RangeError("ill");
  return item;
}, { name: "skipping", onFailure: "skip" });
/** Takes longer than it may if the item is "ill". */
export const tooSlow = task(async (item: string): Promise<string> => {
  if (item === "ill") await stopped();
  return item;
}, { name: "tooSlow", timeout: 20 });
/** Ends when it is stopped. */
export const idle = task(async (item: string): Promise<string> => {
  await stopped();
  return item;
}, { name: "idle" });

async function stopped(): Promise<never> {
  const { signal } = context();
  return await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}
