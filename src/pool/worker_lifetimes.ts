/**
 * What the calls of each run share in one worker of a pool.
 *
 * @module
 */
import { RunLifetime } from "../run_lifetime.ts";
import type { ContextData, FromWorker } from "./messages.ts";

/** The lifetimes of one worker, by run. */
export class WorkerLifetimes {
  readonly #post: (message: FromWorker) => void;
  readonly #lifetimes = new Map<string, { readonly lifetime: RunLifetime; readonly problems: string[] }>();

  /** What is to be known of them is told to `post`. */
  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /**
   * The lifetime of a run. The scheduling thread is told of a new one, so that it says when the run is over; code of a call that is over gets
   * none, because the run may be over too.
   */
  of(run: string, { workflowName, runId }: ContextData, isOver: boolean): RunLifetime {
    let found = this.#lifetimes.get(run);
    if (found === undefined) {
      const problems: string[] = [];
      // The hooks around the run are called in the scheduling thread.
      const lifetime = new RunLifetime({
        workflowName,
        runId,
        isPart: true,
        warn: (message) => void problems.push(message),
      });
      if (isOver) {
        void lifetime.close();
        return lifetime;
      }
      this.#lifetimes.set(run, found = { lifetime, problems });
      this.#post({ type: "holds", run });
    }
    return found.lifetime;
  }

  /** A run is over. */
  async leave(run: string): Promise<void> {
    const found = this.#lifetimes.get(run);
    await found?.lifetime.close();
    this.#lifetimes.delete(run);
    this.#post({ type: "left", run, problems: found?.problems ?? [] });
  }
}
