/**
 * Sessions: a worker's lease, and what tells whether it may still claim.
 *
 * A session has two entries. `session` has the deadline and changes with every sign of life. `alive` is written once and removed
 * when the session ends; every claim is conditional on its versionstamp. So once `alive` is gone no claim of the session can
 * succeed any more, and what is listed as its own after that is all that it ever will have: nothing leaks, whatever is on its way.
 *
 * @module
 */
import { LeaseLostError } from "../../../src/errors.ts";
import type { SessionRecord } from "../records.ts";
import type { KvContext } from "./context.ts";
import { lastText } from "./keys.ts";
import type { KvCheck } from "../../kv/kv_like.ts";
import { Unit } from "../../kv/unit.ts";

/** A session as it is stored. */
export interface SessionEntry {
  /** Until when the lease holds. */
  readonly deadline: number;
  /** Name of the machine. */
  readonly host: string;
  /** Id of the process. */
  readonly process: number;
  /** The session is over, and what it held is being given back. */
  readonly over?: true;
}

/** How many parts the key of a session's entry for a run has. */
const RUN_ENTRY_LENGTH = 4;

/** Begins and keeps sessions. */
export class Sessions {
  readonly #context: KvContext;
  /** The conditions of claims, by session. One object a session: a commit of many claims has it once. */
  readonly #checks = new Map<string, KvCheck>();

  /** Keeps them where the context says. */
  constructor(context: KvContext) {
    this.#context = context;
  }

  /** A session begins, or says that it lives. */
  async keep(session: SessionRecord, isNew: boolean): Promise<boolean> {
    const { keys, queue } = this.#context;
    const { id, deadline, host, process } = session;
    const unit = new Unit();
    unit.guards.push(sessionGuard(id));
    const entry: SessionEntry = { deadline, host, process };
    unit.set(keys.session(id), entry, 80 + 2 * host.length);
    if (isNew) {
      // A begin that is told again, because its reply was lost, must not bring back a session that was ended meanwhile.
      unit.check(keys.session(id), null);
      unit.set(keys.alive(id), 0, 8);
      const versionstamp = await queue.submit(unit);
      if (versionstamp === undefined) return await this.#find(id) !== undefined;
      this.#checks.set(id, { key: keys.alive(id), versionstamp });
      return true;
    }
    const check = await this.#find(id);
    if (check === undefined) return false;
    unit.checks.push(check);
    if (await queue.submit(unit) !== undefined) return true;
    this.#checks.delete(id);
    return false;
  }

  /** Ids of the runs that a session holds. */
  async held(id: string): Promise<string[]> {
    const { kv, keys } = this.#context;
    const own = keys.below("own", id);
    const held: string[] = [];
    // The session's entry for a run ends with the run's id, that for steps which it was lent with the offer's.
    for await (const { key } of kv.list(own)) if (key.length === RUN_ENTRY_LENGTH) held.push(lastText(key));
    return held;
  }

  /**
   * What a claim of the session is conditional on.
   *
   * @throws {LeaseLostError} If the session is over, or never began.
   */
  async check(id: string): Promise<KvCheck> {
    const check = this.#checks.get(id) ?? await this.#find(id);
    if (check === undefined) throw sessionOver(id);
    return check;
  }

  /**
   * Looks whether the session may still claim, after a claim has failed.
   *
   * @throws {LeaseLostError} If the session is over.
   */
  async recheck(id: string): Promise<void> {
    this.#checks.delete(id);
    await this.check(id);
  }

  /** Whether a session may still claim; false also for one that never began. */
  async isAlive(id: string): Promise<boolean> {
    const entry = await this.#context.kv.get(this.#context.keys.alive(id));
    return entry.versionstamp !== null;
  }

  /** Forgets a session of this process. */
  forget(id: string): void {
    this.#checks.delete(id);
  }

  async #find(id: string): Promise<KvCheck | undefined> {
    const known = this.#checks.get(id);
    if (known !== undefined) return known;
    const key = this.#context.keys.alive(id);
    const { versionstamp } = await this.#context.kv.get(key);
    if (versionstamp === null) return undefined;
    const check = { key, versionstamp };
    this.#checks.set(id, check);
    return check;
  }
}

/** The guard of all that relies on, or changes, whether a session is alive. */
export function sessionGuard(id: string): string {
  return `session ${id}`;
}

/** The error of a claim by a session that is over. */
export function sessionOver(id: string): LeaseLostError {
  return new LeaseLostError(
    `The session ${JSON.stringify(id)} is over, or never began, and can not claim anything; begin a new one.`,
  );
}
