/**
 * Crons: runs of a definition that are started at certain times, once however many processes are told of the time.
 *
 * @module
 */
import type { Definition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import type { CronTrigger } from "./cron_trigger.ts";
import type { Runtime } from "./runtime.ts";

/** One due time of a cron. */
export interface CronTick {
  /** Name of the cron. */
  readonly name: string;
  /** The time that it is for: a whole minute, also where it is fired a little earlier or later. */
  readonly due: Date;
}

/** The input of the runs of a cron: the same for each, or made for each of its ticks. */
export type CronInput<I> = I | ((tick: CronTick) => I | Promise<I>);

/** What becomes of a tick while the run of an earlier one has not ended. */
export type CronOverlap = "skip" | "queue" | "allow";

/** What becomes of ticks that were due while no process was alive. */
export type CronCatchUp = "none" | "latest" | "all";

/** What {@linkcode scheduleCron} is told beside the input. */
export interface CronSettings {
  /** Where the runs are kept, and what works on them in this process. */
  readonly runtime: Runtime;
  /**
   * What becomes of a tick while the run of an earlier one has not ended, wherever it is at work.
   *
   * - `skip`: there is no run for it. One that waits for a worker which knows its version holds the cron up, with a warning.
   * - `queue`: its run is there at once, `PENDING`, and begins when all earlier ones have ended, in the order of their due times. Before a
   *   schedule is changed to another rule, let the waiting ones end, or cancel them.
   * - `allow`: its run begins at once.
   *
   * @default {"skip"}
   */
  readonly overlap?: CronOverlap;
  /**
   * What becomes of ticks that were due after the last run of this cron and that no process fired.
   *
   * - `none`: nothing.
   * - `latest`: when the cron is registered, a run for the last of them.
   * - `all`: when the cron is registered, and before its next tick, a run for each, in the order of their due times, for the latest 1,000 at
   *   most; with `skip` they begin one after another. A cron that has no run yet, or whose runs were all forgotten, has missed nothing.
   *
   * @default {"none"}
   */
  readonly catchUp?: CronCatchUp;
  /**
   * For how many milliseconds a tick drives the unfinished runs of the definition in this process: no step starts later, and one that is at
   * work then is waited for. The default lets it end before the next minute, since Deno does not fire a cron that is at work.
   *
   * @default {50000}
   */
  readonly budgetMs?: number;
  /** Ends the cron in this process: no more ticks, no more steps. Default: it ends with its runtime. */
  readonly signal?: AbortSignal;
  /**
   * How long steps at work have to end after `signal`, in milliseconds; then their signals are aborted and they are left to others. Deno
   * Deploy kills a process 5 s after it has asked it to end with SIGINT.
   *
   * @default {4000}
   */
  readonly patience?: number;
  /** What fires the ticks. Default: `Deno.cron`. Others are {@linkcode timerTrigger}, and what a test gives to fire them by hand. */
  readonly trigger?: CronTrigger;
}

/** Options of {@linkcode scheduleCron}; the input may be left out where the definition takes none. */
export type CronOptions<I> =
  & CronSettings
  & (undefined extends I ? { readonly input?: CronInput<I> } : { readonly input: CronInput<I> });

/**
 * Starts a run of a definition at certain times, and works on it: one run a tick, however many processes register the cron on the same
 * store and whatever their clocks differ by. Register crons at the top level of a module, before `Deno.serve()`: Deno Deploy looks for them
 * there.
 *
 * A tick starts a run and then drives the unfinished runs of the definition, up to `budgetMs`; what is left then is driven by the next tick,
 * or by a worker. A failure is logged, and does not end the process.
 *
 * @param name Tells crons apart, and ticks of one cron from those of another: at most 64 letters, digits, spaces, `_` and `-`.
 * @param cron Five fields in UTC: minute, hour, day of month, month and day of week, with `0`, `7` or `SUN` for Sunday.
 * @param definition What is run.
 * @param options `runtime`, the input, and what is to be done with ticks that overlap or were missed.
 * @throws {ConfigError} If the name, the expression or an option can not be used, or this program may not use `Deno.cron`.
 *
 * @example
 * ```ts
 * import { defineWorkflow, type Input, openRuntime, scheduleCron, task } from "@fusewire/fusewire";
 *
 * const report = task((day: string) => `Report of ${day}`, { name: "report" });
 * const daily = defineWorkflow("daily", { version: "1" }, (input: Input<{ day: string }>) => report(input.day));
 *
 * const runtime = await openRuntime({ kv: ":memory:" }); // on Deno Deploy: openRuntime()
 * scheduleCron("daily report", "30 6 * * MON-FRI", daily, {
 *   runtime,
 *   input: ({ due }) => ({ day: due.toISOString().slice(0, 10) }),
 * });
 *
 * await runtime.close(); // ends the cron too; an app goes on with Deno.serve()
 * ```
 */
export function scheduleCron<I, T>(
  name: string,
  cron: string,
  definition: Definition<I, T>,
  options: CronOptions<NoInfer<I>>,
): void {
  const { runtime } = options;
  if (typeof runtime?.registerCron !== "function") {
    throw new ConfigError(
      `Option \`runtime\` of cron ${JSON.stringify(name)} is ${
        String(runtime)
      }; give it what openRuntime() resolves to.`,
    );
  }
  runtime.registerCron(name, cron, definition, options);
}
