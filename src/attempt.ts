/**
 * One attempt of one node: the one way in which every backend runs it. Plugins, policies and timeout go around the call; the
 * outcome is data.
 *
 * @module
 */
import { type Clock, systemClock } from "./clock.ts";
import { type ContextCarrier, type TaskContext, type TaskLog, withContext } from "./context.ts";
import { CancelledError, TimeoutError } from "./errors.ts";
import { isThenable } from "./execution/fast_path.ts";
import { callWithHooks } from "./hooks.ts";
import type { AnyTaskOptions } from "./options.ts";
import type { PluginCall } from "./plugin.ts";
import { type FailureDecision, type Policy, retryDecision, shortestTimeout } from "./policy.ts";
import { seededRandom } from "./random.ts";
import { RunLifetime } from "./run_lifetime.ts";
import type { RunShared } from "./run_shared.ts";
import { retryAfterOf } from "./retry_after.ts";
import { log, type LogLevel } from "./warning.ts";

/** Which attempt of which node of which run. */
export interface AttemptPlace {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Id of the run. */
  readonly runId: string;
  /** Name of the node. */
  readonly nodeName: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

/** All that an attempt needs beside its place. */
export interface AttemptOptions {
  /** Options of the node. Default: none. */
  readonly options?: AnyTaskOptions | undefined;
  /** Policies of the workflow, which go around those of the node. Default: none. */
  readonly policies?: readonly Policy[];
  /** Plugins, whose `remoteInitialize` runs before the call. Default: none. */
  readonly plugins?: readonly PluginCall[];
  /** Aborts the attempt from outside. Default: never. */
  readonly signal?: AbortSignal;
  /** The worker's claim. Default: `0n`, which stands for "in process". */
  readonly fence?: bigint;
  /** Hears of progress. */
  readonly onProgress?: (fraction: number, message?: string) => void;
  /** The run's lifetime in this process; the caller closes it. Default: one that ends with the attempt. */
  readonly lifetime?: RunLifetime;
  /** Time and chance. Default: the real ones. */
  readonly clock?: Clock;
}

/** The time that one attempt may take, as a call that is made elsewhere sees it. */
export interface AttemptTime {
  /** Milliseconds that the attempt may take, or `undefined` if there is no limit. */
  readonly limit: number | undefined;
  /** Stops the clock while the call waits for a place to run in; what is returned starts it from the beginning. */
  hold(): () => void;
}

/** How an attempt ended, and what follows. */
export type AttemptOutcome =
  | { readonly kind: "succeeded"; readonly value: unknown }
  | { readonly kind: "retry"; readonly error: unknown; readonly delay: number }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "skipped"; readonly error: unknown };

/** What the call of a node throws that waits for a run, when a target of that run was skipped: then the node is skipped too. */
export class ChildSkipped extends CancelledError {}

/** What a running task sees; parts that few tasks ask for are made when they do. */
export class AttemptContext implements TaskContext, ContextCarrier {
  readonly workflowName: string;
  readonly runId: string;
  readonly nodeName: string;
  readonly attempt: number;
  readonly fence: bigint;
  readonly #signal: () => AbortSignal;
  readonly #seed: string;
  readonly #onProgress: ((fraction: number, message?: string) => void) | undefined;
  readonly #lifetime: () => RunLifetime;
  #random: (() => number) | undefined;

  /** Takes the place, and a way to each of the rest. */
  constructor(
    place: AttemptPlace,
    signal: () => AbortSignal,
    lifetime: () => RunLifetime,
    more: {
      readonly fence?: bigint | undefined;
      readonly seed?: number | string | undefined;
      readonly onProgress?: ((fraction: number, message?: string) => void) | undefined;
    } = {},
  ) {
    this.workflowName = place.workflowName;
    this.runId = place.runId;
    this.nodeName = place.nodeName;
    this.attempt = place.attempt;
    this.fence = more.fence ?? 0n;
    this.#signal = signal;
    this.#lifetime = lifetime;
    this.#seed = JSON.stringify([place.workflowName, place.nodeName, more.seed ?? null]);
    this.#onProgress = more.onProgress;
  }

  /** Itself. */
  get context(): TaskContext {
    return this;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }

  get idempotencyKey(): string {
    return `${this.runId}/${this.nodeName}`;
  }

  get shared(): RunShared {
    return this.#lifetime();
  }

  random(): number {
    return (this.#random ??= seededRandom(this.#seed))();
  }

  progress(fraction: number, message?: string): void {
    this.#onProgress?.(fraction, message);
  }

  get log(): TaskLog {
    const write = (level: LogLevel) => (message: string, properties?: Record<string, unknown>): void =>
      log(level, ["task"], message, {
        workflow: this.workflowName,
        run: this.runId,
        step: this.nodeName,
        attempt: this.attempt,
        ...properties,
      });
    return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  }
}

/**
 * Runs one attempt of one node.
 *
 * @param place Which attempt of which node.
 * @param call Calls the node's function with its arguments, here or elsewhere. It gets the context, whose signal is aborted on
 *   timeout, and the time that it may take.
 * @param options Options, policies and plugins of the node.
 * @returns What came of it. It never rejects: what the function, a policy or a plugin throws is an outcome.
 */
export async function runAttempt(
  place: AttemptPlace,
  call: (context: TaskContext, time: AttemptTime) => unknown,
  { options = {}, policies = [], plugins = [], signal, fence, onProgress, lifetime: given, clock = systemClock }:
    AttemptOptions = {},
): Promise<AttemptOutcome> {
  const wrapping = [...policies, ...options.policies ?? []];
  const timeout = shortestTimeout(options.timeout, wrapping);
  const controller = new AbortController();
  const lifetime = given ?? new RunLifetime({ ...place, signal: controller.signal });
  const more = { fence, seed: options.seed, onProgress };
  const attempt = new AttemptContext(place, () => controller.signal, () => lifetime, more);
  const stop = watch(place, controller, signal, timeout, clock);
  try {
    signal?.throwIfAborted();
    const { hooks } = options;
    const timed = hooks === undefined
      ? (context: TaskContext) => call(context, stop)
      : (context: TaskContext) => callWithHooks(hooks, context, lifetime, () => call(context, stop));
    const value = await withContext(attempt, () => stop.race(around(wrapping, timed, plugins, attempt)));
    for (const policy of wrapping) await policy.onSuccess?.(value, attempt);
    return { kind: "succeeded", value };
  } catch (error) {
    if (signal?.aborted) return { kind: "failed", error };
    if (error instanceof ChildSkipped) return { kind: "skipped", error: undefined };
    return await decide(error, options, wrapping, attempt, clock);
  } finally {
    stop.end();
    if (given === undefined && !lifetime.isIdle) await lifetime.close().catch((error) => lifetime.warn(error));
  }
}

async function around(
  policies: readonly Policy[],
  call: (context: TaskContext) => unknown,
  plugins: readonly PluginCall[],
  context: AttemptContext,
): Promise<unknown> {
  for (const policy of policies) await policy.onStart?.(context);
  let inner = async (): Promise<unknown> => {
    for (const { plugin, state } of plugins) {
      const ready = plugin.remoteInitialize?.(state, context);
      // Without a wait in between, no other node of the thread comes between what a plugin sets up and the function.
      if (isThenable(ready)) await ready;
    }
    return await call(context);
  };
  for (const policy of policies.toReversed()) {
    if (policy.execute === undefined) continue;
    const wrapped = inner;
    inner = async () => await policy.execute?.(wrapped, context);
  }
  return await inner();
}

/** The error of an attempt that took longer than `timeout` milliseconds. */
export function timeoutError(place: AttemptPlace, timeout: number): TimeoutError {
  return new TimeoutError(
    `Attempt ${place.attempt} of node \`${place.nodeName}\` in workflow \`${place.workflowName}\` took longer than ${timeout} ms.`,
    { workflow: place.workflowName, node: place.nodeName },
  );
}

/** Aborts the attempt when its time is up or the run is cancelled, also where the function does not listen. */
function watch(
  place: AttemptPlace,
  controller: AbortController,
  outer: AbortSignal | undefined,
  timeout: number | undefined,
  clock: Clock,
): AttemptTime & { race(work: Promise<unknown>): Promise<unknown>; end(): void } {
  if (outer === undefined && timeout === undefined) {
    return { limit: undefined, hold: () => () => {}, race: (work) => work, end: () => {} };
  }
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => {});
  const abort = (reason: unknown) => {
    controller.abort(reason);
    stopped.reject(reason);
  };
  const onOuter = () => abort(outer?.reason);
  if (outer?.aborted) onOuter();
  outer?.addEventListener("abort", onOuter, { once: true });
  let ended = false;
  const startTimer = () =>
    timeout === undefined || ended ? undefined : clock.setTimer(timeout, () => abort(timeoutError(place, timeout)));
  let timer = startTimer();
  return {
    limit: timeout,
    hold() {
      timer?.cancel();
      return () => {
        timer?.cancel();
        timer = startTimer();
      };
    },
    race(work) {
      work.catch(() => {});
      return Promise.race([work, stopped.promise]);
    },
    end() {
      ended = true;
      timer?.cancel();
      outer?.removeEventListener("abort", onOuter);
    },
  };
}

/** Asks the node's own retry options first, then its policies from the inside out; then `onFailure` has the last word. */
async function decide(
  error: unknown,
  options: AnyTaskOptions,
  policies: readonly Policy[],
  context: AttemptContext,
  clock: Clock,
): Promise<AttemptOutcome> {
  try {
    let decision: FailureDecision = options.retry === undefined
      ? { action: "fail" }
      : retryDecision(options.retry, error, context.attempt, () => clock.random());
    for (const policy of policies.toReversed()) {
      const own = await policy.onFailure?.(error, context);
      if (decision.action === "fail" && own) decision = own;
    }
    switch (decision.action) {
      case "retry":
        // Whoever refused the call is not asked again before it wants to be.
        return { kind: "retry", error, delay: Math.max(decision.delay ?? 0, retryAfterOf(error, clock.now())) };
      case "skip":
        return { kind: "skipped", error };
      case "fail":
        break;
    }
    const { onFailure = "fail" } = options;
    if (onFailure === "skip") return { kind: "skipped", error };
    if (onFailure === "fail") return { kind: "failed", error };
    return { kind: "succeeded", value: await onFailure(error) };
  } catch (thrown) {
    return { kind: "failed", error: thrown };
  }
}
