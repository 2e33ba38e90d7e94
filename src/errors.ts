/**
 * Every error that Fusewire throws on purpose. One base class, one closed set of codes.
 *
 * @module
 */

/** What went wrong, as a value to switch on. Each code belongs to exactly one class. */
export type ErrorCode =
  | "NOT_FOUND"
  | "INTEGRITY"
  | "INVALID_KEY"
  | "GRAPH"
  | "SERIALIZATION"
  | "STEP_FAILED"
  | "HOOK"
  | "TIMEOUT"
  | "CANCELLED"
  | "LIMIT"
  | "LEASE_LOST"
  | "WORKER_LOST"
  | "PERMISSION"
  | "CONFLICT"
  | "UNAVAILABLE"
  | "CIRCUIT_OPEN"
  | "CONFIG";

/** Where an error happened, as far as it is known. */
export interface ErrorPlace {
  /** The underlying error. */
  readonly cause?: unknown;
  /** Name of the workflow. */
  readonly workflow?: string;
  /** Name of the node. */
  readonly node?: string;
}

/** Parent of every error that Fusewire throws on purpose. */
export abstract class FusewireError extends Error {
  /** What went wrong, as a value to switch on. */
  abstract readonly code: ErrorCode;
  /** Name of the workflow, where it is known. */
  readonly workflow: string | undefined;
  /** Name of the node, where it is known. */
  readonly node: string | undefined;

  /** Takes a whole sentence that names what was wrong and what to do. */
  constructor(message: string, place: ErrorPlace = {}) {
    super(message, "cause" in place ? { cause: place.cause } : undefined);
    this.name = new.target.name;
    this.workflow = place.workflow;
    this.node = place.node;
  }
}

/** Something that was asked for by name does not exist. */
export class NotFoundError extends FusewireError {
  /** Always `"NOT_FOUND"`. */
  readonly code = "NOT_FOUND" as const;
}

/** Stored bytes are not what was written: truncated, altered, or of another kind. */
export class IntegrityError extends FusewireError {
  /** Always `"INTEGRITY"`. */
  readonly code = "INTEGRITY" as const;
}

/** A key, name or path that no store accepts. */
export class InvalidKeyError extends FusewireError {
  /** Always `"INVALID_KEY"`. */
  readonly code = "INVALID_KEY" as const;
}

/** A graph that can not be built: a cycle, a duplicate or unusable name, a node used as if it were a value. */
export class GraphError extends FusewireError {
  /** Always `"GRAPH"`. */
  readonly code = "GRAPH" as const;
}

/** A value that can not be stored, or stored bytes that can not become a value again. */
export class SerializationError extends FusewireError {
  /** Always `"SERIALIZATION"`. */
  readonly code = "SERIALIZATION" as const;
}

/** A step failed for good; `cause` is what its function threw. */
export class StepFailedError extends FusewireError {
  /** Always `"STEP_FAILED"`. */
  readonly code = "STEP_FAILED" as const;
}

/** A lifecycle hook failed; the message names it, and `cause` is what it threw. */
export class HookError extends FusewireError {
  /** Always `"HOOK"`. */
  readonly code = "HOOK" as const;
}

/** An attempt, or a wait, took longer than it was allowed to. */
export class TimeoutError extends FusewireError {
  /** Always `"TIMEOUT"`. */
  readonly code = "TIMEOUT" as const;
}

/** A run was cancelled, or its target was skipped. */
export class CancelledError extends FusewireError {
  /** Always `"CANCELLED"`. */
  readonly code = "CANCELLED" as const;
}

/** A loop did not end within the number of iterations that it was allowed. */
export class LimitError extends FusewireError {
  /** Always `"LIMIT"`. */
  readonly code = "LIMIT" as const;
}

/** Another worker took over the claim that this one held. */
export class LeaseLostError extends FusewireError {
  /** Always `"LEASE_LOST"`. */
  readonly code = "LEASE_LOST" as const;
}

/** The worker that ran a step ended before the step did: it crashed, ended itself or had to be stopped. */
export class WorkerLostError extends FusewireError {
  /** Always `"WORKER_LOST"`. */
  readonly code = "WORKER_LOST" as const;
}

/** A store refused access: wrong or missing credentials, or no right to do this. */
export class PermissionError extends FusewireError {
  /** Always `"PERMISSION"`. */
  readonly code = "PERMISSION" as const;
}

/** What was to be made is there already, or changed while it was used. */
export class ConflictError extends FusewireError {
  /** Always `"CONFLICT"`. */
  readonly code = "CONFLICT" as const;
}

/** A store could not be reached, or went on failing, however often it was asked. Trying again later may help. */
export class UnavailableError extends FusewireError {
  /** Always `"UNAVAILABLE"`. */
  readonly code = "UNAVAILABLE" as const;
}

/** A circuit breaker let no call through, because too many before it had failed. */
export class CircuitOpenError extends FusewireError {
  /** Always `"CIRCUIT_OPEN"`. */
  readonly code = "CIRCUIT_OPEN" as const;
  /** Milliseconds, from when it was thrown, until a call is let through again. Retries wait as long. */
  readonly retryAfter: number;

  /** Takes what every error does, and the milliseconds until a call is let through again. */
  constructor(message: string, place: ErrorPlace & { readonly retryAfter: number }) {
    super(message, place);
    this.retryAfter = place.retryAfter;
  }
}

/** An option, a file or an environment variable that can not be used as it is. */
export class ConfigError extends FusewireError {
  /** Always `"CONFIG"`. */
  readonly code = "CONFIG" as const;
}

/** An error as data. */
export interface ErrorRecord {
  /** The error's name. */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Where it was thrown. */
  readonly stack?: string;
  /** What caused it. */
  readonly cause?: ErrorRecord;
}

/** An error as data, with its causes. */
export function errorRecord(error: unknown, depth = 0): ErrorRecord {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth >= 8 ? {} : { cause: errorRecord(error.cause, depth + 1) }),
  };
}
