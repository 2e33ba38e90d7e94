/**
 * Batches of durable runs: a definition, run for each of many inputs, each under an id of its own, so that a batch that was killed goes on
 * with what is missing.
 *
 * @module
 */
import { contentHash } from "../../storage/codec/content_hash.ts";
import { nameProblem } from "../../storage/names.ts";
import type { RunRecord } from "../../storage/runtime/records.ts";
import { type BatchInputs, type BatchOptions, type BatchResult, settleInOrder } from "../batch.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError, GraphError, SerializationError } from "../errors.ts";
import { isFinal } from "../status.ts";
import { warn } from "../warning.ts";
import type { DurableRun } from "./durable_run.ts";
import { type Executable, executableOf } from "./executable.ts";
import type { StartOptions } from "./new_run.ts";
import type { Runtime } from "./runtime.ts";

/** Options of a batch of durable runs. */
export interface DurableBatchOptions extends BatchOptions, Pick<StartOptions, "priority" | "queue" | "tags"> {
  /**
   * Name of the batch, by the rule of names. The run of input number `i`, from 0, has the id `name[i]`: a batch of this name that was not
   * finished goes on, and what is finished is not run again. Default: none, every batch is a new one.
   */
  readonly batch?: string;
  /**
   * Whether this process works on the runs. Else it starts them and waits, and workers have to be there.
   *
   * @default {true}
   */
  readonly drive?: boolean;
  /**
   * Whether runs of an earlier batch of this name that have failed are tried again; those that were cancelled always are.
   *
   * @default {false}
   */
  readonly retryFailed?: boolean;
}

/** See `Runtime.runBatch`. */
export async function* durableBatch<I, T>(
  runtime: Runtime,
  definition: Definition<I, T>,
  inputs: BatchInputs<I>,
  options: DurableBatchOptions,
): AsyncGenerator<BatchResult<I, T>, void, undefined> {
  const executable = executableOf(definition);
  const problem = options.batch === undefined ? undefined : nameProblem(options.batch);
  if (problem !== undefined) {
    throw new ConfigError(`Option \`batch\` of a batch is ${JSON.stringify(options.batch)}; ${problem}.`);
  }
  const { driven } = runtime.core;
  const isDriven = options.drive !== false;
  yield* settleInOrder<I, T>(inputs, options, async (input, index, stop) => {
    let started: { readonly runId?: string } = {};
    if (isDriven && !driven.take()) await driven.wait();
    try {
      stop.throwIfAborted();
      const checked = definition instanceof WorkflowDefinition ? await definition.checkInput(input) : input;
      const run = await startOne<T>(runtime, executable, checked, index, options);
      started = { runId: run.id };
      const cancel = (): void =>
        void run.cancel().catch((error) =>
          warn(`Run ${run.id} could not be cancelled: ${String(error)}`, { run: run.id })
        );
      stop.addEventListener("abort", cancel, { once: true });
      if (stop.aborted) cancel();
      try {
        return { index, input, ...started, status: "fulfilled", value: await run.result() };
      } finally {
        stop.removeEventListener("abort", cancel);
      }
    } catch (reason) {
      return { index, input, ...started, status: "rejected", reason };
    } finally {
      if (isDriven) driven.put();
    }
  }, false);
}

/** Starts the run of one input, or goes on with the one that there is. */
async function startOne<T>(
  runtime: Runtime,
  executable: Executable,
  input: unknown,
  index: number,
  { batch, drive = true, retryFailed = false, priority, queue, tags }: DurableBatchOptions,
): Promise<DurableRun<T>> {
  const options: StartOptions = {
    ...(batch === undefined ? {} : { id: `${batch}[${index}]` }),
    ...(priority === undefined ? {} : { priority }),
    ...(queue === undefined ? {} : { queue }),
    ...(tags === undefined ? {} : { tags }),
  };
  const start = (): ReturnType<Runtime["startExecutable"]> =>
    drive ? runtime.driveExecutable(executable, input, options) : runtime.startExecutable(executable, input, options);
  const { run, created, here } = await start();
  if (created) return runtime.attach<T>(run.id, here);
  await checkSame(runtime, executable, run, input);
  if (run.status === "CANCELLED" || retryFailed && run.status === "FAILED") {
    // Another process that works on the same batch may have opened it again just now.
    await runtime.get(run.id).retry().catch((error) => {
      if (!(error instanceof GraphError)) throw error;
    });
    await start();
  }
  return runtime.attach<T>(run.id);
}

/**
 * Looks whether a run of an earlier batch is what this batch asks for.
 *
 * @throws {ConfigError} If it is of another workflow, or has another input.
 * @throws {GraphError} If it has not ended and is of another graph, so that nobody here can go on with it.
 */
async function checkSame(
  { core }: Runtime,
  { definition: { workflow, version, schema } }: Executable,
  run: RunRecord,
  input: unknown,
): Promise<void> {
  const place = { workflow };
  if (run.workflow !== workflow) {
    throw new ConfigError(`Run ${run.id} is of workflow \`${run.workflow}\`; give the batch another name.`, place);
  }
  if (!isFinal(run.status) && (run.version !== version || run.schema !== schema)) {
    throw new GraphError(
      `Run ${run.id} of workflow \`${workflow}\` has not ended and is of version ${
        JSON.stringify(run.version)
      } or of ` +
        "another graph; let the program that started it finish it, or give the batch another name.",
      place,
    );
  }
  const before = await core.codec.decodeInput(run.input);
  if (isSame(before, input)) return;
  throw new ConfigError(
    `Run ${run.id} of workflow \`${workflow}\` was started with another input; the inputs of a batch must come in the same ` +
      "order each time, and a batch of other inputs needs another name.",
    place,
  );
}

/** Whether two inputs have the same content. Those without a canonical form, which serializers keep, are taken for the same. */
function isSame(before: unknown, now: unknown): boolean {
  try {
    return contentHash(before) === contentHash(now);
  } catch (error) {
    if (error instanceof SerializationError) return true;
    throw error;
  }
}
