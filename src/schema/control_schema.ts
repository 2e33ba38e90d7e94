/**
 * What schemas say of nodes that make no call.
 *
 * @module
 */
import type { LoopLimit } from "../control/control.ts";
import type { OptionsSchema } from "./workflow_schema.ts";

/** The body of a map: a task that is called for each item, or a function that makes the nodes of one, by its name. */
export type BodySchema =
  | {
    /** Name of the task. */
    readonly task: string;
    /** All of its options. Default: those of the task. */
    readonly options?: OptionsSchema;
  }
  | {
    /** Name of the function. */
    readonly function: string;
  };

/** What a step does in place of a call. The kind is the name of the function that makes such nodes. */
export type ControlSchema =
  | {
    /** See `optional()`. */
    readonly kind: "optional";
  }
  | {
    /** See `anyOf()`. */
    readonly kind: "anyOf";
  }
  | {
    /** See `branch()`. */
    readonly kind: "branch";
    /** The names of its cases. Their values are the arguments after the first. */
    readonly cases: readonly string[];
  }
  | {
    /** See `map()`. The list is the argument. */
    readonly kind: "map";
    /** What is made for each item. */
    readonly body: BodySchema;
    /** How many steps of the items may be at work at a time. Default: as many as there is room for. */
    readonly concurrency?: number;
    /** The share of the items that has to succeed. Default: 1. */
    readonly minSuccessRatio?: number;
  }
  | {
    /** See `mapSettled()`. The list is the argument. */
    readonly kind: "mapSettled";
    /** What is made for each item. */
    readonly body: BodySchema;
    /** How many steps of the items may be at work at a time. Default: as many as there is room for. */
    readonly concurrency?: number;
  }
  | {
    /** See `repeatUntil()`. The values of the iterations are the arguments, in order; their steps are steps of the schema. */
    readonly kind: "repeatUntil";
    /** Name of the function that says of a value whether it ends the loop. */
    readonly until: string;
    /** What becomes of it if no iteration ends it. Default: `"fail"`. */
    readonly onLimit?: LoopLimit;
  }
  | {
    /** The plain value that a loop begins with: the argument. */
    readonly kind: "initial";
  }
  | {
    /** See `sleep()`. The time is the argument. */
    readonly kind: "sleep";
  }
  | {
    /** See `waitForSignal()`. The name of the signal is the argument. */
    readonly kind: "waitForSignal";
    /** Milliseconds after which it fails. Default: it waits for ever. */
    readonly timeout?: number;
    /** Name of the Standard Schema that checks the payload. Default: none does. */
    readonly schema?: string;
  }
  | {
    /** See `approval()`. The name of the signal is the argument. */
    readonly kind: "approval";
    /** Milliseconds after which it fails. Default: it waits for ever. */
    readonly timeout?: number;
  }
  | {
    /** See `subWorkflow()`. The input is the argument. */
    readonly kind: "subWorkflow";
    /** Name of the other definition. */
    readonly workflow: string;
    /** Version of the other definition. */
    readonly version: string;
  };
