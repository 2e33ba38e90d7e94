/**
 * What a runtime storage keeps, as records. They speak of runs, steps, claims and messages, and of no way to keep them.
 *
 * @module
 */
import type { ErrorRecord } from "../../src/errors.ts";
import type { Status } from "../../src/status.ts";

/** Which definition a run is of. A run is only given to a worker that knows all three. */
export interface DefinitionKey {
  /** Name of the workflow. */
  readonly workflow: string;
  /** Version of the definition; empty for a plain graph. */
  readonly version: string;
  /** Hash of the graph: names of its steps, their tasks and edges. */
  readonly schema: string;
}

/** A definition as a store keeps it. */
export interface DefinitionRecord extends DefinitionKey {
  /** The names of the steps, in topological order: place `i` of a run is step `steps[i]`. */
  readonly steps: readonly string[];
  /** For each step the places of those that it waits for. */
  readonly parents: readonly (readonly number[])[];
  /** Where the result of a run comes from: places, and the keys to a part of their values. */
  readonly targets: readonly { readonly place: number; readonly path: readonly (string | number)[] }[];
  /** Whether the result is the one target's value, not an array of values. */
  readonly single: boolean;
  /** The signals that steps wait for; `null` if one of them is known only in the run. Absent: none. */
  readonly signals?: readonly string[] | null;
  /** The steps that wait for runs of their own: one of another workflow, or one of the items of a map. Absent: none. */
  readonly children?: readonly { readonly place: number; readonly of: "workflow" | "map" }[];
  /**
   * Of the run of a map's items, how many steps each item has: names and edges are those of a list of one item, and the last step gathers them.
   * The size of a run tells how many items it has.
   */
  readonly itemSteps?: number;
}

/** A value that was encoded, a value that lies in the attached object store, or the error of a step that has none. */
export type StoredValue =
  | {
    readonly kind: "bytes";
    /** The encoded value, of any size. It must not change once it was handed over. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly kind: "object";
    /** Key in the attached object store. */
    readonly key: string;
    /** Length in bytes. */
    readonly size: number;
    /** SHA-256 of the bytes in hexadecimal. */
    readonly sha256: string;
  }
  | { readonly kind: "error"; readonly error: ErrorRecord };

/** The result of a step, kept for steps of other runs that would be made from the same. */
export interface CachedResult {
  /** Says what it was made from: at most 200 characters of printable ASCII. */
  readonly key: string;
  /** The value; never an error. One that lies in the attached object store lies in the folder of the key. */
  readonly value: StoredValue;
  /** What tells the value from others, as a content hash does; absent if nothing does. */
  readonly content?: string;
  /** A hash over all of it but the time, by which damage is found. */
  readonly check: string;
  /** Milliseconds since 1970 at which it was kept, or kept again because it was used. */
  readonly keptAt: number;
}

/** What a run was forked from. */
export interface ForkOrigin {
  /** Id of the run that it was made of. */
  readonly run: string;
  /** Names of the steps from which on it was to run again. */
  readonly from: readonly string[];
  /** Names of the steps that were given a value. Absent: none. */
  readonly overridden?: readonly string[];
}

/** Where a run was imported from. */
export interface ImportOrigin {
  /** Its id where it was exported. */
  readonly run: string;
  /** Milliseconds since 1970 at which it was exported. */
  readonly exportedAt: number;
  /** Its status then; one that had not ended is kept as `CANCELLED`. */
  readonly status: Status;
  /** Paths in its input that were left out, at most 20 of them. Absent: none. */
  readonly redacted?: readonly string[];
}

/** A run that is about to exist. */
export interface NewRun extends DefinitionKey {
  /** Its id: a name by the rule of names, unique among all workflows. */
  readonly id: string;
  /** How many steps it has. */
  readonly size: number;
  /** Its input. */
  readonly input: StoredValue;
  /** The queue in which it waits for a worker. */
  readonly queue: string;
  /** Higher is claimed first. */
  readonly priority: number;
  /** Free labels. */
  readonly tags: readonly string[];
  /** Milliseconds since 1970 at which it was started. */
  readonly createdAt: number;
  /** Milliseconds since 1970 before which it is not claimed. */
  readonly dueAt: number;
  /** The same key of the same workflow makes one run. */
  readonly idempotencyKey?: string;
  /** As long as a run with this key of the same workflow has not ended, there is no other. */
  readonly exclusive?: string;
  /** What a tracer gave when the run was started, so that other processes go on with the same trace. */
  readonly trace?: string;
  /** The run that it was forked from. Absent: it was started. */
  readonly forkedFrom?: ForkOrigin;
  /** Where it was imported from. Absent: it was not. */
  readonly importedFrom?: ImportOrigin;
  /** The run, and the place of its step, that waits for this one. `node` is the name of a step whose items these are. */
  readonly parent?: { readonly run: string; readonly place: number; readonly node?: string };
}

/** What is known of a run without looking at its steps. */
export interface RunRecord extends NewRun {
  /** State of the run. */
  readonly status: Status;
  /** Grows with every claim of the run; 0 before the first. */
  readonly fence: bigint;
  /** The session that holds the run, or `undefined` if none does. */
  readonly session?: string;
  /** Milliseconds since 1970 at which a run that nobody holds goes on by itself. Absent: as soon as a worker is free, or never if `parked`. */
  readonly wakeAt?: number;
  /** Whether a run that nobody holds goes on only with a message or at `wakeAt`. */
  readonly parked: boolean;
  /**
   * Whether the run was finished and then opened again, and nothing has been committed since: what failed is to be tried again. Of a
   * run that is held only the claim tells it; should its holder be lost before the first commit, the next one is told too.
   */
  readonly reopened: boolean;
  /** Milliseconds since 1970 at which it was last opened again. */
  readonly reopenedAt?: number;
  /** Milliseconds since 1970 at which it ended. */
  readonly endedAt?: number;
  /** What it failed with: place and error of the first step that did; −1 if that is said of the run and of no step. */
  readonly failure?: { readonly place: number; readonly error: ErrorRecord };
}

/** What is kept of a step, beside its value. */
export interface StepRecord {
  /** Its state. `PENDING` also while it waits for another attempt. */
  readonly status: Status;
  /** Number of the latest attempt, from 1; 0 before the first. */
  readonly attempt: number;
  /** How often a worker was lost while it ran the step. */
  readonly losses: number;
  /** Milliseconds since 1970 at which the latest attempt began; 0 before the first. */
  readonly startedAt: number;
  /** Milliseconds since 1970 at which the step ended; 0 before. */
  readonly endedAt: number;
  /** Milliseconds since 1970 before which the next attempt does not begin; 0 if it waits for none. */
  readonly wakeAt: number;
}

/** A worker's hold on a run. Every write that names it fails once another worker has taken the run over. */
export interface Claim {
  /** The run. */
  readonly runId: string;
  /** The session that holds it. */
  readonly session: string;
  /** Number of the claim. */
  readonly fence: bigint;
}

/** A run that was claimed. */
export interface ClaimedRun {
  /** The hold on it. */
  readonly claim: Claim;
  /** What is known of it. */
  readonly run: RunRecord;
  /** Its steps, by place; `undefined` if none has been touched yet. */
  readonly steps: readonly StepRecord[] | undefined;
  /** Steps that are offered to other workers, or claimed by them, from an earlier claim of the run. */
  readonly offers: readonly StepOffer[];
  /** Whether messages may lie unread. */
  readonly mail: boolean;
}

/** Steps of a run that its holder lets other workers run. */
export interface StepOffer {
  /** Names the offer within its run. */
  readonly id: string;
  /** The places of the steps. */
  readonly places: readonly number[];
  /** What `context().fence` of the steps is; greater than that of every earlier claim of them. */
  readonly fence: bigint;
}

/** A worker's hold on steps of a run that another worker holds. */
export interface StepClaim {
  /** The run. */
  readonly run: RunRecord;
  /** The session that holds the steps. */
  readonly session: string;
  /** What was offered. */
  readonly offer: StepOffer;
  /** The steps, in the order of the offer's places. */
  readonly steps: readonly StepRecord[];
}

/** What became of an attempt that another worker than the run's holder made. */
export interface StepReport {
  /** The step. */
  readonly place: number;
  /** Milliseconds since 1970 at which the attempt began and ended. */
  readonly startedAt: number;
  /** See `startedAt`. */
  readonly endedAt: number;
  /** How it ended. The value of one that succeeded is written with the report. */
  readonly outcome:
    | { readonly kind: "succeeded" }
    | { readonly kind: "retry"; readonly error: ErrorRecord; readonly delay: number }
    | { readonly kind: "failed" | "skipped"; readonly error: ErrorRecord }
    /** The worker gives the step back without having run it. */
    | { readonly kind: "returned" };
}

/** What a run is told from outside. Messages are kept in order until the run's holder has dealt with them. */
export type RunMessage =
  | { readonly kind: "cancel" }
  | { readonly kind: "signal"; readonly name: string; readonly payload: StoredValue }
  | { readonly kind: "report"; readonly offer: string; readonly report: StepReport }
  /** The run that a step waits for has ended, or is about to. */
  | { readonly kind: "child"; readonly place: number }
  /** The worker that held these steps is gone. */
  | { readonly kind: "lost"; readonly offer: string };

/** A message with the id under which it is kept; ids sort in the order in which the messages were sent. */
export interface ReceivedMessage {
  /** Its id. */
  readonly id: string;
  /** What it says. */
  readonly message: RunMessage;
}

/** Something about a run that its steps do not tell: a failed attempt that is repeated, a warning. */
export type NotableEvent =
  | {
    readonly event: "attempt_failed";
    readonly place: number;
    readonly timestamp: number;
    readonly attempt: number;
    readonly error: ErrorRecord;
  }
  | { readonly event: "attempt_started"; readonly place: number; readonly timestamp: number; readonly attempt: number }
  /** Steps that had ended when the run was forked, as ranges of places: the first, and the one after the last. */
  | {
    readonly event: "kept";
    readonly timestamp: number;
    readonly places: readonly (readonly [from: number, to: number])[];
  }
  | { readonly event: "warning"; readonly place?: number; readonly timestamp: number; readonly message: string };

/** A worker that serves runs. Its lease covers all that it holds. */
export interface SessionRecord {
  /** Its id, unique among all workers ever. */
  readonly id: string;
  /** Milliseconds since 1970 until which the lease holds. */
  readonly deadline: number;
  /** Name of the machine, or empty. */
  readonly host: string;
  /** Id of the process. */
  readonly process: number;
}
