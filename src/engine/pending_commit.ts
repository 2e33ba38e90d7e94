/**
 * What a run has to commit, gathered until the commit before it is done.
 *
 * @module
 */
import type { RunCommit, StepChange } from "../../storage/runtime/engine_storage.ts";
import type { CachedResult, Claim, NotableEvent, StepOffer, StoredValue } from "../../storage/runtime/records.ts";
import type { RunState } from "./run_state.ts";
import { recordOf } from "./step_records.ts";
import { hasEnded } from "./transitions.ts";

/** Everything that one run wants committed. */
export class PendingCommit {
  /** Whether something waits that others should see at once: more than that a step began. */
  urgent = false;
  readonly #changed = new Set<number>();
  readonly #values = new Map<number, StoredValue>();
  #events: NotableEvent[] = [];
  #cached: CachedResult[] = [];
  #handled: string[] = [];
  #offers: StepOffer[] = [];
  #closedOffers: string[] = [];

  /** Whether there is nothing to commit. */
  get isEmpty(): boolean {
    return this.#changed.size === 0 && this.#events.length === 0 && this.#handled.length === 0 &&
      this.#closedOffers.length === 0 && this.#cached.length === 0;
  }

  /** How many steps have changed. */
  get size(): number {
    return this.#changed.size;
  }

  /** Steps whose records changed. */
  changed(places: readonly number[]): void {
    for (const place of places) this.#changed.add(place);
  }

  /** What a step gave, or failed with. */
  value(place: number, value: StoredValue): void {
    this.#values.set(place, value);
  }

  /** Something that the steps do not tell. */
  event(event: NotableEvent): void {
    this.#events.push(event);
  }

  /** What a step gave is kept for the steps of other runs, from the commit of the step on. */
  cached(result: CachedResult): void {
    this.#cached.push(result);
  }

  /** A message was dealt with. */
  handled(id: string): void {
    this.#handled.push(id);
    this.urgent = true;
  }

  /** Steps that others may run. */
  offer(offer: StepOffer): void {
    this.#offers.push(offer);
    this.urgent = true;
  }

  /** An offer is over. */
  closeOffer(id: string): void {
    this.#closedOffers.push(id);
    this.urgent = true;
  }

  /** The commit of all this, and the places of the steps that have ended in it. Begins anew. */
  take(
    claim: Claim,
    state: RunState,
    then: RunCommit["then"],
  ): { readonly commit: RunCommit; readonly ended: number[] } {
    const ended: number[] = [];
    const steps: StepChange[] = [];
    for (const place of this.#changed) {
      const step = state.steps[place]!;
      const value = this.#values.get(place);
      steps.push(value === undefined ? { place, record: recordOf(step) } : { place, record: recordOf(step), value });
      if (hasEnded(step.phase)) ended.push(place);
    }
    const commit: RunCommit = {
      claim,
      steps,
      ...(this.#offers.length === 0 ? {} : { offers: this.#offers }),
      ...(this.#closedOffers.length === 0 ? {} : { closedOffers: this.#closedOffers }),
      ...(this.#handled.length === 0 ? {} : { handled: this.#handled }),
      ...(this.#events.length === 0 ? {} : { events: this.#events }),
      ...(this.#cached.length === 0 ? {} : { cached: this.#cached }),
      ...(then === undefined ? {} : { then }),
    };
    this.#changed.clear();
    this.#values.clear();
    [this.#events, this.#cached, this.#handled, this.#offers, this.#closedOffers] = [[], [], [], [], []];
    this.urgent = false;
    return { commit, ended };
  }
}
