/**
 * What the calls of each run share in one worker of a pool.
 *
 * @module
 */
import { RunScope } from "../run_scope.ts";
import type { ContextData, FromWorker } from "./messages.ts";

/** The scopes of one worker, by run. */
export class WorkerScopes {
  readonly #post: (message: FromWorker) => void;
  readonly #scopes = new Map<string, { readonly scope: RunScope; readonly problems: string[] }>();

  /** What is to be known of them is told to `post`. */
  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /**
   * The scope of a run. The scheduling thread is told of a new one, so that it says when the run is over; code of a call that is over gets
   * none, because the run may be over too.
   */
  of(run: string, { workflowName, runId }: ContextData, isOver: boolean): RunScope {
    let found = this.#scopes.get(run);
    if (found === undefined) {
      const problems: string[] = [];
      // The hooks around the run are called in the scheduling thread.
      const scope = new RunScope({ workflowName, runId, isPart: true, warn: (message) => void problems.push(message) });
      if (isOver) {
        void scope.close();
        return scope;
      }
      this.#scopes.set(run, found = { scope, problems });
      this.#post({ type: "holds", run });
    }
    return found.scope;
  }

  /** A run is over. */
  async leave(run: string): Promise<void> {
    const found = this.#scopes.get(run);
    await found?.scope.close();
    this.#scopes.delete(run);
    this.#post({ type: "left", run, problems: found?.problems ?? [] });
  }
}
