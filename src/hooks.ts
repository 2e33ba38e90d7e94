/**
 * Lifecycle hooks: what is called around each attempt of a node, and around the run.
 *
 * @module
 */
import { context, type TaskContext } from "./context.ts";
import { GraphError, HookError, TimeoutError } from "./errors.ts";
import type { AnyTaskOptions } from "./options.ts";
import type { RunLifetime } from "./run_lifetime.ts";
import type { RunShared } from "./run_shared.ts";

/** What the hooks around a run see. */
export interface RunHookContext {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Id of the run. */
  readonly runId: string;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  /** What the steps of the run share in this process. */
  readonly shared: RunShared;
}

/** What is called around a run, in the process that has the run at work. What hooks return is awaited. */
export interface RunHooks {
  /** Once, before what it belongs to begins. If it fails, so does what waits for it. */
  readonly beforeAll?: (context: RunHookContext) => unknown;
  /** Once, at the end of the run, also if that failed or was cancelled; not if `beforeAll` has failed. */
  readonly afterAll?: (context: RunHookContext) => unknown;
}

/** How the function of an attempt ended. A timeout is a failure; what was cancelled, or taken over by another worker, is `CANCELLED`. */
export type HookOutcome =
  | { readonly status: "SUCCEEDED"; readonly value: unknown }
  | { readonly status: "FAILED" | "CANCELLED"; readonly error: unknown };

/**
 * What is called around the attempts of a task, and around a run in which it has nodes: `beforeAll` before the first attempt of the first of
 * these nodes. All may be asynchronous. `R` is what `setup` makes.
 */
export interface TaskHooks<R = unknown> extends RunHooks {
  /** Before the function of each attempt, where it runs. If it fails, the attempt has failed. */
  readonly setup?: (context: TaskContext) => R | Promise<R>;
  /**
   * After the function of each attempt whose `setup` has not failed, where it runs; also on failure, timeout and cancel. If it fails, so does
   * an attempt that would have succeeded; the error of one that failed stays, and there is a warning. A method, so that hooks for any type
   * can be given to a task.
   */
  teardown?(resource: R, outcome: HookOutcome, context: TaskContext): unknown;
}

const resources = new WeakMap<TaskContext, { readonly hooks: unknown; readonly resource: unknown }>();

/** Hooks whose `setup` makes something of a known type, which the function asks for. Made by {@linkcode defineHooks}. */
export class Hooks<R> implements TaskHooks<R> {
  /** See {@linkcode RunHooks}. */
  declare readonly beforeAll?: (context: RunHookContext) => unknown;
  /** See {@linkcode TaskHooks}. */
  declare readonly setup?: (context: TaskContext) => R | Promise<R>;
  /** See {@linkcode TaskHooks}. */
  declare readonly teardown?: (resource: R, outcome: HookOutcome, context: TaskContext) => unknown;
  /** See {@linkcode RunHooks}. */
  declare readonly afterAll?: (context: RunHookContext) => unknown;

  /** See {@linkcode defineHooks}. */
  constructor({ beforeAll, setup, teardown, afterAll }: TaskHooks<R>) {
    Object.assign(this, { beforeAll, setup, teardown, afterAll });
  }

  /**
   * What `setup` made for the attempt that runs.
   *
   * @throws {GraphError} Outside a task that has these hooks.
   */
  resource(): R {
    const running = context();
    const found = resources.get(running);
    if (found?.hooks !== this) {
      throw new GraphError(
        `resource() was called in node \`${running.nodeName}\`, which does not have these hooks; give them to its task: ` +
          "task(fn, { hooks }).",
        { workflow: running.workflowName, node: running.nodeName },
      );
    }
    // It was made by the `setup` of these hooks.
    return found.resource as R;
  }
}

/**
 * Names hooks, so that the function of a task can ask for what `setup` made, with its type.
 *
 * @param hooks What is called around attempts and runs.
 * @returns The hooks, for the option `hooks` of tasks.
 *
 * @example
 * ```ts
 * import { defineHooks, LocalWorkflow, task } from "@fusewire/fusewire";
 *
 * const folder = defineHooks({
 *   setup: () => ({ path: "/tmp/work", files: ["a.txt"] }),
 *   teardown: ({ files }, { status }) => console.log(`${status}: ${files.length} files to remove`),
 * });
 * const list = task(function list(): string {
 *   return folder.resource().files.join();
 * }, { hooks: folder });
 * console.log(await new LocalWorkflow(list(), { workflowName: "files" }).run()); // a.txt
 * ```
 */
export function defineHooks<R = undefined>(hooks: TaskHooks<R>): Hooks<R> {
  return new Hooks(hooks);
}

/** Makes calls that block the thread, and stops those that do for too long, if anything does. */
export type Bounded = (call: () => unknown) => unknown;

/** Makes the call of an attempt with its hooks around it. */
export async function callWithHooks(
  hooks: TaskHooks,
  context: TaskContext,
  lifetime: RunLifetime,
  call: () => unknown,
  bounded: Bounded = (call) => call(),
): Promise<unknown> {
  const { nodeName, signal } = context;
  await lifetime.teardownOf(nodeName);
  signal.throwIfAborted();
  await lifetime.begin(hooks);
  signal.throwIfAborted();
  let resource: unknown;
  if (hooks.setup !== undefined) {
    resource = await named("setup", context, () => bounded(() => hooks.setup?.(context)));
    resources.set(context, { hooks, resource });
  }
  const work = callAndTearDown(hooks, resource, context, lifetime, call);
  lifetime.expectTeardown(nodeName, work);
  return await work;
}

async function callAndTearDown(
  hooks: TaskHooks,
  resource: unknown,
  context: TaskContext,
  lifetime: RunLifetime,
  call: () => unknown,
): Promise<unknown> {
  const outcome = await outcomeOf(call, context.signal);
  try {
    await named("teardown", context, () => hooks.teardown?.(resource, outcome, context));
  } catch (error) {
    if (outcome.status === "SUCCEEDED" && !context.signal.aborted) throw error;
    lifetime.warn(error);
  }
  if (outcome.status === "SUCCEEDED") return outcome.value;
  throw outcome.error;
}

/** How the call ends. An attempt that is over does not wait for a function that does not listen to its signal. */
async function outcomeOf(call: () => unknown, signal: AbortSignal): Promise<HookOutcome> {
  const over = Promise.withResolvers<void>();
  // A function that does listen ends first.
  const onAbort = (): void => void setTimeout(over.resolve, 0);
  signal.addEventListener("abort", onAbort, { once: true });
  let outcome: HookOutcome = { status: "CANCELLED", error: undefined };
  const work = async (): Promise<void> => {
    try {
      signal.throwIfAborted();
      outcome = { status: "SUCCEEDED", value: await call() };
    } catch (error) {
      outcome = { status: "FAILED", error };
    }
  };
  await Promise.race([work(), over.promise]);
  signal.removeEventListener("abort", onAbort);
  if (!signal.aborted) return outcome;
  const error: unknown = signal.reason;
  return { status: error instanceof TimeoutError ? "FAILED" : "CANCELLED", error };
}

/** What a hook gives, or an error that names it. */
async function named(hook: string, { workflowName, nodeName }: TaskContext, call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TimeoutError && error.node === nodeName) throw error;
    throw new HookError(
      `Hook ${hook}() of node \`${nodeName}\` in workflow \`${workflowName}\` failed: ${
        error instanceof Error ? error.message : String(error)
      }`,
      { cause: error, workflow: workflowName, node: nodeName },
    );
  }
}

/** Options for an attempt whose call is made elsewhere: its hooks are called there. */
export function withoutHooks(options: AnyTaskOptions | undefined): AnyTaskOptions | undefined {
  if (options?.hooks === undefined) return options;
  const { hooks: _, ...others } = options;
  return others;
}

/** Makes a call elsewhere, where its hooks are called; those around the run are called here, before. */
export function beginThen(hooks: TaskHooks | undefined, lifetime: RunLifetime, call: () => unknown): unknown {
  if (hooks?.beforeAll === undefined && hooks?.afterAll === undefined) return call();
  return lifetime.begin(hooks).then(call);
}
