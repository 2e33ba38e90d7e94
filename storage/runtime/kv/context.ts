/**
 * What the parts of the KV runtime storage share.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import { ConfigError } from "../../../src/errors.ts";
import type { CommitQueue } from "../../kv/commit_queue.ts";
import type { KvKeys } from "./keys.ts";
import type { KvCheck, KvListSelector } from "../../kv/kv_like.ts";
import type { PatientReads } from "../../kv/patient_reads.ts";
import type { StoredForms } from "./stored_form.ts";
import { Unit } from "../../kv/unit.ts";

/** What the parts of the KV runtime storage share. */
export interface KvContext {
  /** How everything is read. */
  readonly kv: PatientReads;
  /** Where everything lies. */
  readonly keys: KvKeys;
  /** How everything is written. */
  readonly queue: CommitQueue;
  /** How values are written. */
  readonly forms: StoredForms;
  /** Time and chance. */
  readonly clock: Clock;
  /** Tells this storage from every other one. */
  readonly mark: string;
  /** A text that no other storage makes, and this one never again: it tells one's own write, whose reply was lost, from another's. */
  readonly newMark: () => string;
}

/** How often something that others kept changing is read and tried again. */
const MOST_TRIES = 200;

/**
 * Reads and writes until nobody changed in between what was read.
 *
 * @param what Is tried, for the message.
 * @param attempt Gives the result, or `undefined` if something had changed.
 */
export async function untilUnchanged<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new ConfigError(`${what} was changed by others each of ${MOST_TRIES} times that it was tried.`);
}

/** What is written only as long as the head of a run is the one that was read. */
export interface WhileHead {
  /** The run. */
  readonly runId: string;
  /** One condition for all that is written. */
  readonly check: KvCheck;
}

/** Removes keys that nobody reads any more, in commits of bounded size, each only as long as `only` holds. */
export async function removeAll(context: KvContext, selector: KvListSelector, only?: WhileHead): Promise<void> {
  let waiting: Promise<unknown>[] = [];
  for await (const entry of context.kv.list(selector, { batchSize: 100 })) {
    const unit = new Unit();
    if (only !== undefined) {
      unit.checks.push(only.check);
      unit.share(only.runId);
    }
    unit.delete(entry.key);
    waiting.push(context.queue.submit(unit));
    if (waiting.length >= 1000) {
      await Promise.all(waiting);
      waiting = [];
    }
  }
  await Promise.all(waiting);
}
