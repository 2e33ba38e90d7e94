/**
 * The messages of a run at work here: read, dealt with once, and committed as handled.
 *
 * @module
 */
import type { RunMessage } from "../../storage/runtime/records.ts";
import { LeaseLostError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";

/** After how many milliseconds messages that could not be read are read again. */
const READ_AGAIN_AFTER = 1_000;

/** Reads the messages of one run. */
export class RunMail {
  readonly #run: ActiveRun;
  /** Messages that were dealt with, and may still be read. */
  readonly #handled = new Set<string>();
  /** Those of them that are committed as handled: only a read that began before that finds them. */
  readonly #gone = new Set<string>();
  #hasMore: boolean;
  #reading = false;

  /** `mayHaveMail` tells whether there may be some already. */
  constructor(run: ActiveRun, mayHaveMail: boolean) {
    this.#run = run;
    this.#hasMore = mayHaveMail;
  }

  /** Whether there may be messages that were not dealt with. */
  get isBusy(): boolean {
    return this.#reading || this.#hasMore;
  }

  /** Reads, unless it is known that there is nothing. */
  async readIfAny(): Promise<void> {
    if (this.#hasMore) await this.read();
  }

  /** Deals with every message that lies there. */
  async read(): Promise<void> {
    const run = this.#run;
    this.#hasMore = true;
    // A run that is on its way to be given up is not parked over what nobody has seen.
    if (this.#reading || run.commits.isLeaving) return;
    this.#reading = true;
    try {
      while (this.#hasMore && run.isAtWork) {
        this.#hasMore = false;
        for (const { id, message } of await run.host.storage.receive(run.claim)) {
          if (!run.isAtWork || this.#handled.has(id)) continue;
          this.#handled.add(id);
          this.#handle(id, message);
        }
        this.#forget();
      }
    } catch (error) {
      if (error instanceof LeaseLostError) return run.lose(error);
      // What lies there may have been seen by a holder before: the store would let the run be parked over it.
      this.#hasMore = true;
      run.host.warn(`The messages of run ${run.id} could not be read: ${String(error)}`, run);
      run.host.clock.setTimer(READ_AGAIN_AFTER, () => void run.readMail());
    } finally {
      this.#reading = false;
      this.#forget();
    }
    run.pump();
    run.settle();
  }

  /** These messages are committed as handled, and gone. */
  settled(ids: readonly string[]): void {
    for (const id of ids) this.#gone.add(id);
    if (!this.#reading) this.#forget();
  }

  #forget(): void {
    for (const id of this.#gone) this.#handled.delete(id);
    this.#gone.clear();
  }

  #handle(id: string, message: RunMessage): void {
    const run = this.#run;
    switch (message.kind) {
      case "signal":
        // It stays in the mail until a step has it.
        return run.waits.signal(id, message.name, message.payload);
      case "child":
        return run.waits.childEnded(message.place, () => run.pending.handled(id));
      case "cancel":
        run.apply({ kind: "cancelled", at: run.host.clock.now() });
        break;
      case "report":
        run.lending.heard(message.offer, message.report);
        break;
      case "lost":
        run.lending.lost(message.offer);
        break;
    }
    run.pending.handled(id);
  }
}
