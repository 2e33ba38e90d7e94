/**
 * The calls of one worker: from the message to what is answered.
 *
 * @module
 */
import { type AttemptPlace, timeoutError } from "../attempt.ts";
import { withContext } from "../context.ts";
import { TimeoutError, WorkerLostError } from "../errors.ts";
import { isThenable } from "../execution/fast_path.ts";
import { type Bounded, callWithHooks } from "../hooks.ts";
import { callMethod } from "../instance.ts";
import type { RunLifetime } from "../run_lifetime.ts";
import type { TaskInfo } from "../task_info.ts";
import type { Plugin } from "../plugin.ts";
import { decodeError, encodeError } from "./error_message.ts";
import type { Address, CallMessage, FromWorker, ToWorker } from "./messages.ts";
import { pack, sendCarefully, unpack } from "./parcel.ts";
import { findPlugin, findTask } from "./registry.ts";
import type { TraceCarry, TraceEntrance } from "../tracer.ts";
import { WorkerContext } from "./worker_context.ts";
import { WorkerLifetimes } from "./worker_lifetimes.ts";

/** A function ran past its limit and was stopped. */
class Stopped extends TimeoutError {
  override readonly name = "TimeoutError";
}

/**
 * How long after the limit a function is stopped, in milliseconds. The scheduling thread counts too; where it comes first, the
 * signal of the attempt is aborted as well.
 */
const MARGIN = 10;

/** Posts an answer, and moves buffers with it. */
export type Post = (message: FromWorker, transfer?: readonly ArrayBuffer[]) => void;

/** The calls that a worker makes, and the objects that live in it. */
export class WorkerCalls {
  readonly #post: Post;
  readonly #lifetimes: WorkerLifetimes;
  readonly #objects = new Map<number, object>();
  readonly #aborts = new Map<number, AbortController>();
  readonly #addresses = new Map<number, Address>();
  readonly #tasks = new Map<number, TaskInfo>();
  readonly #plugins = new Map<number, Plugin<unknown>>();

  /** Answers go to `post`. */
  constructor(post: Post) {
    this.#post = post;
    this.#lifetimes = new WorkerLifetimes(post);
  }

  /** Does what a message says. */
  receive(message: ToWorker): void {
    switch (message.type) {
      case "call":
        void this.#answer(message);
        return;
      case "abort":
        this.#aborts.get(message.id)?.abort(decodeError(message.reason));
        this.#post({ type: "aborted", id: message.id });
        return;
      case "release":
        for (const key of message.keys) this.#objects.delete(key);
        return;
      case "leave":
        void this.#lifetimes.leave(message.run);
        return;
    }
  }

  async #answer(message: CallMessage): Promise<void> {
    const { id } = message;
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    try {
      const value = await this.#call(message, abort.signal);
      this.#send(message, value);
    } catch (error) {
      if (error instanceof Stopped) this.#post({ type: "stopped", id });
      else this.#post({ type: "failed", id, error: encodeError(error) });
    } finally {
      this.#aborts.delete(id);
    }
  }

  async #call(message: CallMessage, signal: AbortSignal): Promise<unknown> {
    const { id, what, limit } = message;
    for (const [number, address] of message.addresses) this.#addresses.set(number, address);
    const node = message.context.nodeName;
    const task = this.#tasks.get(message.task) ?? await this.#findTask(message.task, node);
    const plugins: { readonly plugin: Plugin<unknown>; readonly state: unknown }[] = [];
    for (const { plugin, state } of message.plugins) {
      plugins.push({
        plugin: this.#plugins.get(plugin) ?? await this.#findPlugin(plugin, node),
        state: unpack(state),
      });
    }
    const args = unpack(message.args, (key) => this.#object(key, node));
    if (!Array.isArray(args)) throw new TypeError("The arguments of a call are not a list.");
    signal.throwIfAborted();
    let own: RunLifetime | undefined;
    const lifetime = (): RunLifetime => own ??= this.#lifetimes.of(message.run, message.context, signal.aborted);
    const context = new WorkerContext(id, message.context, signal, lifetime, this.#post);
    const enter = await entrance(message.carry);
    const bounded = await boundedBy(limit, message.context);
    const hooks = task.options?.hooks;
    if (limit !== undefined) this.#post({ type: "began", id });
    const work = async (): Promise<unknown> => {
      for (const { plugin, state } of plugins) {
        const ready = bounded(() => plugin.remoteInitialize?.(state, context));
        // Without a wait in between, no other call comes between what a plugin sets up and the function.
        if (isThenable(ready)) await ready;
      }
      const call = (): unknown => {
        const result = bounded(() => callTask(task, what, args));
        if (isThenable(result)) this.#post({ type: "waiting", id });
        return result;
      };
      return await (hooks === undefined ? call() : callWithHooks(hooks, context, lifetime(), call, bounded));
    };
    return await enter(() => withContext(context, work));
  }

  async #findTask(number: number, node: string): Promise<TaskInfo> {
    const task = await findTask(this.#address(number), node);
    this.#tasks.set(number, task);
    return task;
  }

  async #findPlugin(number: number, node: string): Promise<Plugin<unknown>> {
    const plugin = await findPlugin(this.#address(number), node);
    this.#plugins.set(number, plugin);
    return plugin;
  }

  #address(number: number): Address {
    const address = this.#addresses.get(number);
    if (address === undefined) throw new TypeError(`The worker was not told the address number ${number}.`);
    return address;
  }

  #object(key: number, node: string): object {
    const object = this.#objects.get(key);
    if (object !== undefined) return object;
    throw new WorkerLostError(`An object that node \`${node}\` needs is not in its worker any more.`, { node });
  }

  #send(message: CallMessage, value: unknown): void {
    const { id, what } = message;
    if (what.kind === "construct") {
      this.#objects.set(what.key, Object(value));
      this.#post({ type: "result", id, value: { value: undefined, packed: [] }, buffers: [] });
      return;
    }
    const name = `the result of node \`${message.context.nodeName}\``;
    sendCarefully(name, (moving) => {
      const { parcel, buffers, transfer } = pack(value, name, () => moving && message.move);
      this.#post({ type: "result", id, value: parcel, buffers }, transfer);
    });
  }
}

/** What has a call be part of its attempt's trace. A trace that can not go on here is no reason not to make the call. */
async function entrance(carry: TraceCarry | undefined): Promise<<T>(call: () => T) => T> {
  if (carry === undefined) return (call) => call();
  try {
    const { enter }: TraceEntrance = await import(carry.module);
    return (call) => enter(carry.link, call);
  } catch {
    return (call) => call();
  }
}

/** Calls functions within a time limit, which covers what they do before they first wait. */
async function boundedBy(limit: number | undefined, place: AttemptPlace): Promise<Bounded> {
  if (limit === undefined) return (call) => call();
  const { callBounded } = await import("./bounded_call.ts");
  return (call) => {
    const result = callBounded(call, limit + MARGIN);
    switch (result.kind) {
      case "returned":
        return result.value;
      case "threw":
        throw result.error;
      case "stopped":
        throw new Stopped(timeoutError(place, limit).message, { workflow: place.workflowName, node: place.nodeName });
    }
  };
}

function callTask(task: TaskInfo, what: CallMessage["what"], args: unknown[]): unknown {
  return what.kind === "method" ? callMethod(what.method, args) : Reflect.apply(task.call, undefined, args);
}
