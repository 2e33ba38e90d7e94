/** Counts the workers that are alive, to see that none is left behind. */
import { expect } from "@std/expect";

/** Runs `body`, and checks that every worker that was started meanwhile has been ended. */
export async function withoutLeaks(body: () => Promise<void>): Promise<void> {
  const alive = new Set<Worker>();
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      super(specifier, options);
      alive.add(this);
    }
    override terminate(): void {
      super.terminate();
      alive.delete(this);
    }
  };
  try {
    await body();
    expect(alive.size).toBe(0);
  } finally {
    globalThis.Worker = Plain;
    for (const worker of alive) worker.terminate();
  }
}

/** A test on a pool: its workers, timers and files must have ended with it. */
export function poolTest(name: string, body: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: true, sanitizeResources: true, fn: () => withoutLeaks(body) });
}
