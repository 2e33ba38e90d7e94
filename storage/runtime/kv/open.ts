/**
 * Opening a KV, and saying clearly why it can not be opened.
 *
 * @module
 */
import { ConfigError } from "../../../src/errors.ts";
import type { KvLike } from "./kv_like.ts";
import { KvRuntimeStorage, type KvRuntimeStorageOptions } from "./kv_runtime_storage.ts";

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
  const place = target instanceof URL
    ? placeOf(target)
    : target?.startsWith("file:")
    ? placeOf(new URL(target))
    : target;
  const remote = place === undefined ? onDeploy() : isRemote(place);
  const kv = await openKv(place);
  const inMemory = place === ":memory:";
  return new KvRuntimeStorage(kv, {
    remote,
    shared: !inMemory,
    owned: true,
    ...(place === undefined || inMemory || place === "" ? {} : { reopen: { target: place } }),
    ...options,
  });
}

async function openKv(place: string | undefined): Promise<KvLike> {
  if (typeof Deno.openKv !== "function") {
    throw new ConfigError(
      'Deno KV is not there: run with --unstable-kv, or put "kv" into "unstable" of the deno.json of your program.',
    );
  }
  try {
    return await Deno.openKv(place);
  } catch (error) {
    throw new ConfigError(problem(place, error), { cause: error });
  }
}

function problem(place: string | undefined, error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const name = place === undefined ? "The default Deno KV" : `The KV ${JSON.stringify(place)}`;
  if (error instanceof Error && error.name === "NotCapable") return `${name} can not be opened: ${said}.`;
  if (place !== undefined && isRemote(place)) {
    if (/DENO_KV_ACCESS_TOKEN/.test(said)) {
      return `${name} can not be opened: set the environment variable DENO_KV_ACCESS_TOKEN to the access token of the server.`;
    }
    if (/\b(?:401|403)\b|unauthorized|forbidden|invalid access token|denied/i.test(said)) {
      return `${name} can not be opened: the server refuses the access token in DENO_KV_ACCESS_TOKEN (${said}).`;
    }
    if (/failed to connect|error sending request|connection refused|dns/i.test(said)) {
      return `${name} can not be reached: is the server running, and is this its address? (${said})`;
    }
    return `${name} can not be opened: is this the URL of a KV server? (${said})`;
  }
  return `${name} can not be opened: its folder must exist, and the file be a Deno KV file that can be read and written (${said}).`;
}

function placeOf(url: URL): string {
  if (url.protocol !== "file:") return url.href;
  const path = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? path.replace(/^\/(?=[A-Za-z]:)/, "") : path;
}

function isRemote(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** Whether this runs on Deno Deploy, as far as that may be asked. */
function onDeploy(): boolean {
  const variable = "DENO_DEPLOYMENT_ID";
  const permission = Deno.permissions.querySync({ name: "env", variable });
  return permission.state === "granted" && Deno.env.get(variable) !== undefined;
}
