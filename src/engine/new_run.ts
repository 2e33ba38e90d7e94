/**
 * What a new run is made of: its options checked, its id, its times.
 *
 * @module
 */
import { nameProblem } from "../../storage/names.ts";
import type { DefinitionKey, NewRun } from "../../storage/runtime/records.ts";
import { ConfigError } from "../errors.ts";
import { startTrace, type Tracer } from "../tracer.ts";
import { tracedRun } from "./run_trace.ts";
import type { RuntimeCore } from "./runtime_core.ts";

/** Options of a start. */
export interface StartOptions {
  /** Id of the run, by the rule of names; a run that has it already is given back. Default: a new one. */
  readonly id?: string;
  /** The same key starts one run of a workflow, however often it is asked for. Default: none. */
  readonly idempotencyKey?: string;
  /** Higher is started first. @default {0} */
  readonly priority?: number;
  /** Milliseconds from now, or the time, before which the run does not begin. Default: none. */
  readonly delay?: number | Date;
  /** The queue in which it waits for a worker. Default: that of the definition, else `"default"`. */
  readonly queue?: string;
  /** Free labels. Default: none. */
  readonly tags?: readonly string[];
}

/** The input and options of a start; the input may be left out where the definition takes none. */
export type StartArguments<I> = undefined extends I ? [input?: I, options?: StartOptions]
  : [input: I, options?: StartOptions];

/** What a new run is of. */
export interface NewRunSubject extends DefinitionKey {
  /** How many steps it has. */
  readonly size: number;
  /** The queue in which it waits, unless an option names another. */
  readonly queue: string;
  /** Hears of it, if anybody does. */
  readonly tracer: Tracer | undefined;
}

/**
 * A new run but for its input.
 *
 * @throws {ConfigError} If an option can not be used.
 */
export function newRun(
  { clock, process }: Pick<RuntimeCore, "clock" | "process">,
  { workflow, version, schema, size, queue: usualQueue, tracer }: NewRunSubject,
  { id, idempotencyKey, priority = 0, delay = 0, queue = usualQueue, tags = [], exclusive }:
    & StartOptions
    & Pick<NewRun, "exclusive">,
): Omit<NewRun, "input"> {
  const refuse = (option: string, value: unknown, why: string): never => {
    throw new ConfigError(
      `Option \`${option}\` of a start of workflow \`${workflow}\` is ${String(value)}; ${why}.`,
      { workflow },
    );
  };
  const checkText = (option: string, text: string): void => {
    const problem = typeof text === "string" ? nameProblem(text) : "it is not a string";
    if (problem !== undefined) refuse(option, JSON.stringify(text), problem);
  };
  if (id !== undefined) checkText("id", id);
  if (idempotencyKey !== undefined) checkText("idempotencyKey", idempotencyKey);
  checkText("queue", queue);
  for (const tag of tags) checkText("tags", tag);
  if (!Number.isFinite(priority)) refuse("priority", priority, "it must be a finite number");
  const createdAt = clock.now();
  const dueAt = delay instanceof Date ? delay.getTime() : createdAt + delay;
  if (!Number.isFinite(dueAt)) refuse("delay", delay, "it must be a number of milliseconds or a Date");
  const runId = id ?? `${createdAt.toString(16).padStart(12, "0")}-${clock.newId().replaceAll("-", "").slice(-16)}`;
  const trace = tracer && startTrace(tracer, tracedRun(process, { workflow, version, id: runId }, "nothing"));
  return {
    workflow,
    version,
    schema,
    id: runId,
    size,
    queue,
    priority,
    tags,
    createdAt,
    dueAt: Math.max(createdAt, dueAt),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(exclusive === undefined ? {} : { exclusive }),
    ...(trace === undefined ? {} : { trace }),
  };
}
