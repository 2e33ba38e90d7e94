/**
 * Web Locks, as far as the pool needs them. A worker holds one as long as it lives, so that the scheduling thread hears of every
 * end of it: Deno says nothing when a worker ends by `Deno.exit()` or `self.close()`.
 *
 * @module
 */

/** The part of the `LockManager` of the web platform that is used here; Deno 2.9 has it, but not its types. */
interface Locks {
  request(name: string, options: { readonly signal?: AbortSignal }, held: () => unknown): Promise<unknown>;
}

function lockManager(): Locks {
  const locks: unknown = Reflect.get(navigator, "locks");
  if (isLocks(locks)) return locks;
  throw new TypeError("This version of Deno has no `navigator.locks`; a pool needs Deno 2.9 or newer.");
}

function isLocks(value: unknown): value is Locks {
  return typeof value === "object" && value !== null && "request" in value && typeof value.request === "function";
}

/** Holds a lock until this thread ends; calls `held` as soon as it does. */
export function holdLock(name: string, held: () => void): void {
  void lockManager().request(name, {}, () => {
    held();
    return new Promise(() => {});
  });
}

/** Waits until nobody holds the lock, and tells whether that came before `signal` was aborted. */
export async function awaitLock(name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await lockManager().request(name, { signal }, () => {});
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
