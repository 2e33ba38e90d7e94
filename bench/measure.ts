/**
 * What the benchmarks measure with, and the lines they print.
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

/** By how much the memory of the process grew at most while `work` ran, in bytes. */
export async function growthDuring(work: () => Promise<unknown>): Promise<number> {
  const before = Deno.memoryUsage().rss;
  let peak = before;
  const look = (): void => {
    peak = Math.max(peak, Deno.memoryUsage().rss);
  };
  const timer = setInterval(look, 1);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  look();
  return peak - before;
}

/**
 * Makes the measurement that the command line names; without one, each in a process of its own: the one would leave the other a full heap.
 * They have all permissions.
 *
 * @param file The module of the benchmark.
 */
export async function runParts(parts: Readonly<Record<string, () => Promise<void>>>, file: string): Promise<void> {
  const [chosen] = Deno.args;
  if (chosen !== undefined) {
    const part = parts[chosen];
    if (part !== undefined) return await part();
    throw new Error(`There is no part ${chosen}; the parts are ${Object.keys(parts).join(", ")}.`);
  }
  for (const part of Object.keys(parts)) {
    const args = ["run", "--quiet", "--allow-all", file, part];
    const { success } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" })
      .output();
    if (!success) Deno.exit(1);
  }
}
