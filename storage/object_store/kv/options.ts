/**
 * Options of the KV object store.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import type { KvLike } from "../../kv/kv_like.ts";

/** Options of `KvObjectStore`. */
export interface KvObjectStoreOptions {
  /** Where to keep the objects: a `Deno.Kv`, or what has its shape. The store does not close it. */
  readonly kv: KvLike;
  /**
   * First part of every key, without `/`: stores with different ones know nothing of each other.
   *
   * @default {"fusewire"}
   */
  readonly prefix?: string;
  /**
   * Whether the KV is behind a network: many small commits at once.
   *
   * @default {false}
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
