/**
 * The events of a durable run, told by what is stored of it: every process tells the same, also of what happened before it looked.
 *
 * @module
 */
import type { NotableEvent, StepRecord } from "../../storage/runtime/records.ts";
import { type ErrorRecord, NotFoundError } from "../errors.ts";
import type { EventBase, EventDetail, RunEvent } from "../events.ts";
import { isFinal } from "../status.ts";
import type { RuntimeCore } from "./runtime_core.ts";

/** The shortest and the longest time between two looks, in milliseconds. */
const SHORTEST_LOOK = 5;
const LONGEST_LOOK = 100;

/** Something that happened, before it is told: `order` tells apart what happened in the same millisecond. */
interface Told {
  readonly at: number;
  readonly place: number;
  readonly order: number;
  readonly detail: EventDetail;
}

/** What was told of a step already. */
interface StepTold {
  readonly started: boolean;
  readonly ended: boolean;
}

/** Everything that happened and will happen in a run, until its end. */
export async function* runEvents(core: RuntimeCore, runId: string): AsyncGenerator<RunEvent, void> {
  const told: StepTold[] = [];
  /** When steps began of which an attempt was repeated. */
  const firstStarts = new Map<number, number>();
  /** Steps that had ended when the run was forked, and when that was: the run that they were taken from has told of them. */
  const kept = new Map<number, number>();
  let notable = 0;
  let hasBegun = false;
  for (let pause = SHORTEST_LOOK;; pause = Math.min(LONGEST_LOOK, pause * 1.3)) {
    const run = await core.storage.readRun(runId);
    if (run === undefined) throw new NotFoundError(`There is no run ${JSON.stringify(runId)}, or it was forgotten.`);
    const [{ steps: names }, steps, events] = await Promise.all([
      core.definitionOf(run),
      core.storage.readSteps(runId),
      core.storage.readEvents(runId),
    ]);
    const base: Omit<EventBase, "timestamp"> = {
      workflowId: run.workflow,
      runId,
      process: core.process.id,
      host: core.process.host,
    };
    const fresh: Told[] = [];
    for (const event of events.slice(notable)) {
      if (event.event === "kept") keepIn(kept, event);
      else if (event.event === "attempt_started" && event.attempt === 1) firstStarts.set(event.place, event.timestamp);
      else fresh.push(tellNotable(event, names));
    }
    const isKept = (place: number): boolean => {
      const at = kept.get(place);
      return at !== undefined && isFinal(steps[place]!.status) && steps[place]!.endedAt <= at;
    };
    const withoutValue = steps.flatMap(({ status }, place) =>
      (status === "FAILED" || status === "SKIPPED") && told[place]?.ended !== true && !isKept(place) ? place : []
    );
    const values = withoutValue.length === 0 ? [] : await core.storage.readValues(runId, withoutValue);
    const errors = new Map(withoutValue.map((place, i) => [place, values[i]]));
    for (const [place, step] of steps.entries()) {
      if (isKept(place)) continue;
      const stored = errors.get(place);
      tellStep(fresh, told, place, names[place]!, {
        ...step,
        startedAt: firstStarts.get(place) ?? step.startedAt,
        ...(stored?.kind === "error" ? { error: stored.error } : {}),
      });
    }
    notable = events.length;
    const isOver = isFinal(run.status);
    if (!hasBegun && (fresh.length > 0 || isOver)) {
      hasBegun = true;
      const at = fresh.reduce(
        (first, { at }) => Math.min(first, at),
        Math.min(run.endedAt ?? Infinity, core.clock.now()),
      );
      yield { ...base, event: "workflow_started", timestamp: at };
    }
    fresh.sort((a, b) => a.at - b.at || a.place - b.place || a.order - b.order);
    for (const { at, detail } of fresh) yield { ...base, ...detail, timestamp: at };
    if (isOver) {
      yield { ...base, event: "workflow_finished", status: run.status, timestamp: run.endedAt ?? core.clock.now() };
      return;
    }
    if (fresh.length > 0) pause = SHORTEST_LOOK;
    await new Promise<void>((resolve) => core.clock.setTimer(pause, resolve));
  }
}

function tellStep(
  into: Told[],
  told: StepTold[],
  place: number,
  step: string,
  { status, startedAt, endedAt, error }: StepRecord & { readonly error?: ErrorRecord },
): void {
  const before = told[place] ?? { started: false, ended: false };
  const started = before.started || startedAt > 0;
  const ended = isFinal(status);
  if (started && !before.started) {
    into.push({ at: startedAt, place, order: 0, detail: { event: "step_enqueued", step } });
    into.push({ at: startedAt, place, order: 1, detail: { event: "step_started", step } });
  }
  if (ended && !before.ended) {
    into.push({
      at: endedAt,
      place,
      order: 3,
      detail: { event: "step_finished", step, status, ...(error === undefined ? {} : { error }) },
    });
  }
  told[place] = { started, ended };
}

function keepIn(kept: Map<number, number>, { places, timestamp }: Extract<NotableEvent, { event: "kept" }>): void {
  for (const [from, to] of places) for (let place = from; place < to; place++) kept.set(place, timestamp);
}

function tellNotable(event: Exclude<NotableEvent, { event: "kept" }>, names: readonly string[]): Told {
  const { timestamp: at } = event;
  switch (event.event) {
    case "attempt_started":
      return {
        at,
        place: event.place,
        order: 2,
        detail: { event: "attempt_started", step: names[event.place]!, attempt: event.attempt },
      };
    case "attempt_failed":
      return {
        at,
        place: event.place,
        order: 2,
        detail: { event: "attempt_failed", step: names[event.place]!, attempt: event.attempt, error: event.error },
      };
    case "warning":
      return {
        at,
        place: event.place ?? -1,
        order: 2,
        detail: {
          event: "warning",
          message: event.message,
          ...(event.place === undefined ? {} : { step: names[event.place]! }),
        },
      };
  }
}
