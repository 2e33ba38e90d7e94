/**
 * Options of the KV object store.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import type { KvLike } from "../../kv/kv_like.ts";

/** Options of `KvObjectStore`. */
export interface KvObjectStoreOptions {
  /**
   * Where to keep the objects: an open `Deno.Kv`, or what has its shape, which the store does not close; or a path, `":memory:"` or the URL of a KV
   * server (its token is read from `DENO_KV_ACCESS_TOKEN`), which is opened on first use; the folder of a path is made. Default: `Deno.openKv()` without a path, which on Deno
   * Deploy is the database of the app.
   */
  readonly kv?: KvLike | string | URL;
  /**
   * First part of every key, without `/`: stores with different ones know nothing of each other.
   *
   * @default {"fusewire"}
   */
  readonly prefix?: string;
  /**
   * Whether the KV is behind a network: many small commits at once.
   *
   * @default {whether its place is a URL, or Deno Deploy; false for a KV that was given open}
   */
  readonly remote?: boolean;
  /**
   * How long a KV that is locked by others, or does not answer, is tried, in milliseconds.
   *
   * @default {30000}
   */
  readonly patience?: number;
  /** Time and chance. Default: those of this machine. */
  readonly clock?: Clock;
}
