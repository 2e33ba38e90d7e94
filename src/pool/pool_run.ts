/**
 * One run on a pool: what each of its calls needs, and what may be moved.
 *
 * @module
 */
import type { TaskContext } from "../context.ts";
import { GraphError } from "../errors.ts";
import type { StepCall } from "../execution/setup.ts";
import type { NodeGraph } from "../graph.ts";
import type { CallNode } from "../node.ts";
import type { TaskInfo } from "../task_info.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Plugin, PluginCall } from "../plugin.ts";
import { pluginOrigin } from "../plugin_origin.ts";
import type { Policy } from "../policy.ts";
import type { Program } from "../program.ts";
import { pluginAddress, pluginName, taskAddress } from "./address.ts";
import type { JobMessage, JobSpec } from "./job.ts";
import { LiveHandle } from "./live_handle.ts";
import { newKey } from "./live_objects.ts";
import type { Address, CallKind } from "./messages.ts";
import { pack, type Parcel, unpack } from "./parcel.ts";
import { Placement } from "./placement.ts";
import { handlesIn } from "./survey.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** An address, with the number that stands for it. */
interface KnownAddress {
  readonly number: number;
  readonly address: Address;
}

/** What a run takes from its workflow. */
export interface PoolRunSetup {
  readonly pool: WorkerPool;
  readonly runId: string;
  readonly workflowName: string;
  readonly graph: NodeGraph;
  readonly program: Program;
  readonly policies: readonly Policy[];
  readonly optionsAt: (place: number) => AnyTaskOptions | undefined;
  readonly pluginsAt: (place: number) => readonly Plugin<unknown>[] | undefined;
  /** Whether results are stored, and so may still be read while they are written. */
  readonly isStored: boolean;
}

/** One run on a pool. */
export class PoolRun {
  readonly #setup: PoolRunSetup;
  readonly #placement: Placement;
  /** Which node a buffer came from, for buffers that nobody but its readers has. */
  readonly #owners = new WeakMap<ArrayBuffer, number>();
  readonly #seen: ReadonlySet<number>;
  readonly #addresses = new Map<object, KnownAddress>();

  /**
   * Looks at the graph.
   *
   * @throws {GraphError} If the value of an instance is asked for outside of its worker.
   */
  constructor(setup: PoolRunSetup) {
    const { graph, program, workflowName, pool, runId } = setup;
    this.#setup = setup;
    this.#placement = Placement.of(graph, program.targets, workflowName);
    // What a control node takes is its value too, so that it has more readers than its own.
    const taken = [...graph.joins()?.values() ?? []].flatMap(({ data }) => [...data]);
    this.#seen = new Set([...[...program.conditions.values()].flat().map(({ place }) => place), ...taken]);
    pool.openRun(runId);
  }

  /** Ends what the run holds in the pool. */
  async close(): Promise<void> {
    await this.#setup.pool.closeRun(this.#setup.runId);
  }

  /** Makes a call on a worker. */
  call(call: StepCall, context: TaskContext): Promise<unknown> {
    const { graph, pool, runId } = this.#setup;
    const { place } = call;
    const node = graph.members[place]!;
    const { task } = node.site;
    const options = this.#setup.optionsAt(place);
    const name = context.nodeName;
    const found = this.#taskAddress(place, node, name);
    if (options?.hooks !== (this.#receiver(place)?.site.task ?? task).options?.hooks) {
      throw new GraphError(
        `Node \`${name}\` has hooks of its own, which no worker of a pool can find; give them to its task: ` +
          "task(fn, { hooks }).",
        { workflow: this.#setup.workflowName, node: name },
      );
    }
    const plugins = call.plugins.flatMap((plugin) => this.#pluginCall(plugin, name));
    const key = task.kind === "class" ? newKey() : undefined;
    const what = callKind(node, this.#receiver(place), key);
    const mayRepeat = this.#mayRepeat(place, context.attempt);
    const mayMove = mayRepeat ? () => false : this.#movableFor(call);
    const group = this.#placement.groupOf(place);
    const message = (knows: ReadonlySet<number>, moving: boolean): JobMessage => {
      const label = `the arguments of node \`${name}\``;
      const { parcel, transfer } = pack(call.args, label, moving ? mayMove : () => false);
      const addresses = [found, ...plugins.map(({ found }) => found)].filter(({ number }) => !knows.has(number));
      return {
        transfer,
        message: {
          what,
          addresses: addresses.map(({ number, address }) => [number, address]),
          task: found.number,
          plugins: plugins.map(({ found, state }) => ({ plugin: found.number, state })),
          args: parcel,
          context: {
            workflowName: context.workflowName,
            runId: context.runId,
            nodeName: name,
            attempt: context.attempt,
            idempotencyKey: context.idempotencyKey,
            fence: context.fence,
            seed: options?.seed,
          },
          carry: call.carry,
          limit: call.time.limit,
        },
      };
    };
    const spec: JobSpec = {
      node: name,
      runId,
      group,
      key,
      needs: group === undefined ? [] : handlesIn(call.args).map((handle) => handle.key),
      context,
      time: call.time,
      isLast: call.isLast && !mayRepeat,
      tearsDown: options?.hooks !== undefined,
      givesAway: options?.transfer === true,
      message,
      result: (value, buffers) => key === undefined ? this.#result(place, value, buffers) : new LiveHandle(key, name),
    };
    return pool.call(spec);
  }

  #result(place: number, value: Parcel, buffers: readonly ArrayBuffer[]): unknown {
    for (const buffer of buffers) this.#owners.set(buffer, place);
    return unpack(value);
  }

  /** See `transfer.ts`. */
  #movableFor(call: StepCall): (buffer: ArrayBuffer) => boolean {
    if (this.#setup.isStored) return () => false;
    const answers = new Map<number, boolean>();
    return (buffer) => {
      const owner = this.#owners.get(buffer);
      if (owner === undefined) return false;
      let answer = answers.get(owner);
      if (answer === undefined) answers.set(owner, answer = !this.#wasSeen(owner) && call.readsLast(owner));
      return answer;
    };
  }

  #mayRepeat(place: number, attempt: number): boolean {
    const { retry, policies } = this.#setup.optionsAt(place) ?? {};
    return this.#setup.policies.length > 0 || (policies?.length ?? 0) > 0 || attempt < (retry?.maxAttempts ?? 1);
  }

  /** Whether code of the user has had the value of a node in this thread, and may have kept it, or another node has it. */
  #wasSeen(place: number): boolean {
    return this.#seen.has(place) || this.#setup.pluginsAt(place) !== undefined ||
      this.#setup.policies.length > 0 || (this.#setup.optionsAt(place)?.policies?.length ?? 0) > 0;
  }

  #receiver(place: number): CallNode | undefined {
    return this.#setup.graph.extraAt(place)?.receiver;
  }

  #taskAddress(place: number, { site }: CallNode, node: string): KnownAddress {
    const task: TaskInfo = this.#receiver(place)?.site.task ?? site.task;
    let known = this.#addresses.get(task);
    if (known !== undefined) return known;
    if (task.origin.module === undefined) {
      throw new GraphError(
        `Task \`${task.base}\` of node \`${node}\` can not run on a pool: it was made by code that is in no module, so no ` +
          "worker can import it; make it at the top level of a file.",
        { workflow: this.#setup.workflowName, node },
      );
    }
    known = { number: this.#setup.pool.addressNumber(task), address: taskAddress(task) };
    this.#addresses.set(task, known);
    return known;
  }

  #pluginCall(
    { plugin, state }: PluginCall,
    node: string,
  ): { readonly found: KnownAddress; readonly state: Parcel }[] {
    if (plugin.remoteInitialize === undefined) return [];
    const label = `Plugin \`${pluginName(plugin)}\` of node \`${node}\``;
    let found = this.#addresses.get(plugin);
    if (found === undefined) {
      const origin = pluginOrigin(plugin);
      if (origin?.module === undefined) {
        throw new GraphError(
          `${label} has \`remoteInitialize\`, which a pool calls in a worker, but was not made known; make it at the top level ` +
            "of a module with definePlugin().",
          { workflow: this.#setup.workflowName, node },
        );
      }
      found = { number: this.#setup.pool.addressNumber(plugin), address: pluginAddress(plugin, origin) };
      this.#addresses.set(plugin, found);
    }
    const { parcel } = pack(state, `the state of plugin \`${pluginName(plugin)}\` for node \`${node}\``, () => false);
    return [{ found, state: parcel }];
  }
}

function callKind(node: CallNode, receiver: CallNode | undefined, key: number | undefined): CallKind {
  if (key !== undefined) return { kind: "construct", key };
  if (receiver === undefined) return { kind: "function" };
  // The name of a method's task is that of the class's task, a dot, and the name of the method.
  return { kind: "method", method: node.site.task.base.slice(receiver.site.task.base.length + 1) };
}
