/** Counts the workers that are alive, to see that none is left behind. */
import { expect } from "@std/expect";

/** What is done with workers; `started` tells how many there have been so far. */
type Body = (started: () => number) => Promise<void>;

/** Runs `body`, and checks that every worker that was started meanwhile has been ended. */
async function withoutLeaks(body: Body): Promise<void> {
  const alive = new Set<Worker>();
  let started = 0;
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      super(specifier, options);
      alive.add(this);
      started++;
    }
    override terminate(): void {
      super.terminate();
      alive.delete(this);
    }
  };
  try {
    await body(() => started);
    expect(alive.size).toBe(0);
  } finally {
    globalThis.Worker = Plain;
    for (const worker of alive) worker.terminate();
  }
}

/** A test on a pool: its workers, timers and files must have ended with it. */
export function poolTest(name: string, body: Body): void {
  Deno.test({ name, sanitizeOps: true, sanitizeResources: true, fn: () => withoutLeaks(body) });
}
