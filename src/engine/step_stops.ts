/**
 * Signals of single steps: in a graph in which some may turn out not to be needed, each has its own.
 *
 * @module
 */
import { mayBecomeUnneeded } from "../handled.ts";
import type { RunShape } from "./run_state.ts";

/** What stops the steps of one run at work. */
export class StepStops {
  readonly #mayStop: Uint8Array | undefined;
  readonly #run: AbortSignal;
  readonly #stops = new Map<number, AbortController>();

  /** With `run` all of them stop. */
  constructor(shape: RunShape, run: AbortSignal) {
    this.#mayStop = mayBecomeUnneeded(shape);
    this.#run = run;
    if (this.#mayStop === undefined) return;
    run.addEventListener("abort", () => {
      for (const stop of this.#stops.values()) stop.abort(run.reason);
    }, { once: true });
  }

  /** The signal of a step. */
  signalAt(place: number): AbortSignal {
    if (this.#mayStop?.[place] !== 1) return this.#run;
    let stop = this.#stops.get(place);
    if (stop === undefined) {
      this.#stops.set(place, stop = new AbortController());
      if (this.#run.aborted) stop.abort(this.#run.reason);
    }
    return stop.signal;
  }

  /** Stops one step, if it is at work. */
  stop(place: number, reason: unknown): void {
    this.#stops.get(place)?.abort(reason);
  }
}
