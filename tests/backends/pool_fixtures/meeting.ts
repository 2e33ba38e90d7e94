/** Tasks that meet, wait and count in shared memory. */
import { task } from "@fusewire/fusewire";

/** Waits, without giving up its thread, until `wanted` calls are here together. Gives up after ten seconds. */
export const meet = task(function meet(shared: SharedArrayBuffer, wanted: number): number {
  const here = new Int32Array(shared);
  Atomics.add(here, 0, 1);
  Atomics.notify(here, 0);
  const end = Date.now() + 10_000;
  for (let count = Atomics.load(here, 0); count < wanted; count = Atomics.load(here, 0)) {
    if (Atomics.wait(here, 0, count, end - Date.now()) === "timed-out") throw new Error(`only ${count} came`);
  }
  return wanted;
});

/** Counts how many calls are at work at a time; the most is kept at place 1. Each waits for others a moment, to let them come. */
export const crowd = task(async function crowd(shared: SharedArrayBuffer): Promise<void> {
  const counts = new Int32Array(shared);
  const now = Atomics.add(counts, 0, 1) + 1;
  for (let most = Atomics.load(counts, 1); now > most; most = Atomics.load(counts, 1)) {
    Atomics.compareExchange(counts, 1, most, now);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  Atomics.sub(counts, 0, 1);
});

/** Like {@linkcode meet}, but leaves its thread to others while it waits. */
export const meetAsync = task(async function meetAsync(shared: SharedArrayBuffer, wanted: number): Promise<number> {
  const here = new Int32Array(shared);
  Atomics.add(here, 0, 1);
  const end = Date.now() + 10_000;
  while (Atomics.load(here, 0) < wanted) {
    if (Date.now() > end) throw new Error(`only ${Atomics.load(here, 0)} came`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return wanted;
});
