/**
 * Plugins: code of one's own before and after the nodes of a workflow.
 *
 * @module
 */
import type { FusewireError } from "./errors.ts";
import type { Tracer } from "./tracer.ts";

/** What a plugin sees of the node. */
export interface PluginContext {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Id of the run. */
  readonly runId: string;
  /** Name of the node. */
  readonly nodeName: string;
  /** Number of the attempt, from 1; 0 before the first. */
  readonly attempt: number;
}

/** What a plugin sees of the run. */
export interface PluginRunContext {
  /** Name of the workflow. */
  readonly workflowName: string;
  /** Id of the run. */
  readonly runId: string;
  /** How many nodes of this plugin will run, as far as it is known at the start; stored ones are not among them. */
  readonly steps: number;
}

/** How a node ended. */
export type PluginOutcome =
  | { readonly status: "SUCCEEDED"; readonly value: unknown }
  | { readonly status: "FAILED"; readonly error: FusewireError }
  | { readonly status: "SKIPPED" }
  | { readonly status: "CANCELLED" };

/**
 * Code that runs before and after the nodes it was set on. `S` is what it hands from where a node is scheduled to where it
 * runs; it must survive a structured clone.
 */
export interface Plugin<S = void> {
  /** Hears of every run of a workflow that the plugin is set on, whichever of its nodes were meant. */
  readonly tracer?: Tracer | undefined;
  /** Once a run, before its first node; of a durable run, each time that a worker takes it. */
  runStarted?(context: PluginRunContext): void | Promise<void>;
  /** Once a node, where it is scheduled. */
  localInitialize?(context: PluginContext): S | Promise<S>;
  /** Every attempt, where the node runs, right before its function. */
  remoteInitialize?(state: S, context: PluginContext): void | Promise<void>;
  /** After the last attempt, where the node was scheduled; for every node whose `localInitialize` was called, also if that threw. */
  finished?(outcome: PluginOutcome, context: PluginContext): void | Promise<void>;
  /** Once for each `runStarted`, after the last node, also if the run failed, was cancelled or goes on with another worker. */
  runFinished?(context: PluginRunContext): void | Promise<void>;
}

/** A plugin with what its `localInitialize` gave for one node. */
export interface PluginCall {
  /** The plugin. */
  readonly plugin: Plugin<unknown>;
  /** What it handed on. */
  readonly state: unknown;
}
