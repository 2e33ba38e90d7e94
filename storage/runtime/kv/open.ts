/**
 * Opening a runtime storage on a KV.
 *
 * @module
 */
import type { KvLike } from "../../kv/kv_like.ts";
import type { KvRuntimeStorage } from "./kv_runtime_storage.ts";
import type { KvRuntimeStorageOptions } from "./options.ts";

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
  const { openOn } = await import("./opening.ts");
  return await openOn(target, options);
}
