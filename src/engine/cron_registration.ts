/**
 * The registration of a cron with a runtime. It comes with the runtime, so that a program without one does not load what reads cron
 * expressions.
 *
 * @module
 */
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import type { CronCatchUp, CronOptions, CronOverlap } from "./cron.ts";
import { checkCronName } from "./cron_names.ts";
import { CronSchedule } from "./cron_schedule.ts";
import { CronTicks } from "./cron_ticks.ts";
import { denoTrigger } from "./cron_trigger.ts";
import { executableOf } from "./executable.ts";
import type { Runtime } from "./runtime.ts";

const OVERLAPS: readonly CronOverlap[] = ["skip", "queue", "allow"];
const CATCH_UPS: readonly CronCatchUp[] = ["none", "latest", "all"];

/** Checks and registers a cron; see {@linkcode scheduleCron}. */
export function registerCron<I, T>(
  runtime: Runtime,
  name: string,
  cron: string,
  definition: Definition<I, T>,
  options: CronOptions<NoInfer<I>>,
): void {
  checkCronName(name);
  const refuse = (option: string, value: unknown, why: string): never => {
    throw new ConfigError(`Option \`${option}\` of cron ${JSON.stringify(name)} is ${String(value)}; ${why}.`);
  };
  const { overlap = "skip", catchUp = "none", budgetMs = 50_000, patience = 4_000, signal, trigger } = options;
  if (!OVERLAPS.includes(overlap)) refuse("overlap", overlap, `it must be one of ${OVERLAPS.join(", ")}`);
  if (!CATCH_UPS.includes(catchUp)) refuse("catchUp", catchUp, `it must be one of ${CATCH_UPS.join(", ")}`);
  if (!(budgetMs > 0)) refuse("budgetMs", budgetMs, "it must be a number of milliseconds above 0");
  if (!(patience >= 0)) refuse("patience", patience, "it must be a number of milliseconds");
  const schedule = new CronSchedule(name, cron, trigger !== undefined);
  const executable = executableOf(definition);
  const { clock, closing } = runtime.core;
  const ended = AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  const ticks = new CronTicks({
    name,
    schedule,
    runtime,
    executable,
    worker: runtime.worker([definition]),
    input: options.input,
    checkInput: async (input) => definition instanceof WorkflowDefinition ? await definition.checkInput(input) : input,
    overlap,
    catchUp,
    budgetMs,
    patience,
    signal,
    ended,
  });
  const job = {
    name,
    schedule: schedule.text,
    signal: ended,
    clock,
    next: (after: Date): Date | undefined => {
      const next = schedule.next(after.getTime());
      return next === undefined ? undefined : new Date(next);
    },
  };
  (trigger ?? denoTrigger)(job, (due) => ticks.fire(due));
  ticks.begin();
}
