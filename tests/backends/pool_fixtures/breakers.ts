/** Tasks that break their worker, or do not come to an end. */
import { context, task } from "@fusewire/fusewire";

/** Counts the calls in shared memory, and does something bad the first `times`. */
function badly(shared: SharedArrayBuffer, times: number, bad: () => void): number {
  const count = Atomics.add(new Int32Array(shared), 0, 1) + 1;
  if (count <= times) bad();
  return count;
}

export const exits = task(function exits(shared: SharedArrayBuffer, times: number): number {
  return badly(shared, times, () => Deno.exit(3));
});
export const closes = task(async function closes(shared: SharedArrayBuffer, times: number): Promise<number> {
  const count = badly(shared, times, () => self.close());
  await new Promise((resolve) => setTimeout(resolve, count <= times ? 10_000 : 0));
  return count;
});
export const throwsLater = task(async function throwsLater(shared: SharedArrayBuffer, times: number): Promise<number> {
  const count = badly(shared, times, () => {
    setTimeout(() => {
      throw new RangeError("out of band");
    });
  });
  await new Promise((resolve) => setTimeout(resolve, count <= times ? 10_000 : 0));
  return count;
});
export const rejectsLater = task(
  async function rejectsLater(shared: SharedArrayBuffer, times: number): Promise<number> {
    const count = badly(shared, times, () => void Promise.reject(new RangeError("nobody waits")));
    await new Promise((resolve) => setTimeout(resolve, count <= times ? 10_000 : 0));
    return count;
  },
);
/** Waits until the first place of shared memory is not 0, and leaves its thread to others meanwhile. */
export const waits = task(async function waits(shared: SharedArrayBuffer): Promise<string> {
  const flag = new Int32Array(shared);
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return self.name;
});
export const endless = task(function endless(): never {
  while (true);
});
export const endlessTry = task(function endlessTry(): never {
  while (true) {
    try {
      while (true);
    } finally {
      // Nothing gets out of here but the end of the thread's patience.
    }
  }
});
export const blocked = task(function blocked(): string {
  return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
/** Keeps its thread after it has waited, where no time limit reaches, for `ms` milliseconds. */
export const hogs = task(async function hogs(ms: number): Promise<boolean> {
  await Promise.resolve();
  const end = Date.now() + ms;
  context().progress(0);
  while (Date.now() < end);
  return false;
});
/** Keeps its thread for `ms` milliseconds. */
export const busy = task(function busy(ms: number): void {
  context().progress(0);
  const end = Date.now() + ms;
  while (Date.now() < end);
});
/** Never ends, and does not listen. */
export const deaf = task(async function deaf(): Promise<void> {
  context().progress(0);
  await new Promise(() => {});
});
/** Endless at its first attempt. */
export const endlessOnce = task(function endlessOnce(): number {
  const { attempt } = context();
  while (attempt === 1);
  return attempt;
});
