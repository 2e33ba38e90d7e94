/**
 * What is under way in a run at work here: done as often as it takes, if the store fails, until the run is not at work any more.
 *
 * @module
 */
import type { Timer } from "../clock.ts";
import { CancelledError, LeaseLostError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";

/** After how many milliseconds it is tried again to ask the store, if it failed. */
const AGAIN_AFTER = 1_000;

/** What one run has under way. */
export class UnderWay {
  readonly #run: ActiveRun;
  /** Pauses between two tries, and what ends them. */
  readonly #pauses = new Map<Timer, () => void>();
  #count = 0;

  /** Nothing is under way yet. */
  constructor(run: ActiveRun) {
    this.#run = run;
  }

  /** Whether something is under way. */
  get isBusy(): boolean {
    return this.#count > 0;
  }

  /** Does something after which a step may have ended, as often as it takes; unless `isLeft` says that it is left to whoever comes next. */
  do(
    work: () => Promise<void>,
    done: () => void = () => {},
    isLeft: () => boolean = () => this.#run.host.isDraining,
  ): void {
    this.#count++;
    void this.#again(work, isLeft).finally(() => {
      this.#count--;
      done();
      this.#run.pump();
      this.#run.settle();
    });
  }

  async #again(work: () => Promise<void>, isLeft: () => boolean): Promise<void> {
    const { host, id } = this.#run;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof LeaseLostError) return this.#run.lose(error);
        if (!this.#run.isAtWork || isLeft() || error instanceof CancelledError) return;
        host.warn(`What run ${id} waits for could not be looked at, which is tried again: ${String(error)}`, this.#run);
        await this.pause(AGAIN_AFTER);
      }
    }
  }

  /** Waits so many milliseconds, or until the run is not at work here any more. */
  pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#run.host.clock.setTimer(milliseconds, () => {
      this.#pauses.delete(timer);
      resolve();
    });
    this.#pauses.set(timer, resolve);
    return promise;
  }

  /** The run is not at work here any more: ends every pause. */
  left(): void {
    for (const [timer, end] of this.#pauses) {
      timer.cancel();
      end();
    }
    this.#pauses.clear();
  }
}
