/**
 * What a call fails with when its worker ends before it.
 *
 * @module
 */
import { ConfigError, WorkerLostError } from "../errors.ts";
import type { ThreadEnd } from "./thread.ts";

/** The worker ended by itself. */
export function endError(node: string, end: ThreadEnd): Error {
  switch (end.kind) {
    case "refused":
      return new ConfigError(
        `A worker for node \`${node}\` could not start: ${end.message}. Workers have the permissions of the process; ` +
          "they need to read the package and the modules of the tasks.",
        { node },
      );
    case "crashed":
      return new WorkerLostError(
        `The worker of node \`${node}\` crashed on an error that nobody caught: ${
          end.error instanceof Error ? end.error.message : String(end.error)
        }`,
        { cause: end.error, node },
      );
    case "gone":
      return new WorkerLostError(
        `The worker of node \`${node}\` ended before the node did; its code must not call Deno.exit() or self.close().`,
        { node },
      );
  }
}

/** The worker was given up because of another node. */
export function givenUpError(node: string, because: string): WorkerLostError {
  return new WorkerLostError(
    `The worker of node \`${node}\` was given up, because node \`${because}\` kept it beyond its time.`,
    { node },
  );
}

/** An object is not there any more. */
export function lostObjectError(node: string): WorkerLostError {
  return new WorkerLostError(
    `Node \`${node}\` needs an object that was lost with its worker; run the workflow again.`,
    { node },
  );
}
