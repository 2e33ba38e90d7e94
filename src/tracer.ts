/**
 * Tracers: they hear what happens in runs, as it happens, in the process where it happens.
 *
 * @module
 */
import type { AttemptOutcome, AttemptPlace } from "./attempt.ts";
import type { EventBase, EventDetail } from "./events.ts";
import { hostName } from "./host_name.ts";
import type { Plugin } from "./plugin.ts";
import { warn } from "./warning.ts";

/** What a worker of durable runs does with the runs that it takes up; `run.events()` does not tell it. */
export type WorkerEventDetail =
  /** A run that another worker has held before, or this one, is taken up again. */
  | { readonly event: "claim_taken"; readonly fence: number }
  /** Others have taken the run over: what was not committed here counts for nothing, and is done again. */
  | { readonly event: "claim_lost"; readonly fence: number }
  /** An idle worker may have the step; who runs it tells that it starts. */
  | { readonly event: "step_lent"; readonly step: string };

/** What a tracer is told of a run: the events of `run.events()`, and what workers do. */
export type TraceDetail = EventDetail | WorkerEventDetail;

/** One thing that happened in a run, as a trace has it. */
export type TraceEvent = EventBase & TraceDetail;

/** A run that is at work in this process. */
export interface TracedRun extends Omit<EventBase, "timestamp"> {
  /** Version of the definition; empty for a plain graph. */
  readonly version: string;
  /** What of it is at work in this process: nothing, when it is only started here; the run, or steps that its holder lends. */
  readonly holds: "nothing" | "run" | "steps";
  /** What {@linkcode Tracer.started} gave when the run was started, in this process or another. */
  readonly link?: string;
  /** Number of the claim of a durable run. */
  readonly fence?: number;
  /** Milliseconds since 1970 from which on the run has waited for a worker, if this is its first one. */
  readonly waitsSince?: number;
}

/** How a run left this process: it ended, it waits for a worker again, or another worker has taken it over. */
export type TraceEnd = "ended" | "released" | "lost";

/** What a call takes along to another thread, so that what it does there is told as part of its attempt. */
export interface TraceCarry {
  /** URL of a module that exports `enter(link, call)`, which calls `call` and gives what it gives. */
  readonly module: string;
  /** Says which attempt it is. */
  readonly link: string;
}

/** What the module of a {@linkcode TraceCarry} exports. */
export interface TraceEntrance {
  /** Makes a call as part of the attempt that `link` says. */
  enter<T>(link: string, call: () => T): T;
}

/** Hears of one run, as long as it is at work in this process. What `event` and `close` throw is a warning. */
export interface RunTracer {
  /** Something happened. `timestamp` is in milliseconds since 1970. It must return at once. */
  event(detail: TraceDetail, timestamp: number): void;
  /** Makes an attempt of a step: calls `make` once, and gives what it gives. It sees the outcome, and keeps no value. */
  attempt?<T extends AttemptOutcome | Promise<AttemptOutcome>>(place: AttemptPlace, make: () => T): T;
  /** What the call of the attempt that is being made takes along to another thread. */
  carry?(): TraceCarry | undefined;
  /** Writes a commit that has so many steps: calls `write` once, and gives what it gives. */
  commit?(steps: number, write: () => Promise<void>): Promise<void>;
  /** The run is not at work here any more. */
  close(end: TraceEnd): void;
}

/**
 * Hears what happens in runs. Give it to a workflow, `workflow.setTracer(tracer)`, or to a runtime, `openRuntime({ tracer })`.
 *
 * @example
 * ```ts
 * import { LocalWorkflow, task, type Tracer } from "@fusewire/fusewire";
 *
 * const told: string[] = [];
 * const tracer: Tracer = { open: () => ({ event: ({ event }) => void told.push(event), close: () => {} }) };
 * const workflow = new LocalWorkflow(task(() => 1, { name: "one" })(), { workflowName: "ones" });
 * workflow.setTracer(tracer);
 * await workflow.run();
 * console.log(told); // ["workflow_started", "step_enqueued", "step_started", "step_finished", "workflow_finished"]
 * ```
 */
export interface Tracer {
  /** Loads what it needs; awaited before the first run. */
  prepare?(): Promise<void>;
  /** A durable run is started here. What it gives is kept with the run, for those who take it up in any process. */
  started?(run: TracedRun): string | undefined;
  /** A run, or steps that are lent, are at work in this process from now on; `undefined` where nobody wants to hear of them. */
  open(run: TracedRun): RunTracer | undefined;
}

/** Has a tracer, if there is one, hear of a run in this process. */
export function openTrace(
  tracer: Tracer | undefined,
  run: Pick<TracedRun, "workflowId" | "runId" | "version">,
): RunTracer | undefined {
  return tracer && openTracer(tracer, { ...run, process: Deno.pid, host: hostName(), holds: "run" });
}

/** Has a tracer hear of a run; what it throws is a warning, because nothing that is told depends on who hears it. */
export function openTracer(tracer: Tracer, run: TracedRun): RunTracer | undefined {
  const opened = guarded(() => tracer.open(run));
  return opened && {
    ...(opened.attempt === undefined ? {} : { attempt: (place, make) => opened.attempt!(place, make) }),
    ...(opened.carry === undefined ? {} : { carry: () => guarded(() => opened.carry?.()) }),
    ...(opened.commit === undefined ? {} : { commit: (steps, write) => opened.commit!(steps, write) }),
    event(detail, timestamp) {
      try {
        opened.event(detail, timestamp);
      } catch (error) {
        warnOf(error);
      }
    },
    close: (end) => guarded(() => opened.close(end)),
  };
}

/** What a tracer gives to be kept with a run that is started here. */
export function startTrace(tracer: Tracer, run: TracedRun): string | undefined {
  return guarded(() => tracer.started?.(run));
}

function guarded<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    warnOf(error);
    return undefined;
  }
}

function warnOf(error: unknown): void {
  warn(`A tracer threw, and goes on with what comes next: ${String(error)}`);
}

/** Whether a plugin hears of runs, and has nothing to do with single nodes. */
export function isOnlyTracer(
  { tracer, runStarted, localInitialize, remoteInitialize, finished, runFinished }: Plugin<unknown>,
): boolean {
  const hooks = [runStarted, localInitialize, remoteInitialize, finished, runFinished];
  return tracer !== undefined && hooks.every((hook) => hook === undefined);
}

/** Several tracers as one; `undefined` if there is none. One that is there twice hears once. */
export function joinTracers(tracers: readonly (Tracer | undefined)[]): Tracer | undefined {
  const parts = tracers.flatMap((tracer) => tracer instanceof JoinedTracer ? tracer.parts : tracer ?? []);
  const all = [...new Set(parts)];
  return all.length > 1 ? new JoinedTracer(all) : all[0];
}

class JoinedTracer implements Tracer {
  constructor(readonly parts: readonly Tracer[]) {}

  async prepare(): Promise<void> {
    await Promise.all(this.parts.map((tracer) => tracer.prepare?.()));
  }

  /** A run keeps one link: that of the first tracer that gives one. */
  started(run: TracedRun): string | undefined {
    for (const tracer of this.parts) {
      const link = tracer.started?.(run);
      if (link !== undefined) return link;
    }
    return undefined;
  }

  open(run: TracedRun): RunTracer | undefined {
    const all = this.parts.flatMap((tracer) => tracer.open(run) ?? []);
    return all.length > 1 ? joinRunTracers(all) : all[0];
  }
}

function joinRunTracers(all: readonly RunTracer[]): RunTracer {
  const joined: RunTracer = {
    event(detail, timestamp) {
      for (const tracer of all) tracer.event(detail, timestamp);
    },
    close(end) {
      for (const tracer of all) tracer.close(end);
    },
  };
  if (all.some(({ attempt }) => attempt !== undefined)) {
    joined.attempt = (place, make) =>
      all.reduceRight(
        (inner, tracer) => tracer.attempt === undefined ? inner : () => tracer.attempt!(place, inner),
        make,
      )();
  }
  const carrier = all.find(({ carry }) => carry !== undefined);
  if (carrier !== undefined) joined.carry = () => carrier.carry?.();
  if (all.some(({ commit }) => commit !== undefined)) {
    joined.commit = (steps, write) =>
      all.reduceRight(
        (inner, tracer) => tracer.commit === undefined ? inner : () => tracer.commit!(steps, inner),
        write,
      )();
  }
  return joined;
}
