/**
 * The content cache of a run at work here: looks ready steps up, many at a time, under a key that says what they are made from
 * (`content_key.ts`, `content_lookup.ts`), and has what another run made of the same stand for them (`cached_results.ts`). What is made here
 * is kept for runs to come (`result_keeper.ts`).
 *
 * A step that is looked up has been taken from the queue of ready ones, and takes no room. If nothing is found it goes back there, and is
 * run or lent like any other.
 *
 * @module
 */
import type { CachedResult } from "../../storage/runtime/records.ts";
import { FusewireError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";
import { type TakenResult, takeResult } from "./cached_results.ts";
import { type Answer, ContentLookup } from "./content_lookup.ts";
import { ResultKeeper } from "./result_keeper.ts";
import { bringValues, isReady } from "./run_step.ts";
import { StepContents } from "./step_contents.ts";

/** How many steps are looked up at a time. */
const MOST_HELD = 256;

/** A result that is used is kept again, so that it does not seem old, if that was last done so many milliseconds ago. */
const KEPT_FOR = 3_600_000;

/** Looks up results for one run. */
export class ContentCache {
  /** Keeps what is made here. */
  readonly keeper: ResultKeeper;
  readonly #run: ActiveRun;
  readonly #contents: StepContents;
  readonly #lookup: ContentLookup;
  /** 1 where a step is not looked up, or was. */
  readonly #settled: Uint8Array;
  #batch: number[] = [];
  #held = 0;

  /** `cached` is 1 where a step is looked up. */
  constructor(run: ActiveRun, cached: Uint8Array) {
    this.#run = run;
    this.#contents = new StepContents(run, cached);
    this.keeper = new ResultKeeper(run, this.#contents);
    this.#lookup = new ContentLookup(run.host.storage, this.#contents.end);
    this.#settled = cached.map((is) => 1 - is);
    if (run.host.storage.readCached !== undefined) return;
    this.#settled.fill(1);
    const message = "The runtime storage keeps no results for other runs, so that the content cache is off.";
    this.#contents.warn(cached.indexOf(1), message);
  }

  /** Whether a step is to be looked up before it is run. */
  wants(place: number): boolean {
    return this.#settled[place] === 0;
  }

  /** Whether so many steps are being looked up that others wait. */
  get isFull(): boolean {
    return this.#held >= MOST_HELD;
  }

  /** Looks up a step that was taken from the queue of ready ones. It needs no room meanwhile. */
  look(place: number): undefined {
    const run = this.#run;
    this.#held++;
    const missing = run.values!.missingFor(place);
    // To make a live object again is not worth it: what takes one can not be cached.
    if (missing.length === 0 || missing.some((of) => run.objects!.isObject(of))) return this.#lookUp(place);
    void bringValues(run, place, missing).then((here) => {
      if (here) this.#lookUp(place);
      else this.#release();
      this.#goOn();
    });
  }

  /** Finds the key of a step that is here with all it reads; if it is not known what is under it, it goes into the next batch. */
  #lookUp(place: number): undefined {
    const run = this.#run;
    if (!isReady(run, place)) return this.#release();
    this.#settled[place] = 1;
    const key = this.#contents.keyOf(place);
    if (key === undefined) return this.#giveBack(place);
    this.#contents.keys.set(place, key);
    // What was begun is brought to its end, with its plugins.
    if (run.state.steps[place]!.attempt > 0) return this.#giveBack(place);
    const known = this.#lookup.known(key);
    if (known !== undefined) void this.#hear(place, known.answer)?.finally(() => this.#goOn());
    else if (this.#batch.push(place) === 1) queueMicrotask(() => void this.#readBatch());
  }

  async #readBatch(): Promise<void> {
    const places = this.#batch;
    this.#batch = [];
    let answers: readonly Answer[] = [];
    try {
      answers = await this.#lookup.find(places.map((place) => this.#contents.keys.get(place)!));
    } catch (error) {
      const message = `Results of other runs can not be looked up, so that steps are run: ${String(error)}`;
      this.#contents.warn(places[0]!, message);
    }
    for (const [i, place] of places.entries()) {
      void this.#hear(place, answers[i])?.finally(() => this.#goOn());
    }
    this.#goOn();
  }

  #hear(place: number, answer: Answer): Promise<void> | undefined {
    const run = this.#run;
    if (!isReady(run, place)) return this.#release();
    if (answer === undefined) return this.#giveBack(place);
    try {
      if (answer instanceof Error) throw answer;
      const taken = takeResult(run.host.codec, run.id, this.#contents.keys.get(place)!, answer);
      if (!(taken instanceof Promise)) return this.#take(place, answer, taken);
      return taken.then((taken) => this.#take(place, answer, taken), (error) => this.#refuse(place, error));
    } catch (error) {
      return this.#refuse(place, error);
    }
  }

  /** What was found stands for the step. */
  #take(place: number, found: CachedResult, { stored, value }: TakenResult): undefined {
    const run = this.#run;
    this.#release();
    if (!isReady(run, place)) return;
    const at = run.host.clock.now();
    this.#contents.keys.delete(place);
    this.#contents.set(place, found.content);
    if (at - found.keptAt > KEPT_FOR) run.pending.cached({ ...found, keptAt: at });
    run.pending.value(place, stored);
    run.values!.set(place, value);
    run.values!.ended(place);
    run.apply({ kind: "stored", place, at });
    run.pending.urgent = true;
  }

  #refuse(place: number, error: unknown): undefined {
    const why = error instanceof FusewireError ? error.message : String(error);
    const node = this.#contents.nameOf(place);
    this.#contents.warn(place, `The kept result of \`${node}\` can not be used, so that the step is run: ${why}`);
    this.#giveBack(place);
  }

  /** A step is to be run: it goes back to the ready ones. */
  #giveBack(place: number): undefined {
    const run = this.#run;
    this.#release();
    if (isReady(run, place)) run.state.ready.push(place);
  }

  #release(): undefined {
    this.#held--;
    this.#run.taken--;
  }

  #goOn(): void {
    this.#run.pump();
    this.#run.settle();
  }
}
