/**
 * The runtime: starts durable runs, drives them in this process, and makes workers that drive any.
 *
 * @module
 */
import type { RunPage, RunQuery } from "../../storage/runtime/engine_storage.ts";
import type { NewRun, RunRecord } from "../../storage/runtime/records.ts";
import type { BatchInputs, BatchResult } from "../batch.ts";
import { type Definition, WorkflowDefinition } from "../definition.ts";
import { isFinal } from "../status.ts";
import { checkStart } from "../start_guard.ts";
import { joinTracers } from "../tracer.ts";
import { warn } from "../warning.ts";
import type { ActiveRun } from "./active_run.ts";
import type { CronOptions } from "./cron.ts";
import { registerCron } from "./cron_registration.ts";
import { definitionKeyText } from "./definition_key.ts";
import type { ExportOptions, ImportOptions } from "./bundle/options.ts";
import type { DurableBatchOptions } from "./durable_batch.ts";
import { DurableRun } from "./durable_run.ts";
import { type Executable, executableOf } from "./executable.ts";
import { newRun, type StartArguments, type StartOptions } from "./new_run.ts";
import { forgetRuns, type GcOptions } from "./retention.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import type { ForkOptions } from "./fork.ts";
import type { Run } from "../run.ts";
import type { WorkerCore } from "./worker.ts";
import { Worker, type WorkerOptions } from "./worker_handle.ts";

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
    const executable = this.#executable(definition);
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
    const executable = this.#executable(definition);
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
    const { workflow, version, schema, steps } = executable.definition;
    const tracer = joinTracers([this.#core.tracer, executable.tracer]);
    const { queue } = executable;
    const made = newRun(this.#core, { workflow, version, schema, size: steps.length, queue, tracer }, options);
    const run: NewRun = { ...made, input: await this.#core.codec.encodeInput(made.id, input, workflow) };
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

  #executable(definition: Definition<never, unknown>): Executable {
    const executable = executableOf(definition);
    if (definition instanceof WorkflowDefinition) {
      this.#core.knownDefinitions.set(definitionKeyText(executable.definition), definition);
    }
    return executable;
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

  /**
   * Starts a new run that takes over the results of another one, which may have ended or not, and runs again from certain steps on. What is
   * not below them keeps its result, what failed or had not ended is run. It never executes by itself, like a run that was started.
   *
   * @param run A run of this runtime's storage, or its id.
   * @returns The new run, once it is durable; `status()` says what it was forked from.
   * @throws {NotFoundError} If there is no such run, or no step of a name.
   * @throws {ConfigError} If an option can not be used, or the schema refuses the input.
   *
   * @example Run the last step again, with another value of the one before
   * ```ts
   * import { defineWorkflow, type Input, openRuntime, task } from "@fusewire/fusewire";
   * import { expect } from "@std/expect";
   *
   * const rate = task(() => 2, { name: "rate" });
   * const pay = task((amount: number, rate: number) => amount * rate, { name: "pay" });
   * const bill = defineWorkflow("bill", { version: "1" }, (input: Input<{ amount: number }>) => pay(input.amount, rate()));
   *
   * await using runtime = await openRuntime({ kv: ":memory:" });
   * const run = await runtime.start(bill, { amount: 10 });
   * const stop = new AbortController();
   * const serving = runtime.worker([bill]).run({ signal: stop.signal });
   * expect(await run.result()).toBe(20);
   *
   * const fork = await runtime.fork(run, { from: "pay_0000", override: { rate_0000: 3 } });
   * expect(await fork.result()).toBe(30);
   * expect((await fork.status()).forkedFrom?.run).toBe(run.id);
   * stop.abort();
   * await serving;
   * ```
   */
  async fork<T>(run: string | Pick<Run<T>, "id">, options: ForkOptions): Promise<DurableRun<T>> {
    const { forkRun } = await import("./fork.ts");
    return new DurableRun<T>(this.#core, await forkRun(this.#core, typeof run === "string" ? run : run.id, options));
  }

  /**
   * A run as one file: its graph, input, results, errors and events, compressed, with checksums. It is read while the stream is. Results are
   * exported as they are, unless `redactResults` names their steps.
   *
   * @param run A run of this runtime's storage, or its id.
   * @returns The file. Reading it fails with a `NotFoundError` if there is no such run, and with a `ConfigError` if an option can not be used.
   */
  export(run: string | Pick<Run<unknown>, "id">, options: ExportOptions = {}): ReadableStream<Uint8Array> {
    const [core, id] = [this.#core, typeof run === "string" ? run : run.id];
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield* (await import("./bundle/export.ts")).exportRun(core, id, options);
    };
    return ReadableStream.from(chunks());
  }

  /**
   * Takes over a run from a file that `export` made, to look at it and to fork it. It never executes: a run that had not ended is `CANCELLED`.
   *
   * @returns The run, under the id that it had or the one that is given.
   * @throws {IntegrityError} If the file is damaged, or was not made by `export`; nothing of it is kept then.
   * @throws {ConflictError} If there is a run with the id.
   * @throws {ConfigError} If it was made by a later version, the version of its workflow is known with another graph, or an option is wrong.
   */
  async import(
    bundle: Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
    options: ImportOptions = {},
  ): Promise<DurableRun<unknown>> {
    const { importRun } = await import("./bundle/import.ts");
    return new DurableRun(this.#core, await importRun(this.#core, bundle, options));
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
    return new Worker(this.#core, definitions.map((definition) => this.#executable(definition)), options);
  }

  /**
   * Forgets finished runs, with their results, and what the content cache keeps and no run has used since. Runs that steps of others have waited
   * for are not forgotten before these.
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
