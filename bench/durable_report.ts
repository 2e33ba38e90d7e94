/**
 * Lines of the benchmarks of durable runs.
 *
 * @module
 */

/** One figure. */
export interface Line {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  /** What can not be gone below, or what it is compared with, in the same unit. */
  readonly floor?: number;
  /** Ours by the floor, so that what is better is greater for rates and less for costs. */
  readonly ratio?: number;
  readonly goal?: number;
  readonly ok?: boolean;
}

/** Prints a figure as one JSON object. */
export function report(line: Line): void {
  const rounded = Object.entries(line).map(([key, value]) => [
    key,
    typeof value === "number" ? Number(value.toPrecision(4)) : value,
  ]);
  console.log(JSON.stringify(Object.fromEntries(rounded)));
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** Milliseconds that work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
