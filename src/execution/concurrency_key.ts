/**
 * Concurrency keys in one process: how many steps that share a key are at work, over all of its runs.
 *
 * @module
 */
import type { ConcurrencyLimit } from "../options.ts";

interface KeyUse {
  active: number;
  readonly waiting: (() => void)[];
}

const uses = new Map<string, KeyUse>();

/** Takes one place under a key, if there is one. */
export function takeKey({ key, limit }: ConcurrencyLimit): boolean {
  let use = uses.get(key);
  if (use === undefined) uses.set(key, use = { active: 0, waiting: [] });
  if (use.active >= limit) return false;
  use.active++;
  return true;
}

/**
 * Calls `taken` once a place under a full key has become this waiter's. What is returned ends the waiting, and gives the place back
 * if it came already.
 */
export function waitForKey(limit: ConcurrencyLimit, taken: () => void): () => void {
  const waiting = uses.get(limit.key)?.waiting;
  let hasPlace = false;
  const take = () => {
    hasPlace = true;
    taken();
  };
  waiting?.push(take);
  return () => {
    const at = waiting?.indexOf(take) ?? -1;
    if (at >= 0) waiting?.splice(at, 1);
    if (hasPlace) freeKey(limit);
  };
}

/** Gives a place back; the one that waited longest gets it. */
export function freeKey({ key }: ConcurrencyLimit): void {
  const use = uses.get(key);
  if (use === undefined) return;
  const next = use.waiting.shift();
  if (next !== undefined) next();
  else if (--use.active === 0) uses.delete(key);
}
