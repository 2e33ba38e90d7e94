/**
 * The ticks of one cron in this process: what is started for each, and what is then driven.
 *
 * @module
 */
import type { RunRecord } from "../../storage/runtime/records.ts";
import type { Timer } from "../clock.ts";
import { FusewireError } from "../errors.ts";
import { isFinal } from "../status.ts";
import { log, warn } from "../warning.ts";
import type { CronCatchUp, CronOverlap, CronTick } from "./cron.ts";
import { cronTag, dueOf, tickId } from "./cron_names.ts";
import { CronQueue, HELD_UNTIL } from "./cron_queue.ts";
import type { CronSchedule } from "./cron_schedule.ts";
import type { Executable } from "./executable.ts";
import type { Runtime } from "./runtime.ts";
import type { Worker } from "./worker_handle.ts";

/** How many missed ticks are caught up with, at most. */
const MOST_CAUGHT_UP = 1_000;

/** After how many milliseconds a start that failed is tried again. */
const START_AGAIN = [100, 1_000, 5_000];

/** How often a tick looks whether a run has ended that others wait for, in milliseconds. */
const LOOK_EVERY = 250;

/** What the ticks of a cron are made of; see `CronSettings`. */
export interface CronSetup {
  readonly name: string;
  readonly schedule: CronSchedule;
  readonly runtime: Runtime;
  readonly executable: Executable;
  readonly worker: Worker;
  readonly input: unknown;
  readonly checkInput: (input: unknown) => Promise<unknown>;
  readonly overlap: CronOverlap;
  readonly catchUp: CronCatchUp;
  readonly budgetMs: number;
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
  /** Aborted when there are to be no more ticks: by `signal`, or since the runtime closes. */
  readonly ended: AbortSignal;
}

/** Fires the ticks of one cron in this process. */
export class CronTicks {
  readonly #setup: CronSetup;
  readonly #tag: string;
  readonly #queue: CronQueue | undefined;
  readonly #atWork = new Set<Promise<void>>();
  /** The latest due time that was fired here. */
  #latest = -Infinity;
  #timer: Timer | undefined;

  /** Nothing is fired yet. */
  constructor(setup: CronSetup) {
    const { name, runtime, executable, overlap, ended } = setup;
    this.#setup = setup;
    this.#tag = cronTag(name);
    this.#queue = overlap === "queue"
      ? new CronQueue(runtime.core, executable.definition.workflow, this.#tag)
      : undefined;
    ended.addEventListener("abort", () => this.#timer?.cancel(), { once: true });
  }

  /** Goes on with runs that have not ended, and catches up with what was missed. */
  begin(): void {
    const { catchUp, schedule } = this.#setup;
    this.#do(async () => {
      const now = schedule.previous(this.#now);
      const missed = catchUp === "none" || now === undefined ? undefined : await this.#missed(now);
      const latest = missed?.at(-1);
      if (latest === undefined) await this.#drive(this.#budget());
      else if (latest > this.#latest) await this.#tick(this.#latest = latest);
    });
  }

  /** Fires a tick; resolved when nothing of this cron is at work here any more. */
  async fire(due?: Date): Promise<void> {
    const { schedule, ended } = this.#setup;
    const time = due?.getTime() ?? schedule.firedFor(this.#now);
    if (time !== undefined && time > this.#latest && !ended.aborted) {
      this.#latest = time;
      this.#do(() => this.#tick(time));
    }
    while (this.#atWork.size > 0) await Promise.all(this.#atWork);
  }

  get #now(): number {
    return this.#setup.runtime.core.clock.now();
  }

  #budget(): number {
    return this.#now + this.#setup.budgetMs;
  }

  #do(work: () => Promise<void>): void {
    const { name, runtime, executable } = this.#setup;
    const done = runtime.core.untilDone(work()).catch((error) => {
      const { workflow } = executable.definition;
      log("error", [], `A tick of cron ${JSON.stringify(name)} failed: ${String(error)}`, { workflow, error });
    }).finally(() => {
      this.#atWork.delete(done);
      this.#watch();
    });
    this.#atWork.add(done);
    this.#watch();
  }

  /** Deno fires no tick while one is at work in the process; so those that come due meanwhile are fired from here. */
  #watch(): void {
    const { schedule, ended, runtime: { core: { clock } } } = this.#setup;
    if (this.#atWork.size === 0 || ended.aborted) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    const next = schedule.next(Math.max(this.#latest, this.#now));
    if (this.#timer !== undefined || next === undefined) return;
    this.#timer = clock.setTimer(next - this.#now, () => {
      this.#timer = undefined;
      if (this.#now >= next) void this.fire(new Date(next));
      this.#watch();
    });
  }

  async #tick(due: number): Promise<void> {
    const until = this.#budget();
    try {
      if (this.#setup.catchUp === "all") await this.#startAll(due, until);
      else await this.#start(due);
    } finally {
      await this.#drive(until);
    }
  }

  /** Starts what was missed before a tick, and the tick. */
  async #startAll(due: number, until: number): Promise<void> {
    for (;;) {
      const missed = await this.#missed(due) ?? [due];
      if (this.#setup.overlap !== "skip") {
        for (const time of missed) await this.#start(time);
        return;
      }
      // One after another: each has to end before the next begins.
      const first = missed[0];
      const run = first === undefined ? undefined : await this.#start(first);
      if (first === due || run === undefined) return;
      await this.#drive(until);
      const now = await this.#setup.runtime.core.storage.readRun(run.id);
      if (now === undefined || !isFinal(now.status) || this.#now >= until || this.#setup.ended.aborted) return;
    }
  }

  /** The due times after the last run, up to one; `undefined` if there is no run yet. */
  async #missed(until: number): Promise<readonly number[] | undefined> {
    const { name, schedule, executable, overlap, runtime: { core: { storage } } } = this.#setup;
    const { workflow } = executable.definition;
    const [last] = (await storage.listRuns({ workflow, tag: this.#tag, limit: 1 })).runs;
    if (last === undefined) return undefined;
    const times = schedule.between(dueOf(last.id), until, MOST_CAUGHT_UP);
    if (times.length === MOST_CAUGHT_UP) {
      warn(`Cron ${JSON.stringify(name)} catches up with ${MOST_CAUGHT_UP} ticks at most; earlier ones are left out.`);
    }
    if (overlap !== "skip") return times;
    // Those that were due while the last run was at work were not missed but skipped.
    return times.filter((time) => time < last.createdAt || time > (last.endedAt ?? Infinity));
  }

  /** Starts the run of a tick, whoever else does; `undefined` if the run of another tick is in its way. */
  async #start(due: number): Promise<RunRecord | undefined> {
    const { name, runtime, executable, overlap, ended } = this.#setup;
    const input = await this.#inputAt(due);
    const options = {
      id: tickId(this.#tag, due),
      tags: [this.#tag],
      ...(overlap === "skip" ? { exclusive: this.#tag } : {}),
      ...(overlap === "queue" ? { delay: new Date(HELD_UNTIL) } : {}),
    };
    for (let tries = 0;; tries++) {
      try {
        const { run } = await runtime.startExecutable(executable, input, options);
        if (run.id === options.id) return run;
        const isKnown = run.version === executable.definition.version && run.schema === executable.definition.schema;
        log(
          isKnown ? "debug" : "warn",
          [],
          `A tick of cron ${JSON.stringify(name)} is skipped, since run ${run.id} has not ended` +
            `${
              isKnown ? "" : `, which is of version ${JSON.stringify(run.version)} and waits for a worker that knows it`
            }.`,
          { workflow: run.workflow },
        );
        return undefined;
      } catch (error) {
        const pause = START_AGAIN[tries];
        if (error instanceof FusewireError || pause === undefined || ended.aborted) throw error;
        warn(`A run of cron ${JSON.stringify(name)} could not be started, which is tried again: ${String(error)}`);
        await this.#rest(pause);
      }
    }
  }

  async #inputAt(due: number): Promise<unknown> {
    const { name, input, checkInput } = this.#setup;
    return await checkInput(isMaker(input) ? await input({ name, due: new Date(due) }) : input);
  }

  /** Works on what has not ended, until there is nothing to do or no more time. */
  async #drive(until: number): Promise<void> {
    const { worker, ended, signal, patience } = this.#setup;
    while (!ended.aborted && this.#now < until) {
      const turn = await this.#queue?.advance();
      await worker.tick({ budgetMs: until - this.#now, patience, ...(signal === undefined ? {} : { signal }) });
      if (turn?.atWork === undefined || turn.waiting === 0) return;
      await this.#endOf(turn.atWork, until);
    }
  }

  /** Waits until a run has ended, wherever it is at work, or there is no more time. */
  async #endOf(id: string, until: number): Promise<void> {
    const { ended, runtime: { core: { storage } } } = this.#setup;
    while (!ended.aborted && this.#now < until) {
      const run = await storage.readRun(id);
      if (run === undefined || isFinal(run.status)) return;
      await this.#rest(Math.min(LOOK_EVERY, until - this.#now));
    }
  }

  async #rest(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => this.#setup.runtime.core.clock.setTimer(milliseconds, resolve));
  }
}

function isMaker(input: unknown): input is (tick: CronTick) => unknown {
  return typeof input === "function";
}
