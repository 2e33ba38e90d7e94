/**
 * Events of a run: what they say.
 *
 * @module
 */
import type { ErrorRecord } from "./errors.ts";
import type { Status } from "./status.ts";

/** What every event says. */
export interface EventBase {
  /** Name of the workflow. */
  readonly workflowId: string;
  /** Id of the run. */
  readonly runId: string;
  /** Id of the process. */
  readonly process: number;
  /** Name of the machine; empty where the process may not ask for it. */
  readonly host: string;
  /** Milliseconds since 1970, UTC. */
  readonly timestamp: number;
}

/** What an event of each kind says beyond {@linkcode EventBase}. */
export type EventDetail =
  | { readonly event: "workflow_started" }
  | { readonly event: "step_enqueued"; readonly step: string }
  | { readonly event: "step_started"; readonly step: string }
  | { readonly event: "attempt_started"; readonly step: string; readonly attempt: number }
  | { readonly event: "attempt_failed"; readonly step: string; readonly attempt: number; readonly error: ErrorRecord }
  | { readonly event: "step_progress"; readonly step: string; readonly fraction: number; readonly message?: string }
  | { readonly event: "step_finished"; readonly step: string; readonly status: Status; readonly error?: ErrorRecord }
  | { readonly event: "warning"; readonly step?: string; readonly message: string }
  | { readonly event: "workflow_finished"; readonly status: Status };

/** One thing that happened in a run. */
export type RunEvent = EventBase & EventDetail;
