/**
 * Runs in virtual time.
 *
 * @module
 */
import type { VirtualClock } from "@fusewire/fusewire/testing";
import { settle } from "../../testing/settle.ts";

/** Lets virtual time go on until a promise settles. */
export async function played<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = (): void => void (isDone = true);
  work.then(done, done);
  await settle();
  // A run begins with a turn of its own.
  for (let idle = 0; !isDone && idle < 100;) {
    if (clock.fireNext()) await settle();
    else {
      idle++;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  if (!isDone) throw new Error("The run does not end.");
  return await work;
}
