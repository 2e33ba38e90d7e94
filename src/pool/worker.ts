/**
 * What a worker of a pool runs.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { context } from "../context.ts";
import { ConfigError } from "../errors.ts";
import { guardStarts } from "../start_guard.ts";
import { encodeError } from "./error_message.ts";
import { holdLock } from "./lock.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { watchMakers } from "./registry.ts";
import { starterOf } from "./starter.ts";
import { WorkerCalls } from "./worker_calls.ts";

const post = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void =>
  self.postMessage(message, [...transfer]);

const calls = new WorkerCalls(post);
watchMakers();
guardStarts((workflowName) => {
  if (isInTask()) return;
  const error = new ConfigError(
    `Workflow \`${workflowName}\` was started by ${
      starterOf(new Error())
    } while a worker of a pool imported it to find its ` +
      "tasks. Start workflows only where the module is the main one: `if (import.meta.main) { … }`; or keep the tasks in a " +
      "module of their own.",
    { workflow: workflowName },
  );
  post({ type: "unguarded", error: encodeError(error) });
  throw error;
});

function isInTask(): boolean {
  try {
    context();
    return true;
  } catch {
    return false;
  }
}

const crash = (event: Event, error: unknown): void => {
  event.preventDefault();
  post({ type: "crashed", error: encodeError(error) });
};
self.addEventListener("error", (event) => crash(event, event.error));
self.addEventListener("unhandledrejection", (event) => crash(event, event.reason));
self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => calls.receive(data));
holdLock(self.name, () => post({ type: "ready" }));
