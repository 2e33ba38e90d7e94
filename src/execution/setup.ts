/**
 * What an execution is given: the program, what was said about its nodes, and where calls are made.
 *
 * @module
 */
import type { AttemptTime } from "../attempt.ts";
import type { Clock } from "../clock.ts";
import type { TaskContext } from "../context.ts";
import type { RunHooks } from "../hooks.ts";
import type { AnyTaskOptions } from "../options.ts";
import type { Plugin, PluginCall } from "../plugin.ts";
import type { Policy } from "../policy.ts";
import type { Program } from "../program.ts";
import type { StoredResults } from "../results/stored_results.ts";
import type { TraceCarry, Tracer } from "../tracer.ts";
import type { WorkflowDefinition } from "../definition.ts";
import type { Execution } from "./execution.ts";
import type { RunRecord } from "./run_record.ts";
import type { SharedRoom } from "./shared_room.ts";

/** One call that a backend makes where it likes: here, or on another thread. */
export interface StepCall {
  /** The node's place in the graph. */
  readonly place: number;
  /** Its function; the live object of a method is the first argument. */
  readonly call: (...args: unknown[]) => unknown;
  /** The arguments. */
  readonly args: unknown[];
  /** Plugins to initialize right before the function. */
  readonly plugins: readonly PluginCall[];
  /** How long the attempt may take. */
  readonly time: AttemptTime;
  /** What it takes along to another thread for those who trace it, if anybody does. */
  readonly carry: TraceCarry | undefined;
  /** Whether all other nodes of the run have ended. */
  readonly isLast: boolean;
  /** Whether nobody will read the value of the node at `of` after this node has ended. */
  readsLast(of: number): boolean;
}

/** How a run is made that a step waits for. */
export interface NestOptions {
  /** Id of the run. */
  readonly id: string;
  /** Name of the node that waits for it. */
  readonly node: string;
  /** How many of its nodes may be at work at a time, if that is less than in the other run. */
  readonly concurrency: number;
  /** The slots of both. */
  readonly room: SharedRoom | undefined;
}

/** What an execution runs, and how. */
export interface ExecutionSetup {
  /** The graph, made flat. */
  readonly program: Program;
  /** Id of the run; `undefined` for a new one. */
  readonly id: string | undefined;
  /** Slots that it shares with others; `undefined` if there are none to share with. */
  readonly room: SharedRoom | undefined;
  /** Prepares the run of another definition, on the same backend. */
  readonly nest: (definition: WorkflowDefinition, input: unknown, options: NestOptions) => Promise<Execution>;
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Version of the definition, or empty. */
  readonly version: string;
  /** How many nodes may be at work at a time. */
  readonly concurrency: number;
  /** Policies of the workflow. */
  readonly policies: readonly Policy[];
  /** Plugins of every node, as the definition names them. */
  readonly plugins: readonly Plugin<unknown>[];
  /** Milliseconds that the run may take, or `undefined` if there is no limit. */
  readonly timeout: number | undefined;
  /** Time and chance. */
  readonly clock: Clock;
  /** What is called around the run; `undefined` if nothing is. */
  readonly hooks: RunHooks | undefined;
  /** 1 where a node is more than a plain call here; `undefined` if none is. */
  readonly managed: Uint8Array | undefined;
  /** Options of a node, or `undefined` if it has none. */
  readonly optionsAt: (place: number) => AnyTaskOptions | undefined;
  /** Plugins of a node, or `undefined` if it has none. */
  readonly pluginsAt: (place: number) => readonly Plugin<unknown>[] | undefined;
  /** Whether a node always runs, also where nothing needs it. */
  readonly isLogged: (place: number) => boolean;
  /** Makes a call elsewhere; `undefined` makes it in this thread. */
  readonly invoke: ((call: StepCall, context: TaskContext) => unknown) | undefined;
  /** Prepares the run of an id before its first call; what it returns is awaited after the last one. `undefined` needs nothing. */
  readonly open: ((runId: string) => Promise<() => Promise<void>>) | undefined;
  /** Hears of values that no node will read any more. */
  readonly released: ((value: unknown) => void) | undefined;
  /** Finds out what is stored; `undefined` without a storage. */
  readonly openResults: ((record: RunRecord) => Promise<StoredResults>) | undefined;
  /** Hears of the run; `undefined` if nobody does. */
  readonly tracer: Tracer | undefined;
  /** Whether the run's events are kept. */
  readonly keepEvents: boolean;
  /** Whether the result is the one target's value, not an array of values. */
  readonly single: boolean;
}
