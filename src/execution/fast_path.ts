/**
 * The fast path: a run in topological order, as far as it is made of plain synchronous functions. No promise, no queue and no
 * count a node; the rest of the run goes on from where this stops.
 *
 * @module
 */
import { withContext } from "../context.ts";
import type { Frame } from "./frame.ts";
import type { Program } from "../program.ts";
import type { RunRecord } from "./run_record.ts";

/** How long synchronous functions may keep the thread, in milliseconds, before others get a turn. */
export const SLICE = 20;

/** How far the fast path came. */
export interface Prefix {
  /** All nodes before this place have succeeded. */
  place: number;
  /** Values that somebody will still read. */
  readonly values: unknown[];
  /** What the node at `place` returned, if it was a promise. */
  pending: PromiseLike<unknown> | undefined;
  /** What the node at `place` threw, if it did. */
  failed: { readonly error: unknown } | undefined;
}

/** What the fast path needs to know. */
export interface PrefixSetup {
  readonly program: Program;
  readonly record: RunRecord;
  /** Stands for each node in turn; goes with the first one that is asynchronous. */
  readonly frame: Frame;
  /** 1 where a node is more than a plain call, which ends the prefix. */
  readonly managed: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** Whether a value is a promise, or acts like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Gives timers, input and output a turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Runs nodes in order until one is not plain, is asynchronous, or throws. */
export async function runPrefix(setup: PrefixSetup): Promise<Prefix> {
  const prefix: Prefix = {
    place: 0,
    values: new Array(setup.program.graph.size),
    pending: undefined,
    failed: undefined,
  };
  while (!setup.signal.aborted && withContext(setup.frame, () => runSlice(setup, prefix)) === "slice is over") {
    await nextTurn();
  }
  return prefix;
}

function runSlice({ program, record, frame, managed }: PrefixSetup, prefix: Prefix): "slice is over" | "done" {
  const { slotStart, slots, simple, lastReader } = program;
  const { values } = prefix;
  const { size } = program.graph;
  const { keepsEvents } = record;
  let now = performance.now();
  const until = now + SLICE;
  let stride = 1;
  let check = prefix.place + stride;
  for (let place = prefix.place; place < size; place++) {
    if (place === check) {
      const before = now;
      now = performance.now();
      if (now > until) {
        prefix.place = place;
        return "slice is over";
      }
      // Look at the clock about every millisecond, however fast or slow the functions are.
      stride = now - before < 1 ? Math.min(2 * stride, 4096) : Math.max(stride >> 1, 1);
      check = place + stride;
    }
    if (managed !== undefined && managed[place] === 1) {
      prefix.place = place;
      return "done";
    }
    if (keepsEvents) {
      record.enqueued(place);
      record.started(place);
    }
    frame.place = place;
    let result: unknown;
    try {
      result = callPlain(program, place, values);
      if (typeof result === "object" && isThenable(result)) {
        prefix.place = place;
        prefix.pending = result;
        return "done";
      }
    } catch (error) {
      prefix.place = place;
      prefix.failed = { error };
      return "done";
    }
    if (keepsEvents) record.ended(place, "SUCCEEDED");
    if (lastReader[place]! > place) values[place] = result;
    if (simple[place] === 1) {
      for (let at = slotStart[place]!, end = slotStart[place + 1]!; at < end; at++) {
        const slot = slots[at]!;
        if (slot >= 0 && lastReader[slot] === place) values[slot] = undefined;
      }
    } else {
      program.forEachRead(place, (of) => {
        if (lastReader[of] === place) values[of] = undefined;
      });
    }
  }
  prefix.place = size;
  return "done";
}

/** Calls the function of the node at `place` with its arguments; short lists of plain ones need no array. */
export function callPlain(program: Program, place: number, values: readonly unknown[]): unknown {
  const call = program.calls[place]!;
  const { slots, constants } = program;
  const start = program.slotStart[place]!;
  const count = program.slotStart[place + 1]! - start;
  if (program.simple[place] === 1 && count <= 2) {
    if (count === 0) return call();
    const first = slots[start]!;
    const left = first >= 0 ? values[first] : constants[~first];
    if (count === 1) return call(left);
    const second = slots[start + 1]!;
    return call(left, second >= 0 ? values[second] : constants[~second]);
  }
  return Reflect.apply(call, undefined, program.argumentsAt(place, values));
}
