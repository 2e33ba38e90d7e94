/**
 * A run without a storage: the rules, what a store would keep of it, and a player that does anything that a worker may do.
 *
 * @module
 */
import { changedAfterCommit, committedOutcomes, violations } from "../../src/engine/invariants.ts";
import type { Phase, RunShape, RunState } from "../../src/engine/run_state.ts";
import { newState, recordOf, restoreState } from "../../src/engine/step_records.ts";
import { type Consequences, hasEnded, recover, type RunHappening, transition } from "../../src/engine/transitions.ts";
import type { StepOffer, StepRecord } from "../../storage/runtime/records.ts";

/** How the attempts of a step end: so many are to be repeated, then one ends like this. */
export interface Fate {
  readonly retries: number;
  readonly ends: "succeeded" | "failed" | "skipped";
}

interface Flight {
  readonly records: readonly (readonly [number, StepRecord])[];
  readonly ended: readonly number[];
  readonly offers: readonly StepOffer[];
  readonly lent: readonly number[];
}

/** One run at work. After everything that happens it is looked at. */
export class PlayedRun {
  readonly shape: RunShape;
  /** How each step ends. */
  readonly fates: readonly Fate[];
  state: RunState;
  /** What a store keeps. */
  records: StepRecord[];
  readonly #retried: number[];
  #changed = new Set<number>();
  #flight: Flight | undefined;
  #offers = new Map<number, StepOffer>();
  #stored: readonly StepOffer[] = [];
  #lent: readonly number[] = [];
  #now = 1_000;
  #count = 0;

  /** Nothing has happened yet. */
  constructor(shape: RunShape, fates: readonly Fate[]) {
    this.shape = shape;
    this.fates = fates;
    this.state = newState(shape);
    this.records = this.state.steps.map(recordOf);
    this.#retried = fates.map(() => 0);
    this.#follow(recover(this.state, this.#now));
  }

  /** The places in a phase. */
  in(phase: Phase): number[] {
    return this.state.steps.flatMap((step, place) => step.phase === phase ? place : []);
  }

  /** Does one of all the things that may come now, by two numbers. Gives `false` if there is none. */
  play(which: number, who: number): boolean {
    const choices = this.#choices();
    if (choices.length === 0) return false;
    choices[which % choices.length]!(who);
    return true;
  }

  /** Goes on until nothing may come any more. */
  finish(): void {
    for (let step = 0; this.play(step, step); step++) {
      if (step > 100_000) throw new Error("The run comes to no end.");
    }
  }

  /** Tells the rules of something, and looks at what is then. */
  apply(happening: RunHappening): Consequences {
    const before = committedOutcomes(this.state);
    const consequences = transition(this.state, happening);
    this.#follow(consequences);
    const changed = changedAfterCommit(before, this.state);
    if (changed.length > 0) throw new Error(`Committed steps changed by ${happening.kind}: ${changed}`);
    return consequences;
  }

  /** The process dies, and another takes the run over as it is stored; a commit under way is done or is not. */
  crash(isWritten: boolean): void {
    if (isWritten) this.#write();
    this.#flight = undefined;
    const offers = this.#stored;
    this.state = restoreState(this.shape, this.records, offers, false);
    this.records.forEach(({ status, attempt, wakeAt }, place) => {
      if (this.shape.waits[place] === 0 || status !== "RUNNING") return;
      const step = this.state.steps[place]!;
      if (step.phase === "awaiting" && step.attempt === attempt && step.wakeAt === wakeAt) return;
      throw new Error(`Step ${place} waited until ${wakeAt}, and is ${step.phase} until ${step.wakeAt}.`);
    });
    if (`${this.in("lent")}` !== `${this.#lent}`) {
      throw new Error(`Others have the steps ${this.#lent}, and ${this.in("lent")} are taken for lent.`);
    }
    this.#changed.clear();
    this.#offers = new Map(
      offers.flatMap((offer) => offer.places.map((place): [number, StepOffer] => [place, offer])),
    );
    const before = committedOutcomes(this.state);
    this.#follow(recover(this.state, this.#now));
    const changed = changedAfterCommit(before, this.state);
    if (changed.length > 0) throw new Error(`Committed steps changed by a crash: ${changed}`);
  }

  #choices(): ((who: number) => void)[] {
    const at = ++this.#now;
    const choices: ((who: number) => void)[] = [];
    const among = (places: readonly number[], act: (place: number) => void): void => {
      if (places.length > 0) choices.push((who) => act(places[who % places.length]!));
    };
    const waits = (place: number): boolean => this.shape.waits[place] === 1;
    const ready = this.in("ready");
    const atWork = [...this.in("running"), ...this.in("lent"), ...this.in("awaiting")];
    among(ready.filter((place) => !waits(place)), (place) => void this.apply({ kind: "started", place, at }));
    // Some wait until a time, others for something that nobody knows when to expect.
    among(ready.filter(waits), (place) => {
      this.apply({ kind: "awaited", place, at, until: place % 2 === 0 ? at + 5 : 0 });
    });
    among(atWork, (place) => this.#endAttempt(place, at));
    among(this.in("delayed"), (place) => void this.apply({ kind: "due", place }));
    if (this.#flight === undefined && this.#changed.size > 0) choices.push(() => this.#take());
    if (this.#flight !== undefined) choices.push(() => this.#land());
    return choices;
  }

  /** Something that need not come, by two numbers: a step is lent, comes back, or waits for a slot. */
  disturb(which: number, who: number): void {
    const [ready, lent] = [this.in("ready"), this.in("lent")];
    const pick = (places: readonly number[]): number[] => places.filter((place) => (who >> (place % 20) & 1) === 1);
    switch (which % 4) {
      case 0: {
        const places = pick(ready).filter((place) => this.shape.waits[place] === 0);
        if (places.length === 0) return;
        const offer = { id: `offer ${++this.#count}`, places, fence: BigInt(this.#count) };
        this.apply({ kind: "lent", places });
        for (const place of places) this.#offers.set(place, offer);
        return;
      }
      case 1:
        return void this.apply({ kind: "lost", places: pick(lent) });
      case 2:
        return void this.apply({ kind: "returned", places: [...pick(lent), ...pick(this.in("running"))] });
      default:
        if (ready.length > 0) this.apply({ kind: "held", place: ready[who % ready.length]!, until: this.#now + 5 });
    }
  }

  #endAttempt(place: number, at: number): void {
    const { retries, ends } = this.fates[place]!;
    if (this.#retried[place]! >= retries) this.apply({ kind: ends, place, at });
    else {
      this.#retried[place]!++;
      this.apply({ kind: "retried", place, until: at + 10 });
    }
  }

  #follow({ changed }: Consequences): void {
    for (const place of changed) this.#changed.add(place);
    const found = violations(this.state);
    if (found.length > 0) throw new Error(found.join("\n"));
  }

  #take(): void {
    const places = [...this.#changed];
    const lent = this.in("lent");
    this.#flight = {
      records: places.map((place) => [place, recordOf(this.state.steps[place]!)]),
      ended: places.filter((place) => hasEnded(this.state.steps[place]!.phase)),
      offers: [...new Set(lent.flatMap((place) => this.#offers.get(place) ?? []))],
      lent,
    };
    this.#changed.clear();
  }

  #write(): void {
    if (this.#flight === undefined) return;
    const { records, offers, lent } = this.#flight;
    for (const [place, record] of records) this.records[place] = record;
    [this.#stored, this.#lent] = [offers, lent];
  }

  #land(): void {
    this.#write();
    const places = this.#flight?.ended ?? [];
    this.#flight = undefined;
    this.apply({ kind: "committed", places });
  }
}
