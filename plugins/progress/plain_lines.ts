/**
 * Progress for files and pipes: whole lines, few of them, no escape codes.
 *
 * @module
 */
import type { Clock } from "../../src/clock.ts";
import type { Display } from "./display.ts";
import type { RunProgress } from "./run_progress.ts";
import { duration, mishaps, nodes, summary } from "./text.ts";

/** Least time between two lines on how far a run is, in milliseconds. */
const INTERVAL = 1_000;

/** Into how many parts a run is divided: a line follows each. */
const PARTS = 10;

/** When a run is heard of next. */
interface Next {
  /** Not before this time. */
  at: number;
  /** Not before this part is done. */
  part: number;
}

/** Writes a line when a run starts, after each tenth of it, and at its end. */
export class PlainLines implements Display {
  readonly #next = new Map<RunProgress, Next>();

  /** Writes to `write`. */
  constructor(readonly write: (text: string) => void, readonly clock: Clock) {}

  started(run: RunProgress): void {
    this.#next.set(run, { at: run.startedAt + INTERVAL, part: 1 });
    if (run.total > 0) this.#line(`${run.title}: ${nodes(run.total)} to run`);
  }

  changed(run: RunProgress): void {
    const next = this.#next.get(run);
    const part = Math.floor((run.done * PARTS) / run.total);
    const now = this.clock.now();
    if (next === undefined || part < next.part || part === PARTS || now < next.at) return;
    next.part = part + 1;
    next.at = now + INTERVAL;
    const done = `${run.title}: ${run.done} of ${nodes(run.total)} in ${duration(now - run.startedAt)}`;
    this.#line([done, ...mishaps(run.ended)].join(", "));
  }

  failed(_run: RunProgress, text: string): void {
    this.#line(text);
  }

  ended(run: RunProgress): void {
    this.#next.delete(run);
    this.#line(summary(run, this.clock.now()));
  }

  #line(text: string): void {
    this.write(`${text}\n`);
  }
}
