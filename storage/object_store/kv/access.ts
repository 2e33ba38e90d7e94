/**
 * How a KV object store reads and writes its KV: patiently, many commits together, and with errors that say what to do.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { ConfigError, FusewireError, UnavailableError } from "../../../src/errors.ts";
import { DENO_LIMITS, LEAST_CHECKS } from "../../kv/batch.ts";
import { CommitQueue } from "../../kv/commit_queue.ts";
import { failureKind } from "../../kv/failures.ts";
import type { KvEntry, KvEntryMaybe, KvKey, KvLike, KvListOptions, KvListSelector } from "../../kv/kv_like.ts";
import { PatientReads } from "../../kv/patient_reads.ts";
import type { Unit, UnitOutcome } from "../../kv/unit.ts";
import { GatheredReads } from "./gathered_reads.ts";
import { ObjectKeys } from "./object_keys.ts";

/** A KV that is open, and how a store works on it. */
export interface KvPlace {
  /** The KV. */
  readonly kv: KvLike;
  /** First part of every key. */
  readonly prefix: string;
  /** Whether it is behind a network. */
  readonly remote: boolean;
  /** How long it is tried, in milliseconds. */
  readonly patience: number;
  /** Time and chance. */
  readonly clock: Clock;
}

/** Reads and writes the KV of one store. */
export class KvAccess {
  /** Where everything lies. */
  readonly keys: ObjectKeys;
  /** Time and chance. */
  readonly clock: Clock;
  readonly #reads: PatientReads;
  readonly #gathered: GatheredReads;
  readonly #queue: CommitQueue;

  /** Begins nothing. */
  constructor({ kv, prefix, remote, patience, clock }: KvPlace) {
    this.keys = new ObjectKeys(prefix);
    this.clock = clock;
    this.#reads = new PatientReads(kv, clock, patience);
    this.#gathered = new GatheredReads(this.#reads);
    // A server allows 10 conditions; the queue finds that out if it was not said. Its client sends a commit again by itself when a reply
    // is lost, so that what is not surely local is taken for that.
    const limits = remote ? { ...DENO_LIMITS, checks: LEAST_CHECKS } : DENO_LIMITS;
    this.#queue = new CommitQueue(kv, { limits, remote, local: false, clock, patience });
  }

  /** Reads what is at each of some keys, ten at one moment. */
  async read(keys: readonly KvKey[]): Promise<KvEntryMaybe<unknown>[]> {
    const parts: Promise<KvEntryMaybe<unknown>[]>[] = [];
    for (let at = 0; at < keys.length; at += 10) parts.push(this.#gathered.read(keys.slice(at, at + 10)));
    try {
      return (await Promise.all(parts)).flat();
    } catch (error) {
      throw kvError(error);
    }
  }

  /** Lists entries. */
  async *list<T>(selector: KvListSelector, options: KvListOptions): AsyncGenerator<KvEntry<T>, void> {
    try {
      yield* this.#reads.list<T>(selector, options);
    } catch (error) {
      throw kvError(error);
    }
  }

  /** Commits a unit, together with others; `undefined` if a condition did not hold. */
  async submit(unit: Unit): Promise<UnitOutcome> {
    try {
      return await this.#queue.submit(unit);
    } catch (error) {
      throw kvError(error);
    }
  }
}

function kvError(error: unknown): unknown {
  if (error instanceof FusewireError) return error;
  const message = error instanceof Error ? error.message : String(error);
  switch (failureKind(error)) {
    case "closed":
      return new ConfigError("The KV of a store of objects was closed: keep it open as long as the store is used.", {
        cause: error,
      });
    case "doubt":
    case "locked":
      return new UnavailableError(
        `The KV of a store of objects does not answer: ${message}. Try again when it does; what was stored before is there.`,
        { cause: error },
      );
    case "refused":
      return error;
  }
}
