/**
 * What the scheduling thread and a worker of a pool say to each other.
 *
 * @module
 */
import type { TraceCarry } from "../tracer.ts";
import type { LogLevel } from "../warning.ts";
import type { ErrorMessage } from "./error_message.ts";
import type { Parcel } from "./parcel.ts";

/** How a worker finds a thing that was made at import: where, and what proves that it is the same. */
export interface Address {
  /** URL of the module that made it. */
  readonly module: string;
  /** The way in the code that made it. */
  readonly trail: string;
  /** How many had been made by this way before. */
  readonly order: number;
  /** Name of the task, or of the plugin's class. */
  readonly name: string;
  /** Source of the functions that it calls, as text. */
  readonly source: readonly string[];
}

/** What is done with the thing that is found. */
export type CallKind =
  | { readonly kind: "function" }
  /** The object is kept under a key. */
  | { readonly kind: "construct"; readonly key: number }
  /** The first argument is the object. */
  | { readonly kind: "method"; readonly method: string };

/** What `context()` shows in the worker, as data. */
export interface ContextData {
  readonly workflowName: string;
  readonly runId: string;
  readonly nodeName: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly fence: bigint;
  readonly seed: number | string | undefined;
}

/** One call. */
export interface CallMessage {
  readonly type: "call";
  /** Number of the call, unique in its pool. */
  readonly id: number;
  readonly what: CallKind;
  /** Addresses that the worker has not heard of yet, by the numbers that stand for them from now on. */
  readonly addresses: readonly (readonly [number, Address])[];
  /** The run, as the pool knows it: what its calls share in this worker is kept under it. */
  readonly run: string;
  /** The task: a function, a class, or the class of a method. */
  readonly task: number;
  /** Plugins to initialize before, with what they were handed. */
  readonly plugins: readonly { readonly plugin: number; readonly state: Parcel }[];
  /** The list of arguments. */
  readonly args: Parcel;
  readonly context: ContextData;
  /** What makes the call part of its attempt's trace, if that is traced. */
  readonly carry: TraceCarry | undefined;
  /** Milliseconds that the call may take, or `undefined`. */
  readonly limit: number | undefined;
  /** Whether arrays in the result are moved and not copied. */
  readonly move: boolean;
}

/** What a worker is told. */
export type ToWorker =
  | CallMessage
  /** The attempt is over; its code should stop. */
  | { readonly type: "abort"; readonly id: number; readonly reason: ErrorMessage }
  /** Objects that nobody needs any more. */
  | { readonly type: "release"; readonly keys: readonly number[] }
  /** A run is over: what its calls have left here is to be released. */
  | { readonly type: "leave"; readonly run: string };

/** What a worker tells. */
export type FromWorker =
  /** It is up, and holds the lock that is its name. */
  | { readonly type: "ready" }
  /** The function of a call with a limit begins now. */
  | { readonly type: "began"; readonly id: number }
  /** The function of a call has returned a promise: the thread is free for others meanwhile. */
  | { readonly type: "waiting"; readonly id: number }
  /** It has heard that the attempt is over. */
  | { readonly type: "aborted"; readonly id: number }
  /** `buffers` are those in the value. */
  | { readonly type: "result"; readonly id: number; readonly value: Parcel; readonly buffers: readonly ArrayBuffer[] }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorMessage }
  /** The function ran past its limit and was stopped. */
  | { readonly type: "stopped"; readonly id: number }
  | {
    readonly type: "progress";
    readonly id: number;
    readonly fraction: number;
    readonly message: string | undefined;
  }
  | {
    readonly type: "log";
    readonly id: number;
    readonly level: LogLevel;
    readonly message: string;
    readonly properties: Parcel | undefined;
  }
  /** Calls of a run have something here that is to be released when the run is over. */
  | { readonly type: "holds"; readonly run: string }
  /** What a run had here is released; `problems` is what went wrong. */
  | { readonly type: "left"; readonly run: string; readonly problems: readonly string[] }
  /** An error that nobody caught: the worker ends. */
  | { readonly type: "crashed"; readonly error: ErrorMessage }
  /** A module tried to start a workflow while it was imported. */
  | { readonly type: "unguarded"; readonly error: ErrorMessage };
