/**
 * Lending: the holder of a run lets other workers have steps for which it has no room, if any of them has nothing to do, and hears what
 * became of them.
 *
 * @module
 */
import type { StepOffer, StepReport } from "../../storage/runtime/records.ts";
import { errorFrom } from "./stored_values.ts";
import type { ActiveRun } from "./active_run.ts";
import { endWithout, giveUpLost, repeat, tellAttempt } from "./run_step.ts";

/** How many steps are offered at a time, and how many of them in one offer. */
const MOST_LENT = 64;
const OFFER_SIZE = 4;

/** For how many milliseconds nothing is offered after steps were taken back that nobody wanted. */
const UNWANTED_FOR = 250;

/** The steps of one run that other workers may run. */
export class Lending {
  readonly #run: ActiveRun;
  /** By offer the steps of which nothing was heard yet. */
  readonly #offers = new Map<string, Set<number>>();
  #notBefore = -Infinity;
  /** Whether there may be an offer that nobody has claimed. */
  #mayBeUnclaimed = false;

  /** Nothing is lent yet. */
  constructor(run: ActiveRun) {
    this.#run = run;
  }

  /** Goes on with the offers of an earlier holder. A step that came back from one may be in a later one, or in none. */
  resume(offers: readonly StepOffer[]): void {
    const { steps } = this.#run.state;
    const latest = new Map<number, StepOffer>();
    for (const offer of offers) {
      for (const place of offer.places) {
        if (steps[place]!.phase === "lent" && (latest.get(place)?.fence ?? -1n) < offer.fence) latest.set(place, offer);
      }
    }
    for (const { id, places } of offers) {
      const open = places.filter((place) => latest.get(place)?.id === id);
      if (open.length > 0) this.#offers.set(id, new Set(open));
      else this.#close(id);
    }
    this.offered();
  }

  /** Offers are in the store, and can be claimed. */
  offered(): void {
    this.#mayBeUnclaimed = this.size > 0;
  }

  /** Whether steps may be lent that nobody has begun with. */
  get mayBeUnclaimed(): boolean {
    return this.#mayBeUnclaimed;
  }

  /** Others have begun with all that is lent. */
  allClaimed(): void {
    this.#mayBeUnclaimed = false;
  }

  /** This worker has claimed steps of its own run, because nobody else did: they are run here. */
  takeBack({ id }: Pick<StepOffer, "id">): void {
    const run = this.#run;
    this.#notBefore = run.host.clock.now() + UNWANTED_FOR;
    run.apply({ kind: "returned", places: [...this.#offers.get(id) ?? []] });
    this.#close(id);
    run.pump();
    run.settle();
  }

  /** All that is lent is run here, whoever has begun with it. */
  takeAllBack(): void {
    for (const id of [...this.#offers.keys()]) this.takeBack({ id });
  }

  /** How many offers are open. */
  get size(): number {
    return this.#offers.size;
  }

  /** Offers a part of what waits for room here. */
  lend(): void {
    const run = this.#run;
    const { host, state, executable: { shape: { bound } } } = run;
    if (!host.storage.shared || host.isDraining || this.size > 0 || host.clock.now() < this.#notBefore) return;
    if (!host.hasIdleNeighbour(run.run.queue)) return;
    const kept: number[] = [];
    const lent: number[] = [];
    const surplus = Math.min(MOST_LENT, state.readyCount - run.taken);
    // Among steps that have to stay there may be others far behind; to look through all of them each time would cost too much.
    while (lent.length < surplus && kept.length < MOST_LENT) {
      const place = run.nextReady();
      if (place < 0) break;
      if (run.cache?.wants(place) === true) {
        // What was made already is not lent.
        if (run.cache.isFull) kept.push(place);
        else {
          run.taken++;
          run.cache.look(place);
        }
        continue;
      }
      (bound[place] === 1 ? kept : lent).push(place);
    }
    for (const place of kept) state.ready.push(place);
    for (let at = 0; at < lent.length; at += OFFER_SIZE) {
      const places = lent.slice(at, at + OFFER_SIZE);
      const fence = run.nextFence();
      this.#offers.set(`${fence}`, new Set(places));
      run.pending.offer({ id: `${fence}`, places, fence });
    }
    run.apply({ kind: "lent", places: lent });
    run.settle();
  }

  /** Another worker tells of a step that it ran. */
  heard(offer: string, { place, startedAt, endedAt, outcome }: StepReport): void {
    const run = this.#run;
    const places = this.#offers.get(offer);
    if (!places?.delete(place)) return;
    if (places.size === 0) this.#close(offer);
    const step = run.state.steps[place]!;
    if (step.phase !== "lent") return;
    step.startedAt = startedAt;
    if (outcome.kind !== "returned") tellAttempt(run, place, startedAt);
    switch (outcome.kind) {
      case "succeeded":
        run.apply({ kind: "succeeded", place, at: endedAt });
        run.cache?.keeper.reported(place);
        run.values!.ended(place);
        run.pending.urgent = true;
        break;
      case "returned":
        this.#notBefore = run.host.clock.now() + UNWANTED_FOR;
        run.apply({ kind: "returned", places: [place] });
        break;
      case "retry":
        repeat(run, place, outcome.error, endedAt + outcome.delay);
        break;
      case "failed":
      case "skipped":
        endWithout(run, place, outcome.kind, errorFrom(outcome.error), outcome.error, endedAt);
        break;
    }
  }

  /** Nothing needs a step any more: who has it hears of that, and what it reports counts for nothing. */
  drop(place: number): void {
    for (const [id, places] of this.#offers) {
      if (places.delete(place) && places.size === 0) this.#close(id);
    }
  }

  /** The worker that had these steps is gone. */
  lost(offer: string): void {
    const run = this.#run;
    const places = [...this.#offers.get(offer) ?? []];
    run.apply({ kind: "lost", places });
    this.#close(offer);
    for (const place of places) giveUpLost(run, place);
  }

  #close(offer: string): void {
    this.#offers.delete(offer);
    this.#run.pending.closeOffer(offer);
  }
}
