/**
 * Options of the KV runtime storage.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";

/** The most bytes that are kept in one value of the store, and the size of a piece. */
export const PIECE_BYTES = 60_000;

/** First part of every key where no other is given. */
export const DEFAULT_PREFIX = "fw";

/** How a `KvRuntimeStorage` works. */
export interface KvRuntimeStorageOptions {
  /** Time and chance. Default: those of this machine. */
  readonly clock?: Clock;
  /**
   * First part of every key.
   *
   * @default {"fw"}
   */
  readonly prefix?: string;
  /**
   * Whether the KV is behind a network: many small commits at once, and bells can be watched.
   *
   * @default {false}
   */
  readonly remote?: boolean;
  /**
   * Whether the KV is a file or in memory, of this process. Any other client may send a commit again by itself when a reply is lost, so
   * that a commit which seems refused may have taken effect, and is looked for.
   *
   * @default {false}
   */
  readonly local?: boolean;
  /** How many conditions a commit may have. Default: 99, or 10 if `remote`. */
  readonly maxChecks?: number;
  /**
   * Whether other processes can use the same KV.
   *
   * @default {true}
   */
  readonly shared?: boolean;
  /**
   * How long a KV that is locked by others, or does not answer, is tried, in milliseconds.
   *
   * @default {30000}
   */
  readonly patience?: number;
  /** How another thread can open the same KV. Without it there are no heartbeats from another thread. */
  readonly reopen?: {
    /** A path or a URL. */
    readonly target: string;
  };
  /**
   * Whether `close` closes the KV too.
   *
   * @default {false}
   */
  readonly owned?: boolean;
}
