/**
 * The runtime: starts durable runs, drives them in this process, and makes workers that drive any.
 *
 * @module
 */
import { nameProblem } from "../../storage/names.ts";
import type { RunPage, RunQuery } from "../../storage/runtime/engine_storage.ts";
import type { NewRun, RunRecord } from "../../storage/runtime/records.ts";
import type { BatchInputs, BatchResult } from "../batch.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { ConfigError } from "../errors.ts";
import { isFinal } from "../status.ts";
import { checkStart } from "../start_guard.ts";
import { joinTracers, startTrace } from "../tracer.ts";
import { warn } from "../warning.ts";
import type { ActiveRun } from "./active_run.ts";
import type { CronOptions } from "./cron.ts";
import { registerCron } from "./cron_registration.ts";
import { definitionKeyText } from "./definition_key.ts";
import type { DurableBatchOptions } from "./durable_batch.ts";
import { DurableRun } from "./durable_run.ts";
import { type Executable, executableOf } from "./executable.ts";
import { forgetRuns, type GcOptions } from "./retention.ts";
import { tracedRun } from "./run_trace.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import type { WorkerCore } from "./worker.ts";
import { Worker, type WorkerOptions } from "./worker_handle.ts";

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

/** A run that was asked for. */
interface StartedRun {
  /** What is known of it. */
  readonly run: RunRecord;
  /** Whether it is new. */
  readonly created: boolean;
  /** The run at work in this process, if it was claimed when it was made. */
  readonly here: ActiveRun | undefined;
}

/** Starts durable runs and works on them. Made by {@linkcode openRuntime}. */
export class Runtime implements AsyncDisposable {
  readonly #core: RuntimeCore;
  readonly #release: () => Promise<void>;
  readonly #known = new Map<string, Promise<void>>();
  #closing: Promise<void> | undefined;

  /**
   * Takes its parts.
   *
   * @internal
   */
  constructor(core: RuntimeCore, release: () => Promise<void>) {
    this.#core = core;
    this.#release = release;
  }

  /**
   * What it shares with those that work for it.
   *
   * @internal
   */
  get core(): RuntimeCore {
    return this.#core;
  }

  /**
   * Starts a run. It is at work when some worker has room, in this process or in another.
   *
   * @returns The run, once it is durable.
   * @throws {ConfigError} If the schema refuses the input, an option can not be used, or the version is known with another graph.
   */
  async start<I, T>(definition: Definition<I, T>, ...[input, options]: StartArguments<I>): Promise<DurableRun<T>> {
    const executable = executableOf(definition);
    const { run } = await this.startExecutable(executable, await checkedInput(definition, input), options ?? {});
    return new DurableRun<T>(this.#core, run.id);
  }

  /**
   * Starts a run, drives it in this process and waits for its result. A run of the same id or idempotency key that is not finished goes on.
   *
   * @throws {StepFailedError} The first failure.
   * @throws {CancelledError} If the run was cancelled, or a target was skipped.
   */
  async run<I, T>(definition: Definition<I, T>, ...[input, options]: StartArguments<I>): Promise<T> {
    const executable = executableOf(definition);
    const checked = await checkedInput(definition, input);
    const { driven } = this.#core;
    if (!driven.take()) await driven.wait();
    try {
      const { run, here } = await this.driveExecutable(executable, checked, options ?? {});
      return await new DurableRun<T>(this.#core, run.id, here).result();
    } finally {
      driven.put();
    }
  }

  /**
   * Runs a definition for each of many inputs, a bounded number of runs at a time, and gives what came of them in the order of the inputs. A
   * run that fails is a result like any other. At most four times as many runs as may be at work are ahead of the reader.
   *
   * With a name, `batch`, it can be done again after a crash: what is finished is read, what was not goes on, what is missing is started.
   * Leaving the loop starts no more runs, and leaves those at work to go on; an aborted `signal` cancels them.
   *
   * @throws {ConfigError} With the first result, if an option can not be used. A run of another input or workflow under an id of the batch
   *   is a rejected result.
   *
   * @example
   * ```ts
   * import { defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";
   *
   * const square = task((n: number) => n * n, { name: "square" });
   * const squares = defineWorkflow("squares", { version: "1" }, (input: Input<{ n: number }>) => square(input.n));
   * await using runtime = await openRuntime({ kv: ":memory:" });
   * for await (const result of runtime.runBatch(squares, [{ n: 1 }, { n: 2 }], { batch: "nightly" })) {
   *   console.log(result.runId, result.status); // nightly[0] fulfilled, nightly[1] fulfilled
   * }
   * ```
   */
  async *runBatch<I, T>(
    definition: Definition<I, T>,
    inputs: BatchInputs<NoInfer<I>>,
    options: DurableBatchOptions = {},
  ): AsyncGenerator<BatchResult<I, T>, void, undefined> {
    const { durableBatch } = await import("./durable_batch.ts");
    yield* durableBatch(this, definition, inputs, options);
  }

  /**
   * Starts a run of an executable.
   *
   * @internal
   */
  async startExecutable(
    executable: Executable,
    input: unknown,
    options: StartOptions & Pick<NewRun, "exclusive">,
    driver?: WorkerCore,
  ): Promise<StartedRun> {
    checkStart(executable.definition.workflow);
    await executable.tracer?.prepare?.();
    const run = await this.#newRun(executable, input, options);
    await this.#know(executable);
    await driver?.know(executable);
    const { storage } = this.#core;
    const started = driver === undefined || run.dueAt > run.createdAt
      ? await storage.startRun(run)
      : await driver.withSession((session) => storage.startRun(run, session));
    const { run: record, created, claimed } = started;
    if (created && claimed === undefined) this.#core.nudge();
    return { run: record, created, here: claimed && driver?.adopt(claimed, executable) };
  }

  /**
   * Starts a run of an executable, and has this process work on it.
   *
   * @internal
   */
  async driveExecutable(
    executable: Executable,
    input: unknown,
    options: StartOptions & Pick<NewRun, "exclusive">,
  ): Promise<StartedRun> {
    const { driver } = this.#core;
    const started = await this.startExecutable(executable, input, options, driver);
    const { run, here } = started;
    const isKnown = run.schema === executable.definition.schema && run.version === executable.definition.version;
    if (isFinal(run.status) || !isKnown) return started;
    const drive = (): void => {
      this.#core.drive(run.id).catch((error) =>
        warn(`Run ${run.id} is left to others: ${String(error)}`, { workflow: run.workflow, run: run.id })
      );
    };
    // Most runs end where they began. One that is given up, to wait for an attempt or because its lease was lost, goes on here too.
    if (here === undefined) drive();
    else void here.exit.then((exit) => exit === "ended" ? undefined : drive());
    return started;
  }

  async #newRun(
    executable: Executable,
    input: unknown,
    { id, idempotencyKey, priority = 0, delay = 0, queue = executable.queue, tags = [], exclusive }:
      & StartOptions
      & Pick<NewRun, "exclusive">,
  ): Promise<NewRun> {
    const { workflow, version, schema, steps } = executable.definition;
    const { clock, codec } = this.#core;
    const refuse = (option: string, value: unknown, why: string): never => {
      throw new ConfigError(
        `Option \`${option}\` of a start of workflow \`${workflow}\` is ${String(value)}; ${why}.`,
        {
          workflow,
        },
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
    const tracer = joinTracers([this.#core.tracer, executable.tracer]);
    const runId = id ?? `${createdAt.toString(16).padStart(12, "0")}-${clock.newId().replaceAll("-", "").slice(-16)}`;
    const startsAt = Math.max(createdAt, dueAt);
    const trace = tracer &&
      startTrace(tracer, tracedRun(this.#core.process, { workflow, version, id: runId }, "nothing"));
    return {
      workflow,
      version,
      schema,
      id: runId,
      size: steps.length,
      input: await codec.encodeInput(runId, input, workflow),
      queue,
      priority,
      tags,
      createdAt,
      dueAt: startsAt,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(exclusive === undefined ? {} : { exclusive }),
      ...(trace === undefined ? {} : { trace }),
    };
  }

  #know({ definition }: Executable): Promise<void> {
    const key = definitionKeyText(definition);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#core.storage.define(definition);
      known.catch(() => this.#known.delete(key));
      this.#known.set(key, known);
    }
    return known;
  }

  /**
   * A run whose result has a known type.
   *
   * @internal
   */
  attach<T>(id: string, here?: ActiveRun): DurableRun<T> {
    return new DurableRun<T>(this.#core, id, here);
  }

  /**
   * Registers a cron.
   *
   * @internal
   */
  registerCron<I, T>(
    name: string,
    cron: string,
    definition: Definition<I, T>,
    options: CronOptions<NoInfer<I>>,
  ): void {
    registerCron(this, name, cron, definition, options);
  }

  /** A run by its id. Whether it exists shows when it is asked for something. */
  get(id: string): DurableRun<unknown> {
    return new DurableRun(this.#core, id);
  }

  /** Lists runs, the latest first, a page at a time. */
  async list(query: RunQuery = {}): Promise<RunPage> {
    return await this.#core.storage.listRuns(query);
  }

  /**
   * Makes a worker that serves runs of these definitions, whoever starts them.
   *
   * @throws {ConfigError} If an option can not be used.
   */
  worker(definitions: readonly Definition<never, unknown>[], options: WorkerOptions = {}): Worker {
    return new Worker(this.#core, definitions.map(executableOf), options);
  }

  /**
   * Forgets finished runs, with their results.
   *
   * @returns How many were forgotten.
   */
  async gc(options: GcOptions): Promise<number> {
    return await forgetRuns(this.#core, options);
  }

  /** Lets what is at work in this process end, leaves the rest to others, and closes what the runtime has opened. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#core.close().finally(this.#release));
  }

  /** The same as {@linkcode Runtime.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function checkedInput(definition: unknown, input: unknown): Promise<unknown> {
  return definition instanceof WorkflowDefinition ? await definition.checkInput(input) : input;
}
