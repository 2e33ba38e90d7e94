/**
 * The fast path: a run in topological order, as far as it is made of plain synchronous functions. No promise, no queue and no
 * count a node; the rest of the run goes on from where this stops.
 *
 * @module
 */
import { withContext } from "./context.ts";
import type { Frame } from "./frame.ts";
import type { Program } from "./program.ts";
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
  const prefix: Prefix = { place: 0, values: [], pending: undefined, failed: undefined };
  while (withContext(setup.frame, () => runSlice(setup, prefix)) === "slice is over") {
    await nextTurn();
    if (setup.signal.aborted) break;
  }
  return prefix;
}

function runSlice({ program, record, frame, managed }: PrefixSetup, prefix: Prefix): "slice is over" | "done" {
  const { calls, slotStart, slots, constants, simple, lastReader } = program;
  const { values } = prefix;
  const size = calls.length;
  const keepsEvents = record.keepsEvents;
  const until = performance.now() + SLICE;
  const read = (slot: number, place: number): unknown => {
    if (slot < 0) return constants[~slot];
    const value = values[slot];
    if (lastReader[slot] === place) values[slot] = undefined;
    return value;
  };
  for (let place = prefix.place; place < size; place++) {
    if ((place & 15) === 15 && performance.now() > until) {
      prefix.place = place;
      return "slice is over";
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
    const call = calls[place]!;
    const start = slotStart[place]!;
    let result: unknown;
    try {
      if (simple[place] === 1) {
        switch (slotStart[place + 1]! - start) {
          case 0:
            result = call();
            break;
          case 1:
            result = call(read(slots[start]!, place));
            break;
          case 2: {
            const [left, right] = [slots[start]!, slots[start + 1]!];
            // A value that stands on both sides must not be let go between the two reads.
            result = left === right && left >= 0
              ? call(values[left], read(right, place))
              : call(read(left, place), read(right, place));
            break;
          }
          default:
            result = callWithMany(program, place, call, values);
        }
      } else result = callWithMany(program, place, call, values);
    } catch (error) {
      prefix.place = place;
      prefix.failed = { error };
      return "done";
    }
    if (isThenable(result)) {
      prefix.place = place;
      prefix.pending = result;
      return "done";
    }
    if (keepsEvents) record.ended(place, "SUCCEEDED");
    values[place] = lastReader[place]! > place ? result : undefined;
  }
  prefix.place = size;
  return "done";
}

function callWithMany(
  program: Program,
  place: number,
  call: (...args: unknown[]) => unknown,
  values: unknown[],
): unknown {
  const args = program.argumentsAt(place, values);
  program.forEachRead(place, (of) => {
    if (program.lastReader[of] === place) values[of] = undefined;
  });
  return Reflect.apply(call, undefined, args);
}
