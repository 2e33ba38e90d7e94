/**
 * Neighbours: whether other workers have nothing to do, as far as is known. Asked only while steps wait for room here.
 *
 * @module
 */
import type { EngineStorage } from "../../storage/runtime/engine_storage.ts";
import type { Clock, Timer } from "../clock.ts";

/** For how long, in milliseconds, an answer is taken for true. */
const KNOWN_FOR = 25;

/** How often, in milliseconds, it is asked while steps wait for room here. */
const ASKED_EVERY = 500;

/** Knows whether other workers of a queue have nothing to do. */
export class Neighbours {
  readonly #storage: EngineStorage;
  readonly #clock: Clock;
  readonly #tell: () => void;
  #known = -Infinity;
  #isIdle = false;
  #asking = false;
  #again: Timer | undefined;

  /** `tell` is called when one is idle, and after a while when none was, so that it is asked again. */
  constructor(storage: EngineStorage, clock: Clock, tell: () => void) {
    this.#storage = storage;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The latest answer. If it is not fresh, another is asked for. */
  areIdle(queue: string, session: string): boolean {
    const now = this.#clock.now();
    if (!this.#asking && now >= this.#known + KNOWN_FOR) {
      this.#asking = true;
      void this.#storage.hasIdleWorkers(queue, session, now).catch(() => false).then((isIdle) => {
        [this.#isIdle, this.#known, this.#asking] = [isIdle, this.#clock.now(), false];
        if (isIdle) this.#tell();
        else this.#askAgain();
      });
    }
    return this.#isIdle;
  }

  /** Steps at work may take long; a neighbour that comes meanwhile has not to wait for their end. */
  #askAgain(): void {
    this.stop();
    this.#again = this.#clock.setTimer(ASKED_EVERY, () => this.#tell());
  }

  /** Asks no more by itself. */
  stop(): void {
    this.#again?.cancel();
  }
}
