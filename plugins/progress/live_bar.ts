/**
 * Progress for a person at a terminal: one line that is drawn again in place.
 *
 * @module
 */
import type { Clock, Timer } from "../../src/clock.ts";
import type { Display } from "./display.ts";
import { cut, fit, type Piece } from "./fit.ts";
import type { ProgressOutput } from "./output.ts";
import type { RunProgress } from "./run_progress.ts";
import { duration, mishaps, summary } from "./text.ts";

/** Least time between two drawings, in milliseconds. */
const INTERVAL = 100;

/** How long a line may stand without a change, in milliseconds: the time on it goes on. */
const TICK = 1_000;

/** Columns of a terminal that does not tell. */
const USUAL_COLUMNS = 80;

/** Back to the start of the line, and everything behind the cursor erased. */
const ERASE = "\r\x1b[K";

const GREEN = 32;
const RED = 31;

/** What a drawing needs of the output. */
type BarOutput = Pick<ProgressOutput, "write" | "columns">;

/** A bar for all runs that are under way together, and a line that stays for each one that has ended. */
export class LiveBar implements Display {
  readonly #runs = new Set<RunProgress>();
  readonly #output: BarOutput;
  readonly #clock: Clock;
  readonly #colored: boolean;
  #drawnAt = -Infinity;
  #timer: { readonly at: number; readonly timer: Timer } | undefined;

  /** Draws on `output`, in colours or without. */
  constructor(output: BarOutput, clock: Clock, colored: boolean) {
    this.#output = output;
    this.#clock = clock;
    this.#colored = colored;
  }

  started(run: RunProgress): void {
    this.#runs.add(run);
    this.#drawSoon();
  }

  changed(): void {
    this.#drawSoon();
  }

  failed(_run: RunProgress, text: string): void {
    this.#keep(text, RED);
  }

  ended(run: RunProgress): void {
    this.#runs.delete(run);
    this.#keep(summary(run, this.#clock.now()), run.ended.FAILED > 0 ? RED : undefined);
  }

  /** Writes a line that stays, where the bar was; the bar follows below. */
  #keep(text: string, color: number | undefined): void {
    this.#output.write(`${ERASE}${fit([this.#piece(text, color)], Infinity)}\n`);
    if (this.#runs.size > 0) this.#draw(this.#clock.now());
    else this.#stop();
  }

  #drawSoon(): void {
    const now = this.#clock.now();
    const wait = this.#drawnAt + INTERVAL - now;
    // More than one interval is left only if the clock was set back.
    if (wait <= 0 || wait > INTERVAL) this.#draw(now);
    else this.#drawAt(now + wait, now);
  }

  #drawAt(at: number, now: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#stop();
    const timer = this.#clock.setTimer(at - now, () => {
      this.#timer = undefined;
      this.#draw(this.#clock.now());
    });
    this.#timer = { at, timer };
  }

  #stop(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #draw(now: number): void {
    this.#stop();
    this.#drawnAt = now;
    this.#drawAt(now + TICK, now);
    const columns = this.#output.columns();
    // The last column stays free: some terminals go to the next line as soon as it is written to.
    const width = (columns >= 1 ? columns : USUAL_COLUMNS) - 1;
    this.#output.write(`\r${fit(this.#line(now, width), width)}\x1b[K`);
  }

  #line(now: number, width: number): Piece[] {
    const runs = [...this.#runs];
    const sum = (count: (run: RunProgress) => number): number => runs.reduce((all, run) => all + count(run), 0);
    const [total, done] = [sum((run) => run.total), sum((run) => run.done)];
    const ended = {
      FAILED: sum((run) => run.ended.FAILED),
      SKIPPED: sum((run) => run.ended.SKIPPED),
      CANCELLED: sum((run) => run.ended.CANCELLED),
    };
    const title = runs.length === 1 ? runs[0]!.title : `${runs.length} runs`;
    const elapsed = now - Math.min(...runs.map(({ startedAt }) => startedAt));
    const left = done > 0 && done < total ? [`about ${duration((elapsed / done) * (total - done))} left`] : [];
    const [oldest] = runs.flatMap(({ running }) => [...running.values().take(1)]);
    const working = oldest === undefined ? [] : [`${sum((run) => run.running.size)} running: ${oldest}`];
    const length = Math.max(5, Math.min(30, Math.floor(width / 4)));
    const filled = total === 0 ? 0 : Math.floor((done * length) / total);
    const words = [`${done}/${total}`, ...mishaps(ended), duration(elapsed), ...left, ...working];
    return [
      { text: `${cut(title, Math.floor(width / 4))} [` },
      this.#piece("#".repeat(filled), ended.FAILED > 0 ? RED : GREEN),
      { text: `${"-".repeat(length - filled)}] ${words.join("  ")}` },
    ];
  }

  #piece(text: string, color: number | undefined): Piece {
    return { text, color: this.#colored ? color : undefined };
  }
}
