/**
 * Slots that a run in this process shares with the runs that its steps wait for.
 *
 * @module
 */

/** Who wants a slot. */
export interface WantsRoom {
  /** There may be one now. */
  resume(): void;
}

/** A bounded number of slots. */
export class SharedRoom {
  readonly #limit: number;
  readonly #wanting = new Set<WantsRoom>();
  #taken = 0;

  /** All of them are free. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there is a slot; if not, `run` is called when there may be one. */
  mayTake(run: WantsRoom): boolean {
    if (this.#taken < this.#limit) return true;
    this.#wanting.add(run);
    return false;
  }

  /** A slot is taken. */
  take(): void {
    this.#taken++;
  }

  /** A slot is free again. */
  put(): void {
    this.#taken--;
    if (this.#wanting.size === 0) return;
    const wanting = [...this.#wanting];
    this.#wanting.clear();
    // Who gave it back goes on first.
    queueMicrotask(() => wanting.forEach((run) => run.resume()));
  }
}
