/**
 * Tasks for maps on workers of a pool.
 *
 * @module
 */
import { context, task } from "@fusewire/fusewire";

/** Ends its worker at the first attempt of every third number. */
export const breaks = task(async function breaks(n: number): Promise<number> {
  if (n % 3 === 0 && context().attempt === 1) {
    self.close();
    await new Promise((resolve) => setTimeout(resolve, 10_000));
  }
  return n + 1;
}, { retry: { maxAttempts: 9, initialDelay: 1, jitter: 0 } });

/** Whether it runs in a worker. */
export const isElsewhere = task((_n: number): boolean => "WorkerGlobalScope" in globalThis, { name: "isElsewhere" });
