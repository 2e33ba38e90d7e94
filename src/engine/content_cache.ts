/**
 * The content cache of a run at work here: looks ready steps up, many at a time, under a key that says what they are made from
 * (`content_key.ts`), has what another run made of the same stand for them, and keeps what is made here for runs to come
 * (`cached_results.ts`).
 *
 * A step that is looked up has been taken from the queue of ready ones, and takes no room. If nothing is found it goes back there, and is
 * run or lent like any other. A result is kept by the commit of its step, or by one after it, so that nobody is given what was never
 * committed; a crash loses no more than the entry.
 *
 * @module
 */
import type { CachedResult, StoredValue } from "../../storage/runtime/records.ts";
import { FusewireError, SerializationError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";
import { keptResult, type TakenResult, takeResult } from "./cached_results.ts";
import { ContentHashes, keyRange, stepKey } from "./content_key.ts";
import { type Answer, ContentLookup } from "./content_lookup.ts";
import { bringValues, conditionsHold, isReady } from "./run_step.ts";

/** How many steps are looked up at a time. */
const MOST_HELD = 256;

/** A result that is used is kept again, so that it does not seem old, if that was last done so many milliseconds ago. */
const KEPT_FOR = 3_600_000;

/** Looks up and keeps results for one run. */
export class ContentCache {
  readonly #run: ActiveRun;
  readonly #workflow: string;
  readonly #scope: string;
  readonly #lookup: ContentLookup;
  readonly #hashes = new ContentHashes();
  /** 1 where a step is not looked up, or was. */
  readonly #settled: Uint8Array;
  /** 1 where the content hash of a result is needed, by a key or to be kept. */
  readonly #needsContent: Uint8Array;
  readonly #content: (string | undefined)[];
  /** The keys of the steps that are looked up or made. */
  readonly #keys = new Map<number, string>();
  /** What was made here and is not with the next commit yet. */
  readonly #made = new Map<number, CachedResult>();
  /** The tasks of which it was told that they can not be cached. */
  readonly #told = new Set<string>();
  #batch: number[] = [];
  #held = 0;
  #busy = 0;

  /** `cached` is 1 where a step is looked up. */
  constructor(run: ActiveRun, cached: Uint8Array) {
    this.#run = run;
    this.#workflow = run.run.workflow;
    const { from, to } = keyRange(this.#workflow);
    this.#scope = from;
    this.#lookup = new ContentLookup(run.host.storage, to);
    const { program } = run.values!;
    this.#content = new Array(program.graph.size);
    this.#settled = cached.map((is) => 1 - is);
    this.#needsContent = cached.slice();
    cached.forEach((is, place) => {
      if (is === 1) program.forEachRead(place, (of) => this.#needsContent[of] = 1);
    });
    if (run.host.storage.readCached === undefined) {
      this.#settled.fill(1);
      this.#warn(
        cached.indexOf(1),
        "The runtime storage keeps no results for other runs, so that the content cache is off.",
      );
    }
  }

  /** Whether a step is to be looked up before it is run. */
  wants(place: number): boolean {
    return this.#settled[place] === 0;
  }

  /** Whether so many steps are being looked up that others wait. */
  get isFull(): boolean {
    return this.#held >= MOST_HELD;
  }

  /** Whether a result is being read to be kept. */
  get isBusy(): boolean {
    return this.#busy > 0;
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

  /** Encodes the result of a step by `encode`, and makes it ready to be kept, before anybody can change it. */
  encode(
    place: number,
    value: unknown,
    encode: () => StoredValue | Promise<StoredValue>,
  ): StoredValue | Promise<StoredValue> {
    if (this.#needsContent[place] === 1) this.#content[place] = this.#contentOf(value);
    const stored = encode();
    const key = this.#keys.get(place);
    if (key === undefined) return stored;
    if (!(stored instanceof Promise)) {
      const made = this.#keep(key, stored, this.#content[place]);
      if (made !== undefined && !(made instanceof Promise)) this.#made.set(place, made);
      return stored;
    }
    return stored.then(async (stored) => {
      const made = await this.#keepSafely(place, key, stored, this.#content[place]);
      if (made !== undefined) this.#made.set(place, made);
      return stored;
    });
  }

  /** A step that was run here has succeeded: its result is kept by the same commit. */
  succeeded(place: number): void {
    this.#keys.delete(place);
    const made = this.#made.get(place);
    if (made === undefined) return;
    this.#made.delete(place);
    this.#run.pending.cached(made);
  }

  /** A step that another worker ran has succeeded. What it gave is in the store; it is read and kept. */
  reported(place: number): void {
    const key = this.#keys.get(place);
    if (key === undefined) return;
    this.#keys.delete(place);
    this.#busy++;
    void this.#keepReported(place, key).finally(() => {
      this.#busy--;
      this.#run.settle();
    });
  }

  async #keepReported(place: number, key: string): Promise<void> {
    const run = this.#run;
    try {
      const [stored] = await run.host.storage.readValues(run.id, [place]);
      if (stored === undefined) return;
      const content = this.#content[place] ??= this.#contentOf(await run.host.codec.decode(stored));
      const made = await this.#keepSafely(place, key, stored, content);
      if (made === undefined || !run.isAtWork) return;
      run.pending.cached(made);
      run.pending.urgent = true;
    } catch (error) {
      this.#warnNotKept(place, error);
    }
  }

  /** Finds the key of a step that is here with all it reads, and puts it into the next batch. */
  #lookUp(place: number): undefined {
    const run = this.#run;
    if (!isReady(run, place)) return this.#release();
    this.#settled[place] = 1;
    const key = this.#keyOf(place);
    if (key === undefined) return this.#giveBack(place);
    this.#keys.set(place, key);
    // What was begun is brought to its end, with its plugins.
    if (run.state.steps[place]!.attempt > 0) return this.#giveBack(place);
    const known = this.#lookup.known(key);
    if (known !== undefined) {
      void this.#hear(place, known.answer)?.finally(() => this.#goOn());
      return;
    }
    if (this.#batch.push(place) === 1) queueMicrotask(() => void this.#readBatch());
  }

  #keyOf(place: number): string | undefined {
    const run = this.#run;
    const { program, values } = run.values!;
    try {
      if (!conditionsHold(run, place)) return undefined;
      const options = run.executable.optionsAt(place);
      const contentOf = (of: number): string => this.#content[of] ??= this.#hashes.of(values[of]);
      return stepKey({
        workflow: this.#workflow,
        scope: this.#scope,
        program,
        place,
        options,
        values,
        contentOf,
        hashes: this.#hashes,
      });
    } catch (error) {
      // Whatever else there is to say against it is said when it is run.
      if (error instanceof SerializationError) this.#tellUncacheable(place, error.message);
      return undefined;
    }
  }

  async #readBatch(): Promise<void> {
    const places = this.#batch;
    this.#batch = [];
    let answers: readonly Answer[] = [];
    try {
      answers = await this.#lookup.find(places.map((place) => this.#keys.get(place)!));
    } catch (error) {
      this.#warn(places[0]!, `Results of other runs can not be looked up, so that steps are run: ${String(error)}`);
    }
    for (const [i, place] of places.entries()) {
      const late = this.#hear(place, answers[i]);
      if (late !== undefined) void late.finally(() => this.#goOn());
    }
    this.#goOn();
  }

  #hear(place: number, answer: Answer): Promise<void> | undefined {
    const run = this.#run;
    if (!isReady(run, place)) return this.#release();
    if (answer === undefined) return this.#giveBack(place);
    try {
      if (answer instanceof Error) throw answer;
      const taken = takeResult(run.host.codec, run.id, this.#keys.get(place)!, answer);
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
    this.#keys.delete(place);
    this.#content[place] = found.content;
    if (at - found.keptAt > KEPT_FOR) run.pending.cached({ ...found, keptAt: at });
    run.pending.value(place, stored);
    run.values!.set(place, value);
    run.values!.ended(place);
    run.apply({ kind: "stored", place, at });
    run.pending.urgent = true;
  }

  #refuse(place: number, error: unknown): undefined {
    const node = this.#run.executable.definition.steps[place];
    const why = error instanceof FusewireError ? error.message : String(error);
    this.#warn(place, `The kept result of \`${node}\` can not be used, so that the step is run: ${why}`);
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

  #keep(key: string, stored: StoredValue, content: string | undefined): ReturnType<typeof keptResult> {
    const { codec, clock } = this.#run.host;
    return keptResult(codec.objects, key, stored, content, clock.now());
  }

  async #keepSafely(
    place: number,
    key: string,
    stored: StoredValue,
    content: string | undefined,
  ): Promise<CachedResult | undefined> {
    try {
      const made = await this.#keep(key, stored, content);
      if (made === undefined) this.#tellUncacheable(place, "its result is kept in files by a serializer");
      return made;
    } catch (error) {
      this.#warnNotKept(place, error);
      return undefined;
    }
  }

  #warnNotKept(place: number, error: unknown): void {
    const node = this.#run.executable.definition.steps[place];
    this.#warn(place, `The result of \`${node}\` is not kept for other runs: ${String(error)}`);
  }

  /** Once for each task: the steps of a crowd have the same reason. */
  #tellUncacheable(place: number, why: string): void {
    const { base } = this.#run.executable.graph.members[place]!.site.task;
    if (this.#told.has(base)) return;
    this.#told.add(base);
    const node = this.#run.executable.definition.steps[place];
    this.#warn(place, `\`${node}\` can not be cached by content, because ${why.replace(/\.$/, "")}.`);
  }

  #warn(place: number, message: string): void {
    const run = this.#run;
    run.host.warn(message, run);
    run.pending.event({ event: "warning", place, message, timestamp: run.host.clock.now() });
  }

  #contentOf(value: unknown): string | undefined {
    try {
      return this.#hashes.of(value);
    } catch (error) {
      if (error instanceof SerializationError) return undefined;
      throw error;
    }
  }
}
