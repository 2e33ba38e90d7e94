/**
 * What opening a runtime storage on a KV takes: who only imports the package does not load it.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import { DENO_LIMITS, LEAST_CHECKS } from "../../kv/batch.ts";
import type { KvLike } from "../../kv/kv_like.ts";
import { inTime, kvProblem, openKvAt } from "../../kv/open_kv.ts";
import { KvRuntimeStorage } from "./kv_runtime_storage.ts";
import type { KvTarget } from "./open.ts";
import type { KvRuntimeStorageOptions } from "./options.ts";
import { loadKvParts } from "./parts_loader.ts";

/** See `openKvRuntimeStorage`. */
export async function openOn(target: KvTarget, options: KvRuntimeStorageOptions): Promise<KvRuntimeStorage> {
  await loadKvParts();
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
