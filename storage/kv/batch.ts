/**
 * Which waiting units go into one commit: as many, in order, as its limits allow and as do not rely on what another changes.
 *
 * @module
 */
import type { KvAtomicLike, KvCheck, KvKey, KvLike } from "./kv_like.ts";
import { REMOVED, type Unit } from "./unit.ts";

/** The limits of one commit. */
export interface BatchLimits {
  /** Conditions. Deno allows 100; `denokv` 10. */
  readonly checks: number;
  /** Mutations. Deno allows 1000. */
  readonly mutations: number;
  /** Bytes of keys and values. Deno allows 819,200. */
  readonly bytes: number;
  /** Bytes of keys. Deno allows 81,920. */
  readonly keyBytes: number;
}

/** Deno's limits, with room for what is only estimated. */
export const DENO_LIMITS: BatchLimits = { checks: 99, mutations: 990, bytes: 750_000, keyBytes: 80_000 };

/** How many conditions of a commit every known KV allows: `denokv` no more than that. */
export const LEAST_CHECKS = 10;

/** After so many units that can not go into this commit the rest is not looked at. */
const MOST_PASSED_OVER = 200;

/** Units that are committed together. */
export class Batch {
  /** The units, in order. */
  readonly units: Unit[] = [];
  readonly #limits: BatchLimits;
  readonly #guards = new Set<string>();
  readonly #shared = new Set<string>();
  readonly #sharedChecks = new Set<KvCheck>();
  #checks = 0;
  #mutations = 0;
  #bytes = 0;
  #keyBytes = 0;
  #full = false;

  /** Empty. */
  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  /** Takes what fits from the beginning of `waiting`, at most `most` units, and gives what is left. */
  fill(waiting: Unit[], most: number = Infinity): Unit[] {
    const left: Unit[] = [];
    let i = 0;
    for (; i < waiting.length && this.units.length < most && left.length < MOST_PASSED_OVER; i++) {
      const unit = waiting[i];
      if (unit === undefined) break;
      if (!this.#add(unit)) left.push(unit);
      if (this.#full) {
        i++;
        break;
      }
    }
    if (i === waiting.length) return left;
    return left.length === 0 ? waiting.slice(i) : [...left, ...waiting.slice(i)];
  }

  #add(unit: Unit): boolean {
    const limits = this.#limits;
    let checks = this.#checks;
    for (const check of unit.checks) if (!this.#sharedChecks.has(check)) checks++;
    const mutations = this.#mutations + unit.keys.length + (unit.bells?.length ?? 0);
    const bytes = this.#bytes + unit.bytes;
    const keyBytes = this.#keyBytes + unit.keyBytes;
    if (
      this.units.length > 0 &&
      (checks > limits.checks || mutations > limits.mutations || bytes > limits.bytes || keyBytes > limits.keyBytes)
    ) {
      this.#full = true;
      return false;
    }
    for (const guard of unit.guards) if (this.#guards.has(guard) || this.#shared.has(guard)) return false;
    if (unit.sharedGuards !== undefined) {
      for (const guard of unit.sharedGuards) if (this.#guards.has(guard)) return false;
      for (const guard of unit.sharedGuards) this.#shared.add(guard);
    }
    for (const guard of unit.guards) this.#guards.add(guard);
    for (const check of unit.checks) this.#sharedChecks.add(check);
    this.#checks = checks;
    this.#mutations = mutations;
    this.#bytes = bytes;
    this.#keyBytes = keyBytes;
    this.units.push(unit);
    return true;
  }
}

/** A commit of units: shared conditions and bells once each. */
export function atomicOf(kv: KvLike, units: readonly Unit[]): KvAtomicLike {
  const atomic = kv.atomic();
  const checks = new Set<KvCheck>();
  const bells = new Map<string, KvKey>();
  for (const unit of units) {
    for (const check of unit.checks) {
      if (checks.has(check)) continue;
      checks.add(check);
      atomic.check(check);
    }
    for (let i = 0; i < unit.keys.length; i++) {
      const key = unit.keys[i];
      if (key === undefined) continue;
      const value = unit.values[i];
      if (value === REMOVED) atomic.delete(key);
      else atomic.set(key, value);
    }
    if (unit.bells !== undefined) { for (const bell of unit.bells) bells.set(bell.join("\n"), bell); }
  }
  for (const bell of bells.values()) atomic.set(bell, 0);
  return atomic;
}
