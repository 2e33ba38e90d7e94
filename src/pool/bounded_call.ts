/**
 * Synchronous calls that end when their time is up, whatever they do.
 *
 * `Worker.terminate()` of Deno 2.9 does not stop code that keeps its thread: it waits until the event loop comes round
 * (denoland/deno#35657). What does stop it, in JavaScript, regular expressions and `Atomics.wait` alike, is the time limit of
 * `node:vm`. The thread goes on with its other work afterwards.
 *
 * @module
 */
import { Script } from "node:vm";

/** How a bounded call ended. */
export type BoundedResult =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "stopped" };

/** The longest limit that `node:vm` takes. */
const LONGEST = 2_147_483_647;

/** Name of the symbol under which the script finds what it is to call. */
const SLOT = "fusewire.boundedCall";
const script = new Script(`globalThis[Symbol.for("${SLOT}")]()`);

/** Calls a function, and stops it where it is when `limit` milliseconds have passed. */
export function callBounded(call: () => unknown, limit: number | undefined): BoundedResult {
  let result: BoundedResult = { kind: "stopped" };
  // Errors are caught inside, because the script would add lines of its own to them. Being stopped can not be caught.
  const inside = (): void => {
    try {
      result = { kind: "returned", value: call() };
    } catch (error) {
      result = { kind: "threw", error };
    }
  };
  if (limit === undefined || limit > LONGEST) {
    inside();
    return result;
  }
  Reflect.set(globalThis, Symbol.for(SLOT), inside);
  try {
    script.runInThisContext({ timeout: Math.max(1, Math.ceil(limit)) });
  } catch (error) {
    if (!isTimeout(error)) throw error;
  }
  return result;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
