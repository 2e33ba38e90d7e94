/**
 * Where a task comes from: the module that called `task()`, and its order there. Another thread that imports the same module
 * finds the same task under the same order.
 *
 * @module
 */
import type { TaskInfo, TaskOrigin } from "./node.ts";

const counts = new Map<string, number>();
let watcher: ((task: TaskInfo) => void) | undefined;

/** Calls `watch` with every task that is made from now on: a worker keeps those of the modules that it imports. */
export function watchTasks(watch: (task: TaskInfo) => void): void {
  watcher = watch;
}

/** Tells who watches that a task was made. */
export function announceTask(task: TaskInfo): void {
  watcher?.(task);
}

/** The origin of a task that is being made: the module of the code that called `above`. */
export function taskOrigin(above: (...args: never[]) => unknown): TaskOrigin {
  const module = callerOf(above);
  if (module === undefined) return { module, order: 0 };
  const order = counts.get(module) ?? 0;
  counts.set(module, order + 1);
  return { module, order };
}

function callerOf(above: (...args: never[]) => unknown): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, above);
  Error.stackTraceLimit = stackTraceLimit;
  return trace.stack?.match(/((?:file|https?|jsr|npm|data|blob):[^\s()]+?)(?::\d+){2}\)?\s*$/)?.[1];
}
