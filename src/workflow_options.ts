/**
 * What a workflow is made from, what can be said about it, and what it gives.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Definition } from "./definition.ts";
import type { RunHooks } from "./hooks.ts";
import type { CacheMode, Scope } from "./options.ts";
import type { Policy } from "./policy.ts";
import type { Targets, Value } from "./ref.ts";

/** Options of a workflow, whatever it is made from. */
export interface BaseWorkflowOptions {
  /**
   * What to run: what the targets need, or everything below the roots of the targets.
   *
   * @default {"ancestors"}
   */
  readonly scope?: Scope;
  /**
   * How many nodes may be at work at a time.
   *
   * @default {16}
   */
  readonly concurrency?: number;
  /**
   * When a stored result stands for a new one. In process `"name"` where a storage is set; of durable runs `"content"` has results of
   * earlier runs stand for steps that would be made of the same, and nothing else does.
   *
   * @default {"name"}
   */
  readonly cache?: CacheMode;
  /** What wraps each attempt of every node, around the policies of the node. Default: none. */
  readonly policies?: readonly Policy[];
  /** What is called around each run, in the process that has it at work. Default: none. */
  readonly hooks?: RunHooks;
  /**
   * Milliseconds that a whole run may take. Then what runs is stopped, steps that have not ended are cancelled, and the run fails with a
   * `TimeoutError`. Default: the definition's, or no limit.
   */
  readonly timeout?: number;
  /** Time and chance. Default: the real ones; tests give a virtual clock. */
  readonly clock?: Clock;
}

/** Options of a workflow over nodes. */
export interface WorkflowOptions extends BaseWorkflowOptions {
  /** Name of the workflow: 1 to 255 UTF-8 bytes, no control characters. Results are stored under it. */
  readonly workflowName: string;
}

/** Options of a workflow over a definition with input `I`. */
export type DefinitionWorkflowOptions<I> =
  & BaseWorkflowOptions
  & {
    /** Name of the workflow. Default: the definition's. */
    readonly workflowName?: string;
  }
  & (undefined extends I ? {
      /** The input of the runs. */
      readonly input?: I;
    }
    : {
      /** The input of the runs. */
      readonly input: I;
    });

/** What a workflow is made from: nodes, or a definition. */
export type WorkflowSource = Targets | Definition<never, unknown>;

/** The options that go with what a workflow is made from. */
export type OptionsFor<S extends WorkflowSource> = S extends Definition<infer I, unknown> ? DefinitionWorkflowOptions<I>
  : WorkflowOptions;

/** The result of a workflow, by what it is made from. */
export type ResultOf<S extends WorkflowSource> = S extends Definition<never, infer T> ? T : Value<S>;
