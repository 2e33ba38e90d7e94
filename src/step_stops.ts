/**
 * Signals of single steps: in a graph in which some may turn out not to be needed, each has its own.
 *
 * @module
 */
import { mayBecomeUnneeded, type Needs } from "./handled.ts";

/** What stops the steps of one run at work. */
export class StepStops {
  readonly #mayStop: Uint8Array | undefined;
  readonly #run: AbortSignal;
  readonly #stops = new Map<number, AbortController>();

  /** With `run` all of them stop. */
  constructor(needs: Needs, run: AbortSignal) {
    this.#mayStop = mayBecomeUnneeded(needs);
    this.#run = run;
    if (this.#mayStop === undefined) return;
    run.addEventListener("abort", () => {
      for (const stop of this.#stops.values()) stop.abort(run.reason);
    }, { once: true });
  }

  /** The signal of a step. */
  signalAt(place: number): AbortSignal {
    return this.#mayStop?.[place] === 1 ? this.#stopOf(place).signal : this.#run;
  }

  /** Stops one step, also if it only begins to ask for its signal later. */
  stop(place: number, reason: unknown): void {
    this.#stopOf(place).abort(reason);
  }

  #stopOf(place: number): AbortController {
    let stop = this.#stops.get(place);
    if (stop === undefined) {
      this.#stops.set(place, stop = new AbortController());
      if (this.#run.aborted) stop.abort(this.#run.reason);
    }
    return stop;
  }
}
