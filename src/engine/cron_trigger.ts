/**
 * What fires the ticks of a cron: Deno.cron, or timers of this process, or a test.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import { log } from "../warning.ts";

/** A cron, as its trigger sees it. */
export interface CronJob {
  /** Its name: at most 64 letters, digits, spaces, `_` and `-`. */
  readonly name: string;
  /** Its expression, with five fields, or six with one for seconds, as every reader of cron expressions takes it. */
  readonly schedule: string;
  /** Aborted when no more ticks are to be fired. */
  readonly signal: AbortSignal;
  /** The time of the runtime. */
  readonly clock: Clock;
  /** The first due time after another; `undefined` if there is none. */
  next(after: Date): Date | undefined;
}

/**
 * Fires the ticks of a cron, from now on until its signal is aborted. It calls `fire` each time, with the due time if it knows it; what it
 * gets is resolved when all that the tick led to in this process is over, and never rejected. A tick may be fired twice.
 */
export type CronTrigger = (job: CronJob, fire: (due?: Date) => Promise<void>) => void;

/** Has Deno fire the ticks. It does not fire one while the one before is at work in the same process, and knows no seconds. */
export const denoTrigger: CronTrigger = ({ name, schedule, signal }, fire) => {
  if (!("cron" in Deno) || typeof Deno.cron !== "function") {
    throw new ConfigError(
      `Cron ${
        JSON.stringify(name)
      } needs Deno.cron: run with --unstable-cron, or with "unstable": ["cron"] in deno.json.`,
    );
  }
  if (signal.aborted) return;
  try {
    Deno.cron(name, schedule, { signal }, () => fire()).catch((error: unknown) => {
      log("error", [], `Deno.cron fires the ticks of ${JSON.stringify(name)} no more: ${String(error)}`);
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`Deno.cron refuses cron ${JSON.stringify(name)} at \`${schedule}\`: ${why}.`, {
      cause: error,
    });
  }
};

/**
 * Fires ticks with timers of this process, for programs that run without Deno.cron, and for more than one tick a minute: an expression may
 * have a sixth field, the first, for seconds. Give it to {@linkcode scheduleCron} as `trigger`.
 *
 * @example
 * ```ts
 * import { defineWorkflow, openRuntime, scheduleCron, task, timerTrigger } from "@fusewire/fusewire";
 *
 * const beat = task((): void => stop.abort(), { name: "beat" });
 * const heartbeat = defineWorkflow("heartbeat", { version: "1" }, () => beat());
 *
 * await using runtime = await openRuntime({ kv: ":memory:" });
 * const stop = new AbortController();
 * scheduleCron("heartbeat", "* * * * * *", heartbeat, { runtime, trigger: timerTrigger, signal: stop.signal });
 * await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
 * ```
 */
export const timerTrigger: CronTrigger = ({ clock, signal, next }, fire) => {
  const wait = (after: number): void => {
    const due = next(new Date(after));
    if (due === undefined || signal.aborted) return;
    const at = due.getTime();
    const cancel = (): void => timer.cancel();
    const timer = clock.setTimer(at - clock.now(), () => {
      signal.removeEventListener("abort", cancel);
      // A timer may be early by a fraction of a millisecond.
      if (clock.now() < at) return wait(at - 1);
      void fire(due);
      wait(Math.max(at, clock.now()));
    });
    signal.addEventListener("abort", cancel, { once: true });
  };
  wait(clock.now());
};
