/**
 * A session: the lease of one worker, which covers every run and step that it holds.
 *
 * @module
 */
import type { EngineStorage, Heartbeat } from "../../storage/runtime/engine_storage.ts";
import type { SessionRecord } from "../../storage/runtime/records.ts";
import type { Clock, Timer } from "../clock.ts";

/** How many signs of life there are in one lease. */
const SIGNS_PER_LEASE = 4;

const NO_CALL = (): void => {};

/** What a session is of. */
export interface SessionSetup {
  /** Where it is kept. */
  readonly storage: EngineStorage;
  /** Time and chance. */
  readonly clock: Clock;
  /** Name of the machine, or empty, and id of the process. */
  readonly process: { readonly host: string; readonly id: number };
  /** Milliseconds for which the lease holds without a sign of life. */
  readonly lease: number;
  /** Hears that the session is over, because its lease ran out. */
  readonly lost: () => void;
  /** Hears of signs of life that failed. */
  readonly warn: (message: string) => void;
}

/** The lease of one worker, kept by signs of life, from another thread where the store can. */
export class Session {
  /** Its id. */
  readonly id: string;
  readonly #setup: SessionSetup;
  readonly #limits = new Set<{ readonly until: number }>();
  /** The thread that gives signs of life, once it does. */
  #heartbeat: Heartbeat | undefined;
  /** Resolves when it is known whether there is such a thread; `undefined` once it is. */
  #opening: Promise<void> | undefined;
  #timer: Timer | undefined;
  #over = false;

  private constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.id = setup.clock.newId();
  }

  /** Begins a session. */
  static async open(setup: SessionSetup): Promise<Session> {
    let session = new Session(setup);
    // While a lost reply was waited for, the session may have begun, run out of its lease and been ended.
    while (!await setup.storage.keepSession(session.#record(), true)) session = new Session(setup);
    if (setup.storage.shared && setup.storage.openHeartbeat !== undefined) {
      session.#opening = session.#openHeartbeat().then((heartbeat) => {
        session.#heartbeat = heartbeat;
        session.#opening = undefined;
      });
    }
    session.#schedule();
    return session;
  }

  /** Signs from another thread, if there can be one. Without it, this thread gives them as long as nothing blocks it. */
  async #openHeartbeat(): Promise<Heartbeat | undefined> {
    const { storage, lease, warn } = this.#setup;
    try {
      return await storage.openHeartbeat?.(this.#record(), { lease, interval: lease / SIGNS_PER_LEASE });
    } catch (error) {
      warn(
        `The lease of this worker can not be kept from another thread, so that a step that blocks this one for ${lease} ms loses it: ` +
          `${error instanceof Error ? error.message : String(error)}.`,
      );
      return undefined;
    }
  }

  /** Whether it has ended, by itself or by others. */
  get isOver(): boolean {
    return this.#over;
  }

  /**
   * A call begins that may take so many milliseconds. If this thread is blocked for longer, the session is not kept. A call with a limit
   * waits until the thread that has to know of it is there: 50 ms at the begin of a session.
   */
  beginCall(limit: number | undefined): (() => void) | Promise<() => void> {
    if (limit === undefined) return NO_CALL;
    return this.#opening === undefined ? this.#limit(limit) : this.#opening.then(() => this.#limit(limit));
  }

  #limit(limit: number): () => void {
    if (this.#heartbeat === undefined) return NO_CALL;
    const entry = { until: this.#setup.clock.now() + limit };
    this.#limits.add(entry);
    this.#keep();
    return () => {
      this.#limits.delete(entry);
      this.#keep();
    };
  }

  /** Ends it: whatever it still holds is for others now. */
  async close(): Promise<void> {
    if (this.#over) return;
    await this.#stop();
    await this.#setup.storage.endSession(this.id);
  }

  #keep(): void {
    let least = Infinity;
    for (const { until } of this.#limits) least = Math.min(least, until);
    this.#heartbeat?.keepUntil(least + this.#setup.lease / SIGNS_PER_LEASE);
  }

  #record(): SessionRecord {
    const { clock, lease, process, storage } = this.#setup;
    // In a store of one process nobody gives signs of life, and nobody takes over.
    const deadline = storage.shared ? clock.now() + lease : Infinity;
    return { id: this.id, deadline, host: process.host, process: process.id };
  }

  #schedule(): void {
    const { clock, lease, storage } = this.#setup;
    if (!storage.shared) return;
    this.#timer = clock.setTimer(lease / SIGNS_PER_LEASE, () => void this.#sign());
  }

  async #sign(): Promise<void> {
    if (this.#over) return;
    try {
      if (await this.isKept()) this.#schedule();
    } catch (error) {
      this.#setup.warn(`A sign of life of session ${this.id} failed: ${String(error)}`);
      this.#schedule();
    }
  }

  /** Gives a sign of life, and tells whether it counts; if it does not, others have ended the session. */
  async isKept(): Promise<boolean> {
    if (this.#over) return false;
    if (await this.#setup.storage.keepSession(this.#record(), false)) return true;
    if (this.#over) return false;
    await this.#stop();
    this.#setup.lost();
    return false;
  }

  async #stop(): Promise<void> {
    this.#over = true;
    this.#timer?.cancel();
    await this.#opening;
    await this.#heartbeat?.[Symbol.asyncDispose]();
  }
}
