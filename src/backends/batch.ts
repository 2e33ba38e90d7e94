/**
 * Batches in this process: a definition, run for each of many inputs.
 *
 * @module
 */
import type { BatchInputs, BatchOptions, BatchResult } from "../batch.ts";
import type { Clock } from "../clock.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import { LocalWorkflow } from "./local.ts";

/** Options of {@linkcode runBatch}. */
export interface LocalBatchOptions extends BatchOptions {
  /** Time and chance. Default: the real ones. */
  readonly clock?: Clock;
}

/**
 * Runs a definition in this process for each of many inputs, a bounded number of runs at a time, and gives what came of them in the order of
 * the inputs. A run that fails is a result like any other. `Array.fromAsync()` gives what `Promise.allSettled()` would.
 *
 * Results are made as they are read: at most four times as many runs as may be at work are ahead of the reader, so that a source of any
 * length fits in memory. Leaving the loop cancels what is at work. For a batch that survives the process there is `runtime.runBatch()`.
 *
 * @param definition What is run.
 * @param inputs The inputs, from any iterable or async iterable.
 * @param options How many at a time, and what ends the batch.
 * @throws {ConfigError} With the first result, if an option can not be used, or the definition was not made by `defineWorkflow()`.
 *
 * @example
 * ```ts
 * import { defineWorkflow, type Input, runBatch, task } from "@fusewire/fusewire";
 *
 * const root = task((n: number) => {
 *   if (n < 0) throw new RangeError(`${n} has no root`);
 *   return Math.sqrt(n);
 * }, { name: "root" });
 * const roots = defineWorkflow("roots", { version: "1" }, (input: Input<{ n: number }>) => root(input.n));
 * for await (const result of runBatch(roots, [{ n: 4 }, { n: -1 }, { n: 9 }], { concurrency: 2 })) {
 *   console.log(result.index, result.status === "fulfilled" ? result.value : result.status); // 0 2, 1 rejected, 2 3
 * }
 * ```
 */
export async function* runBatch<I, T>(
  definition: Definition<I, T>,
  inputs: BatchInputs<NoInfer<I>>,
  { clock, ...options }: LocalBatchOptions = {},
): AsyncGenerator<BatchResult<I, T>, void, undefined> {
  const made: unknown = definition;
  if (!(made instanceof WorkflowDefinition)) {
    throw new ConfigError(
      "runBatch() runs definitions as defineWorkflow() returns them, and was given something else.",
    );
  }
  const { settleInOrder } = await import("../batch.ts");
  yield* settleInOrder<I, T>(inputs, options, async (input, index, stop) => {
    let run: { readonly runId?: string } = {};
    try {
      stop.throwIfAborted();
      const workflow = new LocalWorkflow(made, clock === undefined ? { input } : { input, clock });
      const started = await workflow.start();
      run = { runId: started.id };
      const cancel = (): void => void started.cancel();
      stop.addEventListener("abort", cancel, { once: true });
      if (stop.aborted) cancel();
      try {
        // What a definition gives is what its targets' types say.
        return { index, input, ...run, status: "fulfilled", value: await started.result() as T };
      } finally {
        stop.removeEventListener("abort", cancel);
      }
    } catch (reason) {
      return { index, input, ...run, status: "rejected", reason };
    }
  }, true);
}
