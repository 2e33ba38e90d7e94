/**
 * The definition that the crash tests run, and the log that its steps write. Worker processes and tests import the same file.
 *
 * @module
 */
import { context, defineWorkflow, type Input, repeatUntil, task } from "@fusewire/fusewire";

/** One line of the log: a step was called. */
export interface LogLine {
  /** The process. */
  readonly pid: number;
  /** The name of the step; of a call on an instance that of the call. */
  readonly step: string;
}

/** Reads the log; a log that nobody wrote is empty. */
export async function readLog(path: string): Promise<LogLine[]> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [pid = "", step = ""] = line.split(" ");
    return { pid: Number(pid), step };
  });
}

/** The side effect of every step: one line, written at once and at the end of the file, whoever else writes there. */
function effect(log: string): void {
  Deno.writeTextFileSync(log, `${Deno.pid} ${context().nodeName}\n`, { append: true });
}

/** Comes back when the event loop has turned. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A tally that is never stored: whoever takes the run over has to make it again. */
class Tally {
  readonly #log: string;
  readonly #seen: number[] = [];

  constructor(log: string, start: number) {
    this.#log = log;
    effect(log);
    this.#seen.push(start);
  }

  add(n: number): number {
    effect(this.#log);
    this.#seen.push(n);
    return this.#seen.reduce((sum, each) => sum + each, 0);
  }

  /** What it has seen, in order: a call too many, too few or out of order shows here. */
  seen(): string {
    effect(this.#log);
    return this.#seen.join(" ");
  }
}

const tallyOf = task(Tally);

const first = task(function first(log: string, n: number) {
  effect(log);
  return n;
});

const next = task(async function next(log: string, n: number) {
  effect(log);
  await turn();
  return n + 1;
});

const branch = task(async function branch(log: string, n: number, by: number) {
  effect(log);
  if (by % 2 === 0) await turn();
  return n * by;
});

const join = task(function join(log: string, all: readonly number[]) {
  effect(log);
  return all.reduce((sum, each) => sum + each, 0);
});

const flaky = task(function flaky(log: string, n: number) {
  effect(log);
  if (context().attempt === 1) throw new Error("The first attempt always fails.");
  return n + 100;
}, { retry: { maxAttempts: 3, initialDelay: 5, jitter: 0 } });

const pure = task(function pure(log: string, n: number) {
  effect(log);
  return n + 0.5;
}, { pure: true });

const last = task(function last(log: string, sum: number, tally: string, half: number, looped: number) {
  effect(log);
  return `${sum} / ${tally} / ${half} / ${looped}`;
});

/** A chain, a fan-out and its join, a loop, a step that is tried twice, an instance with several calls, steps without side effects. */
export const everything = defineWorkflow("everything", { version: "1" }, (input: Input<{ log: string; n: number }>) => {
  const { log } = input;
  const chain = next(log, next(log, first(log, input.n)));
  const sum = join(log, [2, 3, 4, 5].map((by) => branch(log, chain, by)));
  const tally = tallyOf(log, chain);
  const tallied = [sum, flaky(log, sum), next(log, chain)].map((n) => tally.add(n));
  const half = pure(log, pure(log, pure(log, join(log, tallied))));
  const looped = repeatUntil(chain, (n) => next(log, n), { until: (n) => n % 5 === 0, maxIterations: 4 });
  return last(log, sum, tally.seen(), half, looped);
});
