/**
 * The log of a run's events. It is compact, so that a run of a million steps can keep all of it.
 *
 * @module
 */
import type { EventBase, EventDetail, RunEvent } from "../events.ts";
import { hostName } from "../host_name.ts";
import type { RunTracer } from "../tracer.ts";

const CODES = [
  "workflow_started",
  "step_enqueued",
  "step_started",
  "attempt_started",
  "attempt_failed",
  "step_progress",
  "step_finished",
  "warning",
  "workflow_finished",
] as const;

/** What is kept aside because it is more than a kind, a step and a time. */
type Aside = { readonly [key: string]: unknown };

/** Hears the events of one run by the places of its steps. */
export interface EventSink {
  /** Something happened; `place` is −1 where it is about the run. */
  add(event: EventDetail["event"], place: number, aside?: Aside): void;
  /** No more events will come. */
  close(): void;
}

/** Tells a tracer what happens, and the log, if there is one. */
export class TracedEvents implements EventSink {
  /** `nameOf` gives the name of a step by its place; `now` the time. */
  constructor(
    readonly trace: RunTracer,
    readonly log: EventLog | undefined,
    readonly nameOf: (place: number) => string,
    readonly now: () => number,
  ) {}

  add(event: EventDetail["event"], place: number, aside?: Aside): void {
    const at = this.now();
    this.log?.add(event, place, aside, at);
    // As in EventLog: callers give each event what its type asks for.
    const detail = place < 0 ? { event, ...aside } : { event, step: this.nameOf(place), ...aside };
    this.trace.event(detail as EventDetail, at);
  }

  close(): void {
    this.log?.close();
    this.trace.close("ended");
  }
}

/** Everything that happened in one run, so far. */
export class EventLog implements EventSink {
  #codes = new Uint8Array(64);
  #steps = new Int32Array(64);
  #times = new Float64Array(64);
  readonly #asides = new Map<number, Aside>();
  #length = 0;
  #closed = false;
  #wake: PromiseWithResolvers<void> | undefined;
  readonly #base: Omit<EventBase, "timestamp">;

  /** `nameOf` gives the name of a step by its place; `now` the time. */
  constructor(
    base: Pick<EventBase, "workflowId" | "runId">,
    readonly nameOf: (place: number) => string,
    readonly now: () => number,
  ) {
    this.#base = { ...base, process: Deno.pid, host: hostName() };
  }

  /** Adds an event; `place` is −1 where it is about the run. */
  add(event: EventDetail["event"], place: number, aside?: Aside, timestamp: number = this.now()): void {
    if (this.#length === this.#codes.length) this.#grow();
    const at = this.#length++;
    this.#codes[at] = CODES.indexOf(event);
    this.#steps[at] = place;
    this.#times[at] = timestamp;
    if (aside !== undefined) this.#asides.set(at, aside);
    this.#wake?.resolve();
    this.#wake = undefined;
  }

  /** No more events will come. */
  close(): void {
    this.#closed = true;
    this.#wake?.resolve();
  }

  /** All events from the first one on, and those still to come until the run has ended. */
  async *events(): AsyncGenerator<RunEvent, void> {
    for (let at = 0;; at++) {
      while (at === this.#length) {
        if (this.#closed) return;
        await (this.#wake ??= Promise.withResolvers<void>()).promise;
      }
      yield this.#at(at);
    }
  }

  #at(at: number): RunEvent {
    const place = this.#steps[at]!;
    // The three arrays and the aside were written together by add(), whose callers give each event what its type asks for.
    return {
      event: CODES[this.#codes[at]!],
      ...this.#base,
      ...(place < 0 ? {} : { step: this.nameOf(place) }),
      timestamp: this.#times[at],
      ...this.#asides.get(at),
    } as RunEvent;
  }

  #grow(): void {
    const codes = new Uint8Array(2 * this.#length);
    const steps = new Int32Array(2 * this.#length);
    const times = new Float64Array(2 * this.#length);
    codes.set(this.#codes);
    steps.set(this.#steps);
    times.set(this.#times);
    [this.#codes, this.#steps, this.#times] = [codes, steps, times];
  }
}
