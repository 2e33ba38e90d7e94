/**
 * What a running task sees of its run.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { GraphError } from "./errors.ts";
import type { RunShared } from "./run_shared.ts";

/** Writes to the logging library's category `fusewire.task`, with the names of workflow and node. */
export interface TaskLog {
  /** For those who look for a fault. */
  debug(message: string, properties?: Record<string, unknown>): void;
  /** For those who watch. */
  info(message: string, properties?: Record<string, unknown>): void;
  /** Something is not as it should be, and the task goes on. */
  warn(message: string, properties?: Record<string, unknown>): void;
  /** Something failed. */
  error(message: string, properties?: Record<string, unknown>): void;
}

/** What a running task sees. */
export interface TaskContext {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Id of the run. */
  readonly runId: string;
  /** Name of the node. */
  readonly nodeName: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Aborted on timeout and cancel. */
  readonly signal: AbortSignal;
  /** Stable over attempts: give it to services that recognise repeated requests. */
  readonly idempotencyKey: string;
  /** Grows with every claim of the step by a worker; `0n` in process. */
  readonly fence: bigint;
  /** A number from 0 up to but not including 1, seeded by workflow name, node name and the option `seed`. */
  random(): number;
  /** Reports progress, from 0 to 1. */
  progress(fraction: number, message?: string): void;
  /** Logs with the names of workflow and node. */
  readonly log: TaskLog;
  /** What the steps of the run share as long as it is at work in this process, or in this thread of a pool. */
  readonly shared: RunShared;
}

/** What asynchronous code carries along: a way to the context of the attempt that it belongs to. */
export interface ContextCarrier {
  /** The context, made when first asked for. */
  readonly context: TaskContext;
}

const carriers = new AsyncLocalStorage<ContextCarrier>();

/**
 * The context of the running task.
 *
 * @throws {GraphError} Outside a task: while nodes are built, or in code that a task started and did not wait for.
 *
 * @example
 * ```ts
 * import { context, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const who = task(function who() {
 *   return context().nodeName;
 * });
 * console.log(await new LocalWorkflow(who(), { workflowName: "names" }).run()); // who_0000
 * ```
 */
export function context(): TaskContext {
  const carrier = carriers.getStore();
  if (carrier === undefined) {
    throw new GraphError(
      "context() was called outside a task; call it inside a function that task() wraps, while it runs.",
    );
  }
  return carrier.context;
}

/** Calls `run`, so that `context()` in it, and in all that it starts, is the carrier's. */
export function withContext<T>(carrier: ContextCarrier, run: () => T): T {
  return carriers.run(carrier, run);
}

/** From here on `context()` is the carrier's, until the enclosing {@linkcode withContext} ends. What was started before keeps its own. */
export function switchContext(carrier: ContextCarrier): void {
  carriers.enterWith(carrier);
}
