/**
 * Workflow schemas: what a workflow is, as plain data. A schema says which steps there are, of which tasks, what they are given and what
 * they wait for; what a task does is code, and is named.
 *
 * @module
 */
import type { CacheMode } from "../options.ts";
import type { ControlSchema } from "./control_schema.ts";

/** The format of the schemas that this release writes and reads. */
export const SCHEMA_FORMAT = "fusewire/workflow/1";

/**
 * Data that JSON keeps. Where a schema holds values of users, an object with a key that begins with `$` stands for something else: a
 * {@linkcode ReferenceSchema}, or a value that JSON does not keep, such as `{ $bigint: "1" }`.
 */
export type SchemaValue =
  | null
  | boolean
  | number
  | string
  | readonly SchemaValue[]
  | { readonly [key: string]: SchemaValue };

/** A number; what JSON has no number for is `{ $number: "Infinity" }`, `"-Infinity"`, `"NaN"` or `"-0"`. */
export type NumberSchema = number | { readonly $number: string };

/** The result of a step, or a part of it. */
export interface NodeSchema {
  /** Name of the step. */
  readonly $node: string;
  /** The keys to the part, from the outside in. Default: all of the result. */
  readonly item?: readonly (string | number)[];
}

/** A live object. */
export interface InstanceSchema {
  /** Name of the step that makes it. */
  readonly $instance: string;
  /** Name of the step that used it before. Default: the step that makes it. */
  readonly after?: string;
}

/** The input of a run, or a part of it. */
export interface InputSchema {
  /** The keys to the part, from the outside in; none for the whole input. */
  readonly $input: readonly (string | number)[];
}

/** What stands for a value that a run will have. */
export type ReferenceSchema = NodeSchema | InstanceSchema | InputSchema;

/** A condition of a step. */
export interface ConditionSchema {
  /** The value that it hangs on. */
  readonly of: NodeSchema | InputSchema;
  /** Name of the function that looks at the value. Default: the value must be truthy. */
  readonly predicate?: string;
  /** The case of a branch in which the step was made; then `cases` are all cases of that branch. */
  readonly case?: string;
  /** See `case`. */
  readonly cases?: readonly string[];
  /** The step was made in an iteration of a loop: name of the function that says of the value whether it ends the loop, and must say no. */
  readonly until?: string;
}

/** Code that an option names: a function by its name, or that of the same option of the task. */
export type CodeSchema = { readonly function: string } | { readonly from: "task" };

/** See {@linkcode RetryOptions}. */
export interface RetrySchema {
  /** Attempts in all. */
  readonly maxAttempts?: NumberSchema;
  /** Milliseconds. */
  readonly initialDelay?: NumberSchema;
  /** Milliseconds. */
  readonly maxDelay?: NumberSchema;
  /** Growth of the wait. */
  readonly factor?: NumberSchema;
  /** From 0 to 1. */
  readonly jitter?: NumberSchema;
  /** Which errors are worth another attempt. */
  readonly retryIf?: CodeSchema;
}

/** See {@linkcode TaskOptions}. Those of the step's task hold only where they are among them. */
export interface OptionsSchema {
  /** Version of the task. */
  readonly version?: string;
  /** Repetition of failed attempts. */
  readonly retry?: RetrySchema;
  /** Milliseconds of an attempt. */
  readonly timeout?: NumberSchema;
  /** When a stored result stands for a new one. */
  readonly cache?: CacheMode;
  /** Seeds `context().random()`. */
  readonly seed?: NumberSchema | string;
  /** What a failure means. */
  readonly onFailure?: "fail" | "skip" | CodeSchema;
  /** Limit over all nodes that share a key. */
  readonly concurrency?: { readonly key: string; readonly limit: number };
  /** Limit on how often attempts of nodes that share a key begin: so many in so many milliseconds. */
  readonly rateLimit?: { readonly key: string; readonly limit: number; readonly interval: number };
  /** Names of policies, or those of the task. */
  readonly policies?: readonly string[] | { readonly from: "task" };
  /** Name of the hooks, or those of the task. */
  readonly hooks?: string | { readonly from: "task" };
  /** Whether it has no side effect. */
  readonly pure?: boolean;
  /** Whether arrays are moved between threads. */
  readonly transfer?: boolean;
}

/** A step: a call of a task, a call of a method, or a node that makes no call. */
export interface StepSchema {
  /** Name, unique in the schema. */
  readonly name: string;
  /** Name of the task; for a method, of the task of its class. Absent where there is no call. */
  readonly task?: string;
  /** For a method: its name. */
  readonly method?: string;
  /** For a method: the step that makes the object. */
  readonly instance?: string;
  /** For a node that makes no call: what it does. */
  readonly control?: ControlSchema;
  /** Arguments: data, with references at any depth. */
  readonly args: readonly SchemaValue[];
  /** Names of steps that it follows without data. Default: none. */
  readonly after?: readonly string[];
  /** What must hold for it to run. Default: nothing. */
  readonly when?: readonly ConditionSchema[];
  /** All of its options. Default: those of the task. */
  readonly options?: OptionsSchema;
}

/** A workflow as data. Frozen, and equal for equal workflows, so that it can be compared, stored and sent. */
export interface WorkflowSchema {
  /** The format of the schema. */
  readonly format: typeof SCHEMA_FORMAT;
  /** Name of the workflow. */
  readonly workflow: string;
  /** Version of the workflow; empty for one that was made of nodes. */
  readonly version: string;
  /** Name of the Standard Schema that checks the input of runs. Default: none does. */
  readonly input?: string;
  /** When a stored result stands for a new one. Default: the backend's. */
  readonly cache?: CacheMode;
  /** The queue of durable runs. Default: the default queue. */
  readonly queue?: string;
  /** Milliseconds that a whole run may take. Default: no limit. */
  readonly timeout?: NumberSchema;
  /** Which steps run: `"descendants"` for all below the roots of the targets. Default: those that the targets need. */
  readonly scope?: "descendants";
  /** Names of the policies around each attempt of every step. Default: none. */
  readonly policies?: readonly string[];
  /** Name of the hooks around each run. Default: none. */
  readonly hooks?: string;
  /** Names of the plugins of every step. Default: none. */
  readonly plugins?: readonly string[];
  /** The steps, in topological order. */
  readonly steps: readonly StepSchema[];
  /** Where the result comes from. */
  readonly targets: readonly (NodeSchema | InstanceSchema)[];
  /** Whether the result is the one target's value, and not an array of values. */
  readonly single: boolean;
}
