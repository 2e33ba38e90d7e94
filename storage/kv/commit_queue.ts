/**
 * Writes units of many origins in few commits. On a file a commit costs a sync of the disk, however much it writes; so while one is
 * on its way others gather, and then go together. On a remote store many commits are on their way at once, and a single one stays
 * small (a larger request waits 44 ms for a delayed acknowledgement there).
 *
 * @module
 */
import { ConfigError } from "../../src/errors.ts";
import type { Clock } from "../../src/clock.ts";
import { atomicOf, Batch, type BatchLimits, LEAST_CHECKS } from "./batch.ts";
import { failureKind } from "./failures.ts";
import type { KvCheck, KvLike } from "./kv_like.ts";
import { waitBefore } from "./patient_reads.ts";
import { InDoubtError, type Unit, type UnitOutcome } from "./unit.ts";

/** How a {@linkcode CommitQueue} writes. */
export interface CommitQueueOptions {
  /** Limits of one commit. */
  readonly limits: BatchLimits;
  /** Whether the store is behind a network. */
  readonly remote: boolean;
  /** Whether a commit that was refused has surely not taken effect. */
  readonly local: boolean;
  /** Times waits. */
  readonly clock: Clock;
  /** How long a store that another connection keeps locked, or that does not answer, is tried, in milliseconds. */
  readonly patience: number;
}

/** How many commits are on their way to a remote store at once. */
const REMOTE_IN_FLIGHT = 8;
/** So many waiting units make a second commit to a file worth its while: it is prepared while the first is written. */
const SECOND_FROM = 64;
/** How many keys `getMany` takes. */
const KEYS_AT_ONCE = 10;

/** Gathers units and commits them. */
export class CommitQueue {
  readonly #kv: KvLike;
  readonly #options: CommitQueueOptions;
  #waiting: Unit[] = [];
  #limits: BatchLimits;
  #inFlight = 0;
  #woken = false;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Commits to `kv`. */
  constructor(kv: KvLike, options: CommitQueueOptions) {
    this.#kv = kv;
    this.#options = options;
    this.#limits = options.limits;
  }

  /**
   * Commits a unit, together with others.
   *
   * @throws {InDoubtError} If the reply was lost and the unit is not to be sent again.
   * @throws {ConfigError} If the store could not be written for too long.
   */
  submit(unit: Unit): Promise<UnitOutcome> {
    return new Promise((settle, fail) => {
      unit.settle = settle;
      unit.fail = fail;
      this.#waiting.push(unit);
      if (this.#woken) return;
      this.#woken = true;
      queueMicrotask(() => {
        this.#woken = false;
        this.#dispatch();
      });
    });
  }

  /** Resolves when nothing is waiting or on its way. */
  idle(): Promise<void> {
    if (this.#inFlight === 0 && this.#waiting.length === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const { remote } = this.#options;
      const room = remote ? REMOTE_IN_FLIGHT : this.#waiting.length >= SECOND_FROM ? 2 : 1;
      if (this.#inFlight >= room) return;
      // A remote store is given as many commits as it takes at once, each as small as that allows.
      const most = remote ? Math.ceil(this.#waiting.length / (room - this.#inFlight)) : Infinity;
      const batch = new Batch(this.#limits);
      this.#waiting = batch.fill(this.#waiting, most);
      this.#inFlight++;
      this.#commit(batch.units).then(() => {
        this.#inFlight--;
        this.#dispatch();
        if (this.#inFlight === 0) {
          this.#idle?.resolve();
          this.#idle = undefined;
        }
      });
    }
  }

  /** Commits units until each is settled; never rejects. */
  async #commit(units: readonly Unit[]): Promise<void> {
    const began = this.#options.clock.now();
    let left = units;
    for (let tries = 0; left.length > 0;) {
      try {
        const result = await atomicOf(this.#kv, left).commit();
        if (result.ok) return left.forEach((unit) => unit.settle(result.versionstamp));
      } catch (error) {
        const kind = failureKind(error);
        if (kind === "closed") return left.forEach((unit) => unit.fail(error));
        if (kind === "refused") return this.#heedLimit(left, error) ? undefined : await this.#apart(left, error);
        if (kind === "doubt") {
          left = left.filter((unit) => unit.resend || (unit.fail(new InDoubtError(error)), false));
          for (const unit of left) unit.inDoubt = true;
        }
        if (this.#options.clock.now() - began > this.#options.patience) {
          const given = givenUp(kind, error, this.#options.patience);
          return left.forEach((unit) => unit.fail(given));
        }
        await this.#pause(tries++);
        continue;
      }
      // A condition may have been broken by the commit itself, sent twice by the client.
      if (!this.#options.local) { for (const unit of left) unit.inDoubt = true; }
      if (left.length === 1) return left[0]?.settle(undefined);
      const holding = await this.#holding(left);
      if (holding.length === left.length) return await this.#apart(left, undefined);
      left = holding;
    }
  }

  /** A store that was given open may allow fewer conditions than Deno's own: from now on commits have no more, these units too. */
  #heedLimit(units: readonly Unit[], error: unknown): boolean {
    if (!(error instanceof Error && /too many checks/i.test(error.message))) return false;
    if (units.length === 1 || new Set(units.flatMap(({ checks }) => checks)).size <= LEAST_CHECKS) return false;
    this.#limits = { ...this.#limits, checks: LEAST_CHECKS };
    this.#waiting = [...units, ...this.#waiting];
    return true;
  }

  /** The units of a commit that failed whose conditions hold; the others are settled. */
  async #holding(units: readonly Unit[]): Promise<readonly Unit[]> {
    const checks = [...new Set(units.flatMap((unit) => unit.checks))];
    const broken = new Set<KvCheck>();
    try {
      for (let at = 0; at < checks.length; at += KEYS_AT_ONCE) {
        const some = checks.slice(at, at + KEYS_AT_ONCE);
        const entries = await this.#kv.getMany<unknown[]>(some.map((check) => check.key));
        some.forEach((check, i) => {
          if (entries[i]?.versionstamp !== check.versionstamp) broken.add(check);
        });
      }
    } catch {
      return units;
    }
    return units.filter((unit) => {
      if (!unit.checks.some((check) => broken.has(check))) return true;
      unit.settle(undefined);
      return false;
    });
  }

  /** Commits each half on its own, so that in the end only what is to blame fails. */
  async #apart(units: readonly Unit[], error: unknown): Promise<void> {
    if (units.length === 1) return units[0]?.fail(error);
    const middle = units.length >> 1;
    await this.#commit(units.slice(0, middle));
    await this.#commit(units.slice(middle));
  }

  #pause(tries: number): Promise<void> {
    const { clock } = this.#options;
    return new Promise((resolve) => void clock.setTimer(waitBefore(tries, clock), resolve));
  }
}

function givenUp(kind: "locked" | "doubt", error: unknown, patience: number): unknown {
  return kind === "doubt" ? error : new ConfigError(
    `The KV file was locked by other processes for ${patience / 1000} seconds; fewer workers on one file, or a ` +
      "KV server for all of them, would help.",
    { cause: error },
  );
}
