/**
 * The workers of the storage in memory: what each holds, and who has nothing to do.
 *
 * @module
 */
import { LeaseLostError } from "../../src/errors.ts";
import type { Slot } from "./engine_storage.ts";
import type { HeldOffer, MemoryRun } from "./memory_run.ts";
import type { SessionRecord } from "./records.ts";

/** A live session with all that it holds. */
export interface MemorySession {
  /** Its id, and until when its lease holds. */
  record: SessionRecord;
  /** The runs that it holds. */
  readonly runs: Set<MemoryRun>;
  /** The steps of other runs that it holds. */
  readonly offers: Set<HeldOffer>;
  /** The queues that it waits for while it has nothing to do, and until when. */
  idle: { readonly queues: ReadonlySet<string>; readonly until: number };
}

/** The live sessions, and the slots that they hold. */
export class MemorySessions {
  readonly #live = new Map<string, MemorySession>();
  /** For each concurrency key the holders, by session. */
  readonly #slots = new Map<string, Map<string, Set<string>>>();

  /** Begins a session, or goes on with it. @returns Whether it is live. */
  keep(record: SessionRecord, isNew: boolean): boolean {
    const session = this.#live.get(record.id);
    if (session !== undefined) {
      session.record = { ...record };
      return true;
    }
    if (!isNew) return false;
    const idle = { queues: new Set<string>(), until: 0 };
    this.#live.set(record.id, { record: { ...record }, runs: new Set(), offers: new Set(), idle });
    return true;
  }

  /** A session that has to be live. */
  get(id: string): MemorySession {
    const session = this.#live.get(id);
    if (session === undefined) {
      throw new LeaseLostError(
        `The worker session ${JSON.stringify(id)} is over: its lease has passed, or it was ended.`,
      );
    }
    return session;
  }

  /** A session, if it is live. */
  find(id: string): MemorySession | undefined {
    return this.#live.get(id);
  }

  /** Ends a session, frees its slots, and gives what it held. */
  end(id: string): MemorySession | undefined {
    const session = this.#live.get(id);
    this.#live.delete(id);
    for (const [key, holders] of this.#slots) {
      holders.delete(id);
      if (holders.size === 0) this.#slots.delete(key);
    }
    return session;
  }

  /** The ids of the sessions whose lease has passed. */
  expired(now: number): string[] {
    return [...this.#live.values()].filter(({ record }) => record.deadline < now).map(({ record }) => record.id);
  }

  /** Whether another session waits for work of a queue. */
  hasIdle(queue: string, besides: string, now: number): boolean {
    for (const [id, { idle }] of this.#live) {
      if (id !== besides && idle.until > now && idle.queues.has(queue)) return true;
    }
    return false;
  }

  /** Takes a slot unless all are held. Taking the same one twice is taking it once. */
  takeSlot({ key, limit, session, holder }: Slot): boolean {
    this.get(session);
    const holders = this.#slots.get(key) ?? new Map<string, Set<string>>();
    let held = 0;
    for (const ofSession of holders.values()) held += ofSession.size;
    const own = holders.get(session) ?? new Set();
    if (own.has(holder)) return true;
    if (held >= limit) return false;
    own.add(holder);
    holders.set(session, own);
    this.#slots.set(key, holders);
    return true;
  }

  /** Frees a slot; silent if it is not held. */
  freeSlot({ key, session, holder }: Slot): void {
    const holders = this.#slots.get(key);
    const own = holders?.get(session);
    if (holders === undefined || own === undefined) return;
    own.delete(holder);
    if (own.size === 0) holders.delete(session);
    if (holders.size === 0) this.#slots.delete(key);
  }
}
