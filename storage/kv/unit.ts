/**
 * One thing to be written at once: conditions, mutations, and what must not be written in the same commit.
 *
 * @module
 */
import { keyBytes } from "./key_bytes.ts";
import type { KvCheck, KvKey } from "./kv_like.ts";

/** In place of a value: the entry is removed. */
export const REMOVED: unique symbol = Symbol("removed");

/** What became of a unit: the versionstamp of its mutations, or `undefined` if a condition did not hold and nothing was written. */
export type UnitOutcome = string | undefined;

/**
 * Conditions and mutations that hold and happen together. Units of different origins share a commit, so each says by guards what
 * it relies on: conditions are looked at before the mutations of the same commit, so that two units of which one changes what the
 * other relies on must not be in one.
 */
export class Unit {
  /** What must hold. Shared ones (the same object in many units) are written once a commit. */
  readonly checks: KvCheck[] = [];
  /** The keys that are written, in order. */
  readonly keys: KvKey[] = [];
  /** What is written to each of them. */
  readonly values: unknown[] = [];
  /** About how many bytes it takes, keys included. */
  bytes = 0;
  /** About how many bytes of keys it has. */
  keyBytes = 0;
  /** No other unit of a commit may have one of these among its guards. */
  readonly guards: string[] = [];
  /** No other unit of a commit may have one of these among its `guards`; both may share it. */
  sharedGuards: string[] | undefined;
  /** Bells that are rung, each once a commit. */
  bells: KvKey[] | undefined;
  /** Whether a commit whose reply was lost is simply sent again; if not, the unit is rejected with {@linkcode InDoubtError}. */
  resend = true;
  /** Whether a reply was, or may have been, lost since the unit was first sent: if a condition does not hold then, it may be the unit's own doing. */
  inDoubt = false;
  /** Called by the queue with what became of the unit. */
  settle: (outcome: UnitOutcome) => void = ignore;
  /** Called by the queue if nothing is known to have become of the unit. */
  fail: (error: unknown) => void = ignore;

  /** Adds a condition. */
  check(key: KvKey, versionstamp: string | null): void {
    this.checks.push({ key, versionstamp });
    this.#count(key, 24);
  }

  /** Adds that the entry gets this value of about `bytes` bytes. */
  set(key: KvKey, value: unknown, bytes: number): void {
    this.keys.push(key);
    this.values.push(value);
    this.#count(key, bytes + 24);
  }

  /** Adds that the entry is removed. */
  delete(key: KvKey): void {
    this.keys.push(key);
    this.values.push(REMOVED);
    this.#count(key, 24);
  }

  /** Adds that a bell is rung. */
  ring(bell: KvKey): void {
    const bells = this.bells ??= [];
    const last = bells[bells.length - 1];
    if (last !== undefined && last[1] === bell[1] && last[2] === bell[2]) return;
    bells.push(bell);
    this.#count(bell, 24);
  }

  /** Adds what this unit relies on and others may rely on too. */
  share(guard: string): void {
    (this.sharedGuards ??= []).push(guard);
  }

  /** How much is in the unit. */
  length(): UnitLength {
    const { checks, keys, bells, bytes, keyBytes } = this;
    return { checks: checks.length, mutations: keys.length, bells: bells?.length ?? 0, bytes, keyBytes };
  }

  /** Takes out what was added since the unit had this length. */
  cut(length: UnitLength): void {
    this.checks.length = length.checks;
    this.keys.length = this.values.length = length.mutations;
    if (this.bells !== undefined) this.bells.length = length.bells;
    this.bytes = length.bytes;
    this.keyBytes = length.keyBytes;
  }

  #count(key: KvKey, bytes: number): void {
    const own = keyBytes(key);
    this.keyBytes += own;
    this.bytes += own + bytes;
  }
}

/** How much is in a unit. */
export interface UnitLength {
  /** Conditions. */
  readonly checks: number;
  /** Mutations, without bells. */
  readonly mutations: number;
  /** Bells. */
  readonly bells: number;
  /** About how many bytes. */
  readonly bytes: number;
  /** About how many bytes of keys. */
  readonly keyBytes: number;
}

/** The reply to a commit was lost: it may have happened or not. */
export class InDoubtError extends Error {
  /** Takes what the store threw. */
  constructor(cause: unknown) {
    super("The reply to a commit was lost.", { cause });
    this.name = "InDoubtError";
  }
}

function ignore(): void {}
