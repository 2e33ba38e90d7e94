/**
 * Lifetimes of runs in one process, or in one thread of a pool: the hooks around the run, and what its steps share.
 *
 * @module
 */
import { CancelledError, HookError } from "./errors.ts";
import type { RunHookContext, RunHooks } from "./hooks.ts";
import type { RunShared } from "./run_shared.ts";
import { warn } from "./warning.ts";

/** The run that a lifetime is of. */
export interface RunLifetimeSetup {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Id of the run. */
  readonly runId: string;
  /** Aborted when the run is cancelled. Default: never. */
  readonly signal?: AbortSignal;
  /** Hears of what went wrong and fails nothing. Default: the log. */
  readonly warn?: (message: string) => void;
  /**
   * Whether the hooks around the run are called elsewhere.
   *
   * @default {false}
   */
  readonly isPart?: boolean;
}

/** Something that is kept under a key. */
interface Entry {
  readonly value: Promise<unknown>;
  /** Releases it, once it is there. */
  readonly release: () => Promise<unknown>;
  isMade: boolean;
}

/** Hooks whose `beforeAll` was called. */
interface Begun {
  readonly beforeAll: Promise<void>;
  hasBegun: boolean;
}

/**
 * What lives as long as a run is at work in one process: what its steps share, and its hooks. A backend of one's own gives one to each
 * attempt of a run and closes it at the end; else every attempt has one of its own.
 *
 * @example
 * ```ts
 * import { context, runAttempt, RunLifetime } from "@fusewire/fusewire";
 *
 * const place = { workflowName: "own", runId: "1", nodeName: "step", attempt: 1 };
 * await using lifetime = new RunLifetime(place);
 * const count = () => context().shared.getOrCreate("counter", () => ({ count: 0 }));
 * const outcomes = [await runAttempt(place, count, { lifetime }), await runAttempt(place, count, { lifetime })];
 * console.log(outcomes[0]?.kind); // succeeded
 * ```
 */
export class RunLifetime implements RunShared, AsyncDisposable {
  readonly #setup: RunLifetimeSetup;
  #entries: Map<unknown, Entry> | undefined;
  #begun: Map<RunHooks, Begun> | undefined;
  /** Hooks that began in a process that is no more. */
  #owed: Set<RunHooks> | undefined;
  #teardowns: Map<string, Promise<unknown>> | undefined;
  #closing: Promise<void> | undefined;
  /** What begins from now on is ended by itself. */
  #isEnding = false;
  #isOver = false;

  /** Takes the run; nothing is made before it is asked for. */
  constructor(setup: RunLifetimeSetup) {
    this.#setup = setup;
  }

  /** Whether there is nothing to end. */
  get isIdle(): boolean {
    return this.#closing === undefined && this.#entries === undefined && this.#begun === undefined &&
      this.#owed === undefined && this.#teardowns === undefined;
  }

  /** Whether all has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  async getOrCreate<T>(
    key: unknown,
    make: () => T | Promise<T>,
    release: (value: T) => unknown = dispose,
  ): Promise<T> {
    const entries = this.#entries ??= new Map();
    const known = entries.get(key);
    if (this.#isOver) throw this.#left();
    // Who uses a key promises that it stands for the same type everywhere.
    if (known !== undefined) return await known.value as T;
    const value = (async () => await make())();
    const entry: Entry = { value, release: async () => await release(await value), isMade: false };
    entries.set(key, entry);
    value.then(() => entry.isMade = true, () => entries.delete(key));
    return await value;
  }

  /**
   * Calls `beforeAll` of some hooks, once.
   *
   * @throws {HookError} If it fails; then it is called again when it is asked for again.
   */
  async begin(hooks: RunHooks): Promise<void> {
    if (this.#setup.isPart === true || hooks.beforeAll === undefined && hooks.afterAll === undefined) return;
    const all = this.#begun ??= new Map();
    let begun = all.get(hooks);
    if (begun === undefined) {
      if (this.#closing !== undefined) throw this.#left();
      begun = { beforeAll: this.#beforeAll(hooks), hasBegun: false };
      all.set(hooks, begun);
    }
    await begun.beforeAll;
  }

  async #beforeAll(hooks: RunHooks): Promise<void> {
    // The call is noted before it is made.
    await undefined;
    try {
      await hooks.beforeAll?.(this.#context());
    } catch (error) {
      this.#begun?.delete(hooks);
      throw this.#failed("beforeAll", error);
    }
    this.#owed?.delete(hooks);
    const begun = this.#begun?.get(hooks);
    if (begun !== undefined) begun.hasBegun = true;
    if (this.#isEnding) await this.#afterAll(hooks).catch((error) => this.warn(error));
  }

  /** Hooks whose `beforeAll` may have been called in a process that is no more: their `afterAll` is called at the end of the run. */
  owe(hooks: RunHooks): void {
    if (hooks.afterAll !== undefined) (this.#owed ??= new Set()).add(hooks);
  }

  async #afterAll(hooks: RunHooks): Promise<void> {
    try {
      await hooks.afterAll?.(this.#context());
    } catch (error) {
      throw this.#failed("afterAll", error);
    }
  }

  /** What the attempt before this one of a node has not torn down yet. */
  teardownOf(node: string): Promise<unknown> | undefined {
    return this.#teardowns?.get(node);
  }

  /** Something of an attempt is to be torn down: the next attempt of the node, and the end of the run, wait for it. */
  expectTeardown(node: string, work: Promise<unknown>): void {
    const all = this.#teardowns ??= new Map();
    const done = work.then(() => {}, () => {}).finally(() => all.get(node) === done && all.delete(node));
    all.set(node, done);
  }

  /** Tells of an error that fails nothing. */
  warn(error: unknown): void {
    const { workflowName, runId, warn: tell } = this.#setup;
    const message = error instanceof Error ? error.message : String(error);
    if (tell === undefined) warn(message, { workflow: workflowName, run: runId, error });
    else tell(message);
  }

  /**
   * Ends it: waits until what was set up is torn down, calls `afterAll`, the latest first, and releases what was shared, the latest first.
   * What is still being made is not waited for; it is released as soon as it is there.
   *
   * @param isEnd Whether the run has ended, and does not go on elsewhere.
   * @throws {HookError} The first that an `afterAll` failed with, when all is done.
   */
  close(isEnd: boolean = true): Promise<void> {
    return this.#closing ??= this.#close(isEnd);
  }

  async #close(isEnd: boolean): Promise<void> {
    while (this.#teardowns !== undefined && this.#teardowns.size > 0) await Promise.all(this.#teardowns.values());
    this.#isEnding = true;
    const begun = [...this.#begun ?? []].flatMap(([hooks, { hasBegun }]) => hasBegun ? [hooks] : []);
    const hooks = [...isEnd ? this.#owed ?? [] : [], ...begun].reverse();
    let failed: { readonly error: unknown } | undefined;
    for (const each of hooks) {
      try {
        await this.#afterAll(each);
      } catch (error) {
        if (failed === undefined) failed = { error };
        else this.warn(error);
      }
    }
    this.#isOver = true;
    for (const entry of [...this.#entries?.values() ?? []].reverse()) {
      // What could not be made needs no release.
      const released = entry.value.then(() => entry.release(), () => {}).catch((error) => this.#couldNotRelease(error));
      if (entry.isMade) await released;
    }
    if (failed !== undefined) throw failed.error;
  }

  /** The same as {@linkcode RunLifetime.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #context(): RunHookContext {
    const { workflowName, runId, signal = new AbortController().signal } = this.#setup;
    return { workflowName, runId, signal, shared: this };
  }

  #couldNotRelease(error: unknown): void {
    this.warn(new Error(`What steps of run ${this.#setup.runId} shared could not be released: ${String(error)}`));
  }

  #failed(hook: string, error: unknown): HookError {
    const { workflowName, runId } = this.#setup;
    return new HookError(
      `Hook ${hook}() of run ${runId} of workflow \`${workflowName}\` failed: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { workflow: workflowName, cause: error },
    );
  }

  #left(): CancelledError {
    const { workflowName, runId } = this.#setup;
    return new CancelledError(`Run ${runId} of workflow \`${workflowName}\` is not at work here any more.`, {
      workflow: workflowName,
    });
  }
}

/** Releases what says itself how. */
async function dispose(value: unknown): Promise<void> {
  for (const symbol of [Symbol.asyncDispose, Symbol.dispose]) {
    const method: unknown = Reflect.get(Object(value), symbol);
    if (typeof method === "function") return await Reflect.apply(method, value, []);
  }
}
