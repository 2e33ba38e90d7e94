/**
 * What the content cache knows of the steps of one run: the content of their results, the keys of what is looked up or made, and what there
 * is to be told of that.
 *
 * @module
 */
import { SerializationError } from "../errors.ts";
import type { ActiveRun } from "./active_run.ts";
import { contentOf, keyRange, stepKey } from "./content_key.ts";
import { conditionsHold } from "./run_step.ts";

/** Contents and keys of the steps of one run. */
export class StepContents {
  /** The keys of the steps that are looked up or made. */
  readonly keys: Map<number, string> = new Map();
  /** What follows in order on the keys of all steps of the workflow. */
  readonly end: string;
  readonly #run: ActiveRun;
  readonly #scope: string;
  /** 1 where the content of a result is needed, by a key or to be kept. */
  readonly #needed: Uint8Array;
  readonly #content: (string | undefined)[];
  /** The tasks of which it was told that they can not be cached. */
  readonly #told = new Set<string>();

  /** `cached` is 1 where a step is looked up. */
  constructor(run: ActiveRun, cached: Uint8Array) {
    this.#run = run;
    const { from, to } = keyRange(run.run.workflow);
    this.#scope = from;
    this.end = to;
    const { program } = run.values!;
    this.#content = new Array(program.graph.size);
    this.#needed = cached.slice();
    cached.forEach((is, place) => {
      if (is === 1) program.forEachRead(place, (of) => this.#needed[of] = 1);
    });
  }

  /** The content hash of the result of a step, as far as it is known. */
  at(place: number): string | undefined {
    return this.#content[place];
  }

  /** The content hash of a result is known from elsewhere. */
  set(place: number, content: string | undefined): void {
    this.#content[place] = content;
  }

  /** Hashes a result before anybody can change it, if that is needed. One without a canonical form has no hash. */
  remember(place: number, value: unknown): void {
    if (this.#needed[place] === 0) return;
    try {
      this.#content[place] = contentOf(value);
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
    }
  }

  /** The key of a step that is here with all it reads; `undefined` if it has none, or is not to run. */
  keyOf(place: number): string | undefined {
    const run = this.#run;
    const { program, values } = run.values!;
    try {
      if (!conditionsHold(run, place)) return undefined;
      return stepKey({
        workflow: run.run.workflow,
        scope: this.#scope,
        program,
        place,
        options: run.executable.optionsAt(place),
        values,
        contentOf: (of) => this.#content[of] ??= contentOf(values[of]),
      });
    } catch (error) {
      // Whatever else there is to say against it is said when it is run.
      if (error instanceof SerializationError) this.tellUncacheable(place, error.message);
      return undefined;
    }
  }

  /** Tells why a step can not be cached, once for each task: the steps of a crowd have the same reason. */
  tellUncacheable(place: number, why: string): void {
    const { base } = this.#run.executable.graph.members[place]!.site.task;
    if (this.#told.has(base)) return;
    this.#told.add(base);
    this.warn(place, `\`${this.nameOf(place)}\` can not be cached by content, because ${why.replace(/\.$/, "")}.`);
  }

  /** The name of a step. */
  nameOf(place: number): string {
    return this.#run.executable.definition.steps[place]!;
  }

  /** Tells of something that is not as it should be. */
  warn(place: number, message: string): void {
    const run = this.#run;
    run.host.warn(message, run);
    run.pending.event({ event: "warning", place, message, timestamp: run.host.clock.now() });
  }
}
