/**
 * Workers as users have them: they run until they are told to stop, or for a bounded time.
 *
 * @module
 */
import { nameProblem } from "../../storage/names.ts";
import type { Timer } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import { type PoolLimits, poolLimits, type PoolOptions } from "../pool/pool_options.ts";
import { checkStart } from "../start_guard.ts";
import { DEFAULT_QUEUE, type Executable } from "./executable.ts";
import type { RuntimeCore } from "./runtime_core.ts";
import type { WorkerCore } from "./worker.ts";

/** Options of a worker. */
export interface WorkerOptions {
  /**
   * How many steps may be at work at a time.
   *
   * @default {16}
   */
  readonly concurrency?: number;
  /** The queues that are served, all of them with the same right. Default: those of the definitions. */
  readonly queues?: readonly string[];
  /**
   * Has the functions of steps called on Web Workers, for functions that keep a core busy. Default: they are called on this thread.
   *
   * As on a `PoolWorkflow`: make tasks at the top level of a module, and start workers behind `import.meta.main`. Arguments and results
   * are passed by structured clone. A synchronous function past its `timeout` is stopped; without one, it blocks its thread and nothing
   * else. A thread that crashes is replaced, and its steps fail with a `WorkerLostError`, which retries see. The threads are started when
   * they are needed and end with `run()` or `tick()`.
   *
   * An instance lives on one of the threads, and its calls are made there; it can not be a target. If its thread is lost, it is made
   * again from its constructor and its calls so far, as it is after a crash of the process.
   *
   * Policies, conditions and the local part of plugins stay on this thread, and so do runs that `runtime.run()` drives.
   */
  readonly pool?: PoolOptions;
}

/** Options of {@linkcode Worker.run}. */
export interface WorkerRunOptions {
  /** Ends the work: no more steps start, those at work end and are committed, the rest is left to others. Default: never. */
  readonly signal?: AbortSignal;
  /**
   * Whether SIGINT and SIGTERM end the work too. `run()` then returns, and it is for the program to end; a second signal ends the
   * process at once.
   *
   * @default {true}
   */
  readonly handleSignals?: boolean;
  /**
   * How long steps at work have to end after SIGINT or SIGTERM, in milliseconds; then their signals are aborted and they are left to
   * others. Deno Deploy kills a process 5 s after it has asked it to end.
   *
   * @default {4000}
   */
  readonly patience?: number;
}

/** Options of {@linkcode Worker.tick}. */
export interface WorkerTickOptions {
  /** No step starts after so many milliseconds; a step at work then is waited for. */
  readonly budgetMs: number;
  /** Ends the tick early: no more steps start. Default: never. */
  readonly signal?: AbortSignal;
  /**
   * How long steps at work have to end after `signal`, in milliseconds; then their signals are aborted and they are left to others.
   *
   * @default {Infinity}
   */
  readonly patience?: number;
}

/** What a tick did. */
export interface TickResult {
  /** Whether there was nothing more to do, rather than no more time. */
  readonly idle: boolean;
}

/** Serves durable runs in this process. */
export class Worker {
  readonly #core: RuntimeCore;
  readonly #executables: readonly Executable[];
  readonly #concurrency: number;
  readonly #queues: readonly string[];
  readonly #pool: PoolLimits | undefined;
  #busy = false;

  /** See {@linkcode Runtime.worker}. */
  constructor(core: RuntimeCore, executables: readonly Executable[], options: WorkerOptions) {
    const { concurrency = 16, queues, pool } = options;
    if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
      throw new ConfigError(
        `Option \`concurrency\` of a worker is ${concurrency}; it must be a whole number of at least 1.`,
      );
    }
    if (executables.length === 0) throw new ConfigError("A worker was given no definition to serve.");
    const served = queues ?? [...new Set(executables.map(({ queue }) => queue))];
    if (served.length === 0) {
      throw new ConfigError(`A worker was given no queue to serve; the default one is "${DEFAULT_QUEUE}".`);
    }
    for (const queue of served) {
      const problem = typeof queue === "string" ? nameProblem(queue) : "it is not a string";
      if (problem !== undefined) {
        throw new ConfigError(`Option \`queues\` of a worker has ${JSON.stringify(queue)}; ${problem}.`);
      }
    }
    this.#core = core;
    this.#executables = executables;
    this.#concurrency = concurrency;
    this.#queues = served;
    this.#pool = pool === undefined ? undefined : checkedPool(pool);
  }

  /**
   * Serves until it is told to stop.
   *
   * @throws {ConfigError} If it serves already, if the runtime is closed, or if the store serves one worker and has one.
   */
  async run({ signal, handleSignals = true, patience = 4_000 }: WorkerRunOptions = {}): Promise<void> {
    if (signal?.aborted) return;
    await this.#core.untilDone(this.#run(signal, handleSignals, patience));
  }

  async #run(signal: AbortSignal | undefined, handleSignals: boolean, patience: number): Promise<void> {
    const worker = await this.#begin();
    const { closing } = this.#core;
    let stopped: "abort" | "process" | undefined;
    const end = (why: "abort" | "process"): void => {
      stopped ??= why;
      worker.stopStarting();
      worker.wake();
    };
    const onAbort = (): void => end("abort");
    signal?.addEventListener("abort", onAbort, { once: true });
    closing.addEventListener("abort", onAbort, { once: true });
    const stopListening = handleSignals ? listen(() => end("process")) : () => {};
    // It may have been aborted while the worker began.
    if (signal?.aborted) onAbort();
    try {
      await worker.serve(() => stopped !== undefined || closing.aborted, false);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      closing.removeEventListener("abort", onAbort);
      await this.#end(worker, stopped === "process" ? patience : Infinity);
      stopListening();
    }
  }

  /**
   * Serves for a bounded time, and gives up what it holds at the end: for cron and serverless. It may be called while another tick is at
   * work in another process, or in this one.
   *
   * @throws {ConfigError} If an option can not be used, or the runtime is closed.
   */
  async tick({ budgetMs, signal, patience = Infinity }: WorkerTickOptions): Promise<TickResult> {
    if (!(budgetMs > 0)) {
      throw new ConfigError(
        `Option \`budgetMs\` of tick() is ${budgetMs}; it must be a number of milliseconds above 0.`,
      );
    }
    if (signal?.aborted) return { idle: false };
    return await this.#core.untilDone(this.#tick(budgetMs, signal, patience));
  }

  async #tick(budgetMs: number, signal: AbortSignal | undefined, patience: number): Promise<TickResult> {
    const { clock, closing } = this.#core;
    const worker = await this.#open();
    let isOver = signal?.aborted === true || closing.aborted;
    const stop = (): void => {
      isOver = true;
      worker.stopStarting();
      worker.wake();
    };
    const timer: Timer = clock.setTimer(budgetMs, stop);
    signal?.addEventListener("abort", stop, { once: true });
    closing.addEventListener("abort", stop, { once: true });
    try {
      await worker.serve(() => isOver, true);
    } finally {
      timer.cancel();
      signal?.removeEventListener("abort", stop);
      closing.removeEventListener("abort", stop);
      await this.#drain(worker, signal, patience);
    }
    return { idle: !isOver };
  }

  /** Ends a worker: without hurry, until the signal is aborted. */
  async #drain(worker: WorkerCore, signal: AbortSignal | undefined, patience: number): Promise<void> {
    if (signal?.aborted) return await this.#core.endWorker(worker, patience);
    const ends = [this.#core.endWorker(worker)];
    const hurry = (): void => void ends.push(this.#core.endWorker(worker, patience));
    signal?.addEventListener("abort", hurry, { once: true });
    try {
      await ends[0];
    } finally {
      signal?.removeEventListener("abort", hurry);
      await Promise.allSettled(ends);
    }
  }

  async #open(): Promise<WorkerCore> {
    if (this.#core.closing.aborted) throw new ConfigError("The runtime is closed; open another with openRuntime().");
    // Whoever imports a module to find its tasks must not serve.
    for (const { definition } of this.#executables) checkStart(definition.workflow);
    const pool = this.#pool && new (await import("./step_pool.ts")).StepPool(this.#pool);
    const worker = this.#core.newWorker(this.#concurrency, this.#queues, pool);
    for (const executable of this.#executables) await worker.know(executable);
    return worker;
  }

  async #begin(): Promise<WorkerCore> {
    if (this.#busy) throw new ConfigError("This worker serves already; make another with runtime.worker().");
    this.#busy = true;
    try {
      return await this.#open();
    } catch (error) {
      this.#busy = false;
      throw error;
    }
  }

  async #end(worker: WorkerCore, patience: number): Promise<void> {
    await this.#core.endWorker(worker, patience);
    this.#busy = false;
  }
}

function checkedPool(options: PoolOptions): PoolLimits {
  if (typeof options !== "object" || options === null) {
    throw new ConfigError(
      `Option \`pool\` of a worker is ${String(options)}; it must be an object such as { workers: 4 }, or be left out.`,
    );
  }
  return poolLimits(options, (option, value) =>
    new ConfigError(
      `Option \`pool.${option}\` of a worker is ${String(value)}; it must be a whole number of at least 1.`,
    ));
}

/** Hears the first SIGINT or SIGTERM; what is returned stops hearing before. */
function listen(heard: () => void): () => void {
  const names: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  let isListening = true;
  const stop = (): void => {
    if (isListening) { for (const name of names) Deno.removeSignalListener(name, onSignal); }
    isListening = false;
  };
  const onSignal = (): void => {
    stop();
    heard();
  };
  for (const name of names) Deno.addSignalListener(name, onSignal);
  return stop;
}
