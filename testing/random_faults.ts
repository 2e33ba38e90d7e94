import type { Fault } from "./fault.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** How often operations go wrong, each as a probability from 0 to 1, and how badly. */
export interface FaultRates {
  /** Nothing is written, and the call fails. */
  readonly fail?: number;
  /** It takes effect, and the call fails nevertheless. */
  readonly lostReply?: number;
  /** It takes effect twice, and the second time is what the caller hears of. */
  readonly twice?: number;
  /** "database is locked": nothing is written. */
  readonly locked?: number;
  /** The request or the reply takes longer. */
  readonly delay?: number;
  /** A read with `consistency: "eventual"` is answered from an earlier state. */
  readonly stale?: number;
  /** The process dies, before or after the operation takes effect. */
  readonly crash?: number;
  /** The process stands still. */
  readonly pause?: number;
  /**
   * The longest delay, in milliseconds.
   *
   * @default {5000}
   */
  readonly maxDelay?: number;
  /**
   * The longest pause, in milliseconds.
   *
   * @default {60000}
   */
  readonly maxPause?: number;
  /**
   * The oldest state that is read, in commits.
   *
   * @default {20}
   */
  readonly maxStale?: number;
}

/** Lets operations of a KV, or calls of a runtime storage, go wrong by chance, as often as `rates` say. */
export function randomFaults(
  random: SeededRandom,
  rates: FaultRates,
): (operation: { readonly eventual: boolean }) => Fault | undefined {
  const { maxDelay = 5_000, maxPause = 60_000, maxStale = 20 } = rates;
  const faults: [number | undefined, () => Fault][] = [
    [rates.fail, () => ({ kind: "fail" })],
    [rates.lostReply, () => ({ kind: "lostReply" })],
    [rates.twice, () => ({ kind: "twice" })],
    [rates.locked, () => ({ kind: "locked" })],
    [
      rates.delay,
      () => ({ kind: "delay", of: random.pick(["request", "reply"]), milliseconds: random.int(1, maxDelay) }),
    ],
    [rates.stale, () => ({ kind: "stale", commits: random.int(1, maxStale) })],
    [rates.crash, () => ({ kind: "crash", when: random.pick(["before", "after"]) })],
    [rates.pause, () => ({ kind: "pause", milliseconds: random.int(1, maxPause) })],
  ];
  return ({ eventual }) => {
    let left = random.next();
    for (const [rate = 0, make] of faults) {
      if (left >= rate) {
        left -= rate;
        continue;
      }
      const fault = make();
      return fault.kind === "stale" && !eventual ? undefined : fault;
    }
    return undefined;
  };
}
