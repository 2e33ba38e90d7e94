/**
 * Opening a KV that others are opening or writing to at the same time.
 *
 * @module
 */
import { failureKind } from "./failures.ts";

const MOST_TRIES = 100;
const LONGEST_WAIT = 100;

/** `Deno.openKv`, again and again while the file is locked: opening one writes to it. */
export async function openPatiently(target: string | undefined): Promise<Deno.Kv> {
  for (let tries = 1;; tries++) {
    try {
      return await Deno.openKv(target);
    } catch (error) {
      if (failureKind(error) !== "locked" || tries === MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT * Math.random()));
    }
  }
}
