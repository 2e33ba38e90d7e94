/**
 * Keeps what is made in one run for runs to come: by the commit of the step, or by one after it, so that nobody is given what was never
 * committed. A crash loses no more than the entry.
 *
 * @module
 */
import type { CachedResult, StoredValue } from "../../storage/runtime/records.ts";
import type { ActiveRun } from "./active_run.ts";
import { keptResult } from "./cached_results.ts";
import type { StepContents } from "./step_contents.ts";

/** Keeps the results of one run. */
export class ResultKeeper {
  readonly #run: ActiveRun;
  readonly #contents: StepContents;
  /** What was made here, of steps that are about to succeed. */
  readonly #made = new Map<number, CachedResult>();
  #busy = 0;

  /** Keeps what `contents` has keys of. */
  constructor(run: ActiveRun, contents: StepContents) {
    this.#run = run;
    this.#contents = contents;
  }

  /** Whether the end of the run waits, because a result is being read to be kept. */
  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** Encodes the result of a step by `encode`, and makes it ready to be kept, before anybody can change it. */
  encode(
    place: number,
    value: unknown,
    encode: () => StoredValue | Promise<StoredValue>,
  ): StoredValue | Promise<StoredValue> {
    this.#contents.remember(place, value);
    const stored = encode();
    const key = this.#contents.keys.get(place);
    if (key === undefined) return stored;
    if (stored instanceof Promise) return stored.then((stored) => this.#ready(place, key, stored));
    return stored.kind === "bytes" ? this.#readyNow(place, key, stored) : this.#ready(place, key, stored);
  }

  /** A step that was run here has succeeded: its result is kept by the same commit. */
  succeeded(place: number): void {
    this.#contents.keys.delete(place);
    const made = this.#made.get(place);
    if (made === undefined) return;
    this.#made.delete(place);
    this.#run.pending.cached(made);
  }

  /** A step that another worker ran has succeeded. What it gave is in the store; it is read and kept. */
  reported(place: number): void {
    const key = this.#contents.keys.get(place);
    if (key === undefined) return;
    this.#contents.keys.delete(place);
    this.#busy++;
    void this.#keepReported(place, key).finally(() => {
      this.#busy--;
      this.#run.settle();
    });
  }

  #readyNow(place: number, key: string, stored: StoredValue): StoredValue {
    const made = this.#keep(place, key, stored);
    if (made !== undefined && !(made instanceof Promise)) this.#made.set(place, made);
    return stored;
  }

  async #ready(place: number, key: string, stored: StoredValue): Promise<StoredValue> {
    const made = await this.#keepSafely(place, key, stored);
    if (made !== undefined) this.#made.set(place, made);
    return stored;
  }

  async #keepReported(place: number, key: string): Promise<void> {
    const run = this.#run;
    try {
      const [stored] = await run.host.storage.readValues(run.id, [place]);
      if (stored === undefined) return;
      if (this.#contents.at(place) === undefined) {
        this.#contents.remember(place, await run.host.codec.decode(stored));
      }
      const made = await this.#keepSafely(place, key, stored);
      if (made === undefined || !run.isAtWork) return;
      run.pending.cached(made);
      run.pending.urgent = true;
    } catch (error) {
      this.#warnNotKept(place, error);
    }
  }

  #keep(place: number, key: string, stored: StoredValue): ReturnType<typeof keptResult> {
    const { codec, clock } = this.#run.host;
    return keptResult(codec.objects, key, stored, this.#contents.at(place), clock.now());
  }

  async #keepSafely(place: number, key: string, stored: StoredValue): Promise<CachedResult | undefined> {
    try {
      const made = await this.#keep(place, key, stored);
      if (made === undefined) this.#contents.tellUncacheable(place, "its result is kept in files by a serializer");
      return made;
    } catch (error) {
      this.#warnNotKept(place, error);
      return undefined;
    }
  }

  #warnNotKept(place: number, error: unknown): void {
    const node = this.#contents.nameOf(place);
    this.#contents.warn(place, `The result of \`${node}\` is not kept for other runs: ${String(error)}`);
  }
}
