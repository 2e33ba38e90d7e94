/**
 * Opening a KV, and saying clearly why it can not be opened.
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { KvLike } from "./kv_like.ts";
import { openPatiently } from "./open_patiently.ts";

/** How long a server that accepts a connection may take to answer, in milliseconds. Deno's client would wait for ever. */
const ANSWER_WITHIN = 10_000;

/** A KV that was opened. */
export interface OpenedKv {
  /** The KV; close it. */
  readonly kv: KvLike;
  /** Where it is; `undefined` for Deno's own choice. */
  readonly place: string | undefined;
  /** Whether it is behind a network. */
  readonly remote: boolean;
  /** How long a server may take to answer, in milliseconds. */
  readonly within: number;
}

/** How a KV is opened. */
export interface OpenKvOptions {
  /**
   * How long it may take, in milliseconds.
   *
   * @default {no limit}
   */
  readonly patience?: number | undefined;
  /**
   * Whether the folder of a path is made.
   *
   * @default {false}
   */
  readonly makeFolder?: boolean;
}

/**
 * Opens the KV at a path, `":memory:"` or the URL of a KV server; without one, Deno's own choice.
 *
 * @throws {ConfigError} If it can not be opened; the message says what to change.
 */
export async function openKvAt(
  target: string | URL | undefined,
  { patience = Infinity, makeFolder = false }: OpenKvOptions = {},
): Promise<OpenedKv> {
  const place = target instanceof URL
    ? placeOf(target)
    : target?.startsWith("file:")
    ? placeOf(new URL(target))
    : target;
  const within = Math.min(ANSWER_WITHIN, patience);
  const folder = makeFolder && place !== undefined && !isRemote(place) ? /^(.*)[\\/]/s.exec(place)?.[1] : undefined;
  // Whatever is wrong with the folder, opening says it.
  if (folder) await Deno.mkdir(folder, { recursive: true }).catch(() => {});
  return {
    kv: await openKv(place, within),
    place,
    remote: place === undefined ? onDeploy() : isRemote(place),
    within,
  };
}

async function openKv(place: string | undefined, within: number): Promise<KvLike> {
  if (typeof Deno.openKv !== "function") {
    throw new ConfigError(
      'Deno KV is not there: run with --unstable-kv, or put "kv" into "unstable" of the deno.json of your program.',
    );
  }
  if (place !== undefined && !isRemote(place)) checkPath(place);
  try {
    if (place === undefined || !isRemote(place)) return await openPatiently(place);
    await knock(place, within);
    return await inTime(Deno.openKv(place), within, (late) => late.close());
  } catch (error) {
    throw new ConfigError(kvProblem(place, error), { cause: error });
  }
}

/** A text that looks like an address would make a file of that name. */
function checkPath(place: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(place)?.[1];
  if (scheme !== undefined) {
    throw new ConfigError(
      `The KV ${
        JSON.stringify(place)
      } can not be opened: the URL of a KV server begins with http:// or https://, not with ${scheme}://.`,
    );
  }
  if (/^[\w.-]{2,}:\d{1,5}(?:\/|$)/.test(place)) {
    throw new ConfigError(
      `The KV ${JSON.stringify(place)} can not be opened: the URL of a KV server begins with http:// or https://. ` +
        `For a file of this name, write ${JSON.stringify(`./${place}`)}.`,
    );
  }
}

/**
 * Asks whether anybody answers there. An opening that waits for a silent server can not be cancelled and would keep the process from
 * ending; this can. Whatever else is wrong, opening says it better.
 */
async function knock(url: string, within: number): Promise<void> {
  const signal = AbortSignal.timeout(within);
  try {
    const response = await fetch(url, { method: "POST", redirect: "manual", signal });
    await response.body?.cancel();
  } catch {
    if (signal.aborted) throw silence(within);
  }
}

/** Waits for so long at most; `late` is given what comes after that. */
export async function inTime<T>(promise: Promise<T>, within: number, late: (value: T) => void): Promise<T> {
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    over.reject(silence(within));
    promise.then(late, () => {});
  }, within);
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function silence(within: number): Error {
  return new Error(`no answer within ${within / 1000} s`);
}

/** Why a KV can not be used, and what to do. */
export function kvProblem(place: string | undefined, error: unknown): string {
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
    if (/no answer within/.test(said)) {
      return `${name} can not be reached: something accepts connections there and does not answer; is the server stuck, or is this the address of something else? (${said})`;
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
