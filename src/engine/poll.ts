/**
 * How a worker hears that there is something new: at once from its own process, and from a store that can tell; else by asking, often
 * while there is much to do and less often while there is nothing.
 *
 * To wake up and ask costs 0.3 ms of a processor, so that asking is for busy times: when it has been quiet for a while, a worker listens,
 * where the store can tell, and asks once a second.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { Clock } from "../clock.ts";

/** The shortest and the longest time between two questions, in milliseconds, and by what factor it grows. */
const SHORTEST = 3;
const LONGEST = 20;
const GROWTH = 1.2;

/** The time between two questions while the store tells of news by itself. */
const LONGEST_WHERE_TOLD = 1_000;

/** After so many questions without news it is quiet. */
const QUIET_AFTER = 20;

/** Asks the bell of a store. */
export class Poll {
  readonly #storage: EngineStorage;
  readonly #clock: Clock;
  readonly #told: () => void;
  #interval = SHORTEST;
  #askedAt = -Infinity;
  #last: string | undefined;
  #session: string | undefined;
  #queues: readonly string[] = [];
  #watch: AbortController | undefined;
  #isTold = false;
  #mayBeTold = true;
  /** How many questions there were since the last news. */
  #quiet = 0;

  /** `told` is called when a store tells by itself. */
  constructor(storage: EngineStorage, clock: Clock, told: () => void) {
    this.#storage = storage;
    this.#clock = clock;
    this.#told = told;
  }

  /** Listens for a session and its queues. */
  listen(session: string, queues: readonly string[]): void {
    if (this.#session === session) return;
    this.stop();
    this.#session = session;
    this.#queues = queues;
    this.#mayBeTold = true;
    this.#follow();
  }

  /** Has the store tell, if it can. */
  #follow(): void {
    if (this.#session === undefined || !this.#mayBeTold) return;
    const watch = this.#watch = new AbortController();
    const rings = this.#storage.watchBell?.(this.#session, this.#queues, watch.signal);
    this.#isTold = rings !== undefined;
    if (rings === undefined) this.#mayBeTold = false;
    else void this.#hear(rings, watch);
  }

  async #hear(rings: AsyncIterable<void>, watch: AbortController): Promise<void> {
    let mayGoOn = true;
    try {
      for await (const _ of rings) {
        if (watch.signal.aborted) return;
        this.#askedAt = -Infinity;
        this.#told();
      }
    } catch {
      mayGoOn = false;
    }
    if (this.#watch !== watch) return;
    // From now on it is asked, until it is quiet; if the store can not tell, for good.
    this.#isTold = false;
    this.#mayBeTold &&= mayGoOn;
    this.#interval = SHORTEST;
    this.#quiet = 0;
    this.#told();
  }

  /** For how many milliseconds to rest before the next question. */
  get pause(): number {
    // A store of one process that tells of news forgets none; one that does not is asked, since another runtime may use it.
    if (this.#isTold && !this.#storage.shared && this.#askedAt !== -Infinity) return Infinity;
    const interval = this.#isTold ? LONGEST_WHERE_TOLD : this.#interval;
    return Math.max(0, this.#askedAt + interval - this.#clock.now());
  }

  /** Asks, if it is time to. Gives `true` if there is something new. */
  async hasNews(): Promise<boolean> {
    if (this.#session === undefined || this.pause > 0) return false;
    this.#askedAt = this.#clock.now();
    const bell = await this.#storage.bell(this.#session, this.#queues).catch(() => undefined);
    const isNew = bell !== undefined && bell !== this.#last;
    if (isNew) this.#last = bell;
    this.#interval = isNew ? SHORTEST : Math.min(LONGEST, this.#interval * GROWTH);
    this.#quiet = isNew ? 0 : this.#quiet + 1;
    if (!this.#isTold && this.#quiet >= QUIET_AFTER) this.#follow();
    return isNew;
  }

  /** No more questions. */
  stop(): void {
    this.#watch?.abort();
    this.#watch = this.#session = this.#last = undefined;
    this.#isTold = false;
    this.#interval = SHORTEST;
    this.#askedAt = -Infinity;
    this.#quiet = 0;
  }
}
