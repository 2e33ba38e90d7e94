/**
 * One attempt of a step of a durable run, whichever worker makes it.
 *
 * @module
 */
import { type AttemptOutcome, type AttemptPlace, type AttemptTime, runAttempt } from "../attempt.ts";
import type { Clock } from "../clock.ts";
import type { TaskContext } from "../context.ts";
import { beginThen, withoutHooks } from "../hooks.ts";
import type { PluginCall } from "../plugin.ts";
import { areOptionsPlain, runPlainAttempt } from "../plain_attempt.ts";
import { shortestTimeout } from "../policy.ts";
import type { Program } from "../program.ts";
import type { RunLifetime } from "../run_lifetime.ts";
import type { RunTracer } from "../tracer.ts";
import type { Executable } from "./executable.ts";
import type { PooledCalls } from "./step_pool.ts";

/** Everything that an attempt needs. */
export interface StepCall {
  /** The graph. */
  readonly executable: Executable;
  /** The graph, made flat for the run's input. */
  readonly program: Program;
  /** Id of the run. */
  readonly runId: string;
  /** The step. */
  readonly place: number;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** The values that the step reads, by place. */
  readonly values: readonly unknown[];
  /** The plugins, with what they handed on. */
  readonly plugins: readonly PluginCall[];
  /** The worker's claim. */
  readonly fence: bigint;
  /** Aborted when the run is cancelled, or this worker may not go on. */
  readonly signal: AbortSignal;
  /** Time and chance. */
  readonly clock: Clock;
  /** What the steps of the run share here. */
  readonly lifetime: RunLifetime;
  /** Hears of the run; `undefined` if nobody does. */
  readonly tracer: RunTracer | undefined;
  /** Makes the call on another thread; `undefined` where the worker has no pool. */
  readonly pooled: PooledCalls | undefined;
  /** A call begins that may take so many milliseconds; what is returned ends it. */
  beginCall(limit: number | undefined): (() => void) | Promise<() => void>;
}

/** Makes the attempt. It never throws and never rejects; where nothing is around a synchronous call, the outcome is there at once. */
export function makeAttempt(call: StepCall): AttemptOutcome | Promise<AttemptOutcome> {
  const { executable, program, runId, place, attempt, tracer } = call;
  const at: AttemptPlace = {
    workflowName: executable.definition.workflow,
    runId,
    nodeName: program.graph.names.at(place),
    attempt,
  };
  if (tracer?.attempt === undefined) return makeAt(call, at);
  return tracer.attempt(at, () => makeAt(call, at));
}

function makeAt(call: StepCall, at: AttemptPlace): AttemptOutcome | Promise<AttemptOutcome> {
  const { executable, program, place, plugins, fence, signal, lifetime } = call;
  if (call.pooled !== undefined) return makePooledAttempt(call, call.pooled, at);
  const options = executable.optionsAt(place);
  const { policies } = executable;
  const invoke = (): unknown =>
    Reflect.apply(program.calls[place]!, undefined, program.argumentsAt(place, call.values));
  if (plugins.length === 0 && policies.length === 0 && areOptionsPlain(options)) {
    return runPlainAttempt(at, invoke, { signal, fence, seed: options?.seed, lifetime });
  }
  const limit = shortestTimeout(options?.timeout, [...policies, ...options?.policies ?? []]);
  const { clock } = call;
  const attemptOnce = (endCall: () => void): Promise<AttemptOutcome> =>
    runAttempt(at, invoke, { options, policies, plugins, signal, fence, clock, lifetime }).finally(endCall);
  const begun = call.beginCall(limit);
  return begun instanceof Promise ? begun.then(attemptOnce) : attemptOnce(begun);
}

const NO_LIMIT: AttemptTime = { limit: undefined, hold: () => () => {} };

/** An attempt whose call is made on another thread. This one is not blocked by it, so that nothing has to end with its time limit. */
function makePooledAttempt(
  { executable, program, place, values, plugins, fence, signal, clock, tracer, lifetime }: StepCall,
  pooled: PooledCalls,
  at: AttemptPlace,
): AttemptOutcome | Promise<AttemptOutcome> {
  const options = executable.optionsAt(place);
  const { policies } = executable;
  const invoke = (context: TaskContext, time: AttemptTime): unknown =>
    beginThen(
      options?.hooks,
      lifetime,
      () => pooled.call(place, program.argumentsAt(place, values), plugins, time, context, tracer?.carry?.()),
    );
  const here = withoutHooks(options);
  if (policies.length === 0 && areOptionsPlain(here)) {
    return runPlainAttempt(at, (context) => invoke(context, NO_LIMIT), {
      signal,
      fence,
      seed: options?.seed,
      lifetime,
    });
  }
  // The plugins are initialized where the call is made.
  return runAttempt(at, invoke, { options: here, policies, plugins: [], signal, fence, clock, lifetime });
}
