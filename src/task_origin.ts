/**
 * Where a task comes from: the module that called `task()`, and its order there. Another thread that imports the same module
 * finds the same task under the same order.
 *
 * @module
 */
import { type Callee, type CodeOrigin, OriginCounter } from "./code_origin.ts";
import type { TaskInfo } from "./task_info.ts";

const counter = new OriginCounter();
let watcher: ((task: TaskInfo) => void) | undefined;

/** Calls `watch` with every task that is made from now on: a worker keeps those of the modules that it imports. */
export function watchTasks(watch: (task: TaskInfo) => void): void {
  watcher = watch;
}

/** Tells who watches that a task was made. */
export function announceTask(task: TaskInfo): void {
  watcher?.(task);
}

/** The origin of a task that is being made by the code that called `above`. */
export function taskOrigin(above: Callee): CodeOrigin {
  return counter.next(above);
}
