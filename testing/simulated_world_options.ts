import type { FaultDecision } from "./fault.ts";
import type { MemoryKvOptions } from "./memory_kv.ts";
import type { FaultRates } from "./random_faults.ts";

/** What a {@linkcode SimulatedWorld} is like. */
export interface SimulatedWorldOptions {
  /** How often what goes wrong; without it nothing does. */
  readonly faults?: FaultRates;
  /**
   * How long faults happen, in milliseconds from the beginning: afterwards all has to come to an end.
   *
   * @default {Infinity}
   */
  readonly faultsFor?: number;
  /** What goes wrong, and nothing else, in place of `faults`: to repeat a simulation. */
  readonly decisions?: readonly FaultDecision[];
  /**
   * How long requests and replies take, each, at least and at most, in milliseconds.
   *
   * @default {[1, 10]}
   */
  readonly latency?: readonly [min: number, max: number];
  /**
   * How far the clock of a process is off, at most, in milliseconds.
   *
   * @default {500}
   */
  readonly maxSkew?: number;
  /**
   * How late timers fire, at most, in milliseconds.
   *
   * @default {2}
   */
  readonly lateness?: number;
  /**
   * Whether `watch` tells of changes, as on a server, or only how it was at first, as between processes on one file.
   *
   * @default {true}
   */
  readonly watch?: boolean;
  /** How the store is; it keeps 100 earlier states. */
  readonly kv?: MemoryKvOptions;
}
