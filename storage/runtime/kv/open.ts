/**
 * Opening a runtime storage on a KV.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import { DENO_LIMITS, LEAST_CHECKS } from "../../kv/batch.ts";
import type { KvLike } from "../../kv/kv_like.ts";
import { inTime, kvProblem, openKvAt } from "../../kv/open_kv.ts";
import type { KvRuntimeStorageOptions } from "./options.ts";
import { KvRuntimeStorage } from "./kv_runtime_storage.ts";

/** A path, `":memory:"`, the URL of a KV server, or a KV that is open; without one, Deno's own choice. */
export type KvTarget = string | URL | KvLike | undefined;

/**
 * Opens a runtime storage on Deno KV. A KV that is given open is not closed with it.
 *
 * @example A file
 * ```ts
 * import { openKvRuntimeStorage } from "./open.ts";
 *
 * const storage = await openKvRuntimeStorage(":memory:");
 * await storage.close();
 * ```
 *
 * @throws {ConfigError} If the KV can not be opened; the message says what to change.
 */
export async function openKvRuntimeStorage(
  target?: KvTarget,
  options: KvRuntimeStorageOptions = {},
): Promise<KvRuntimeStorage> {
  if (typeof target === "object" && !(target instanceof URL)) return new KvRuntimeStorage(target, options);
  const { kv, place, remote, within } = await openKvAt(target, { patience: options.patience });
  const inMemory = place === ":memory:";
  return new KvRuntimeStorage(kv, {
    remote,
    local: !remote,
    ...(remote ? { maxChecks: await checksAllowed(kv, place, within) } : {}),
    shared: !inMemory,
    owned: true,
    ...(place === undefined || inMemory || place === "" ? {} : { reopen: { target: place } }),
    ...options,
  });
}

/** How many conditions a commit to a server may have; none is written to find out. */
async function checksAllowed(kv: KvLike, place: string | undefined, within: number): Promise<number> {
  const atomic = kv.atomic();
  for (let i = 0; i <= LEAST_CHECKS; i++) atomic.check({ key: ["fw", "no such key", i], versionstamp: null });
  try {
    await inTime(atomic.commit(), within, () => {});
    return DENO_LIMITS.checks;
  } catch (error) {
    if (error instanceof Error && /too many checks/i.test(error.message)) return LEAST_CHECKS;
    kv.close();
    throw new ConfigError(kvProblem(place, error), { cause: error });
  }
}
