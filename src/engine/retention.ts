/**
 * Retention: finished runs are kept until somebody asks for them to be forgotten.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import { objectFolder } from "./stored_values.ts";

/** Options of {@linkcode Runtime.gc}. */
export interface GcOptions {
  /** Forgets runs that ended more than so many milliseconds ago, or before this time. */
  readonly olderThan: number | Date;
  /** Ends the work early; what is forgotten stays so. Default: never. */
  readonly signal?: AbortSignal;
}

/** How many runs are asked for at a time. */
const PAGE = 100;

/**
 * Forgets finished runs, with their values; gives their number. A run that a step of another waits for, or has waited for, is kept as long as
 * that one is: it shows what became of the step.
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
    if (ids.length === 0) return forgotten;
    for (const id of ids) {
      signal?.throwIfAborted();
      if (await isPartOfLater(core, id, before)) {
        kept.add(id);
        continue;
      }
      await core.objects?.deletePrefix(objectFolder(id));
      await core.storage.forget(id);
      forgotten++;
    }
  }
}

/** Whether the run that waits for a run, or has waited for it, has not ended before this time. */
async function isPartOfLater({ storage }: RuntimeCore, id: string, before: number): Promise<boolean> {
  const parent = (await storage.readRun(id))?.parent;
  const waiting = parent && await storage.readRun(parent.run);
  return waiting !== undefined && !(waiting.endedAt !== undefined && waiting.endedAt < before);
}
