/**
 * Retention: finished runs are kept until somebody asks for them to be forgotten.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import { cachedFolder } from "./cached_results.ts";
import { objectFolder } from "./stored_values.ts";

/** Options of {@linkcode Runtime.gc}. */
export interface GcOptions {
  /**
   * Forgets runs that ended more than so many milliseconds ago, or before this time; and results that are kept for other runs and were
   * used by none since, to the hour.
   */
  readonly olderThan: number | Date;
  /** Ends the work early; what is forgotten stays so. Default: never. */
  readonly signal?: AbortSignal;
}

/** How many runs are asked for at a time. */
const PAGE = 100;

/**
 * Forgets finished runs, with their values, and the kept results that no run has used since; gives the number of runs. A run that a step of
 * another waits for, or has waited for, is kept as long as that one is: it shows what became of the step.
 */
export async function forgetRuns(core: RuntimeCore, { olderThan, signal }: GcOptions): Promise<number> {
  const before = olderThan instanceof Date ? olderThan.getTime() : core.clock.now() - olderThan;
  if (!Number.isFinite(before)) {
    throw new ConfigError(
      `Option \`olderThan\` of gc() is ${String(olderThan)}; it must be a number of milliseconds or a Date.`,
    );
  }
  const kept = new Set<string>();
  let forgotten = 0;
  for (;;) {
    const ended = await core.storage.endedBefore(before, PAGE + 2 * kept.size);
    const ids = ended.filter((id) => !kept.has(id));
    if (ids.length === 0) break;
    for (const id of ids) {
      signal?.throwIfAborted();
      if (await isPartOfLater(core, id, before)) {
        kept.add(id);
        continue;
      }
      // What is still being made could be finished meanwhile, and would lack its objects.
      if (core.objects !== undefined && await core.storage.readRun(id) === undefined) await core.storage.forget(id);
      await core.objects?.deletePrefix(objectFolder(id));
      await core.storage.forget(id);
      forgotten++;
    }
  }
  await dropCached(core, before, signal);
  return forgotten;
}

async function dropCached({ storage, objects }: RuntimeCore, before: number, signal?: AbortSignal): Promise<void> {
  if (storage.cachedBefore === undefined || storage.dropCached === undefined) return;
  for (;;) {
    signal?.throwIfAborted();
    const keys = await storage.cachedBefore(before, PAGE);
    if (keys.length === 0) return;
    // Should that be interrupted, they are found again: whoever is given one without its object makes it anew.
    for (const key of keys) await objects?.deletePrefix(cachedFolder(key));
    await storage.dropCached(keys, before);
  }
}

/** Whether the run that waits for a run, or has waited for it, has not ended before this time. */
async function isPartOfLater({ storage }: RuntimeCore, id: string, before: number): Promise<boolean> {
  const parent = (await storage.readRun(id))?.parent;
  const waiting = parent && await storage.readRun(parent.run);
  return waiting !== undefined && !(waiting.endedAt !== undefined && waiting.endedAt < before);
}
