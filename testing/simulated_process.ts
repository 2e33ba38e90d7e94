import type { Clock } from "../src/clock.ts";
import type { KvLike } from "../storage/kv/kv_like.ts";
import { type Fault, type FaultPlan, faultText, type KvOperation } from "./fault.ts";
import { FaultyKv } from "./faulty_kv.ts";
import { ProcessClock } from "./process_clock.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { SimulatedWorldOptions } from "./simulated_world_options.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What a process is made of. */
export interface ProcessSetup {
  /** Its name. */
  readonly name: string;
  /** The clock of the world. */
  readonly clock: VirtualClock;
  /** The store of the world. */
  readonly store: KvLike;
  /** Chance of this process. */
  readonly random: SeededRandom;
  /** What goes wrong. */
  readonly plan: FaultPlan;
  /** How the world is. */
  readonly options: SimulatedWorldOptions;
  /** Hears that it is about to act on the store. */
  readonly acts: () => void;
  /** Takes a line of the trace. */
  readonly trace: (process: string, what: string | (() => string)) => void;
}

const DEFAULT_LATENCY = [1, 10] as const;
const DEFAULT_SKEW = 500;
const DEFAULT_LATENESS = 2;

/** A process of a simulation: a handle on the store, and a clock. It can be paused and killed at any time. */
export class SimulatedProcess {
  /** Its name, which no other process has. */
  readonly name: string;
  /** Its handle on the store: every operation takes its time, and may go wrong. */
  readonly kv: KvLike;
  /** Its clock: the time may be off; timers and replies stop while it is paused, and for good when it is killed. */
  readonly clock: Clock;
  /** Chance for what this process does, apart from that of its clock. */
  readonly chance: SeededRandom;
  /** Settles when the process has been killed, by a fault or by `kill()`. */
  readonly killed: Promise<void>;
  readonly #clock: ProcessClock;
  readonly #kv: FaultyKv;
  readonly #trace: (what: string | (() => string)) => void;

  /** Begins to be; a world makes it. */
  constructor(setup: ProcessSetup) {
    const { name, clock, store, options, random } = setup;
    const { maxSkew = DEFAULT_SKEW, lateness = DEFAULT_LATENESS, latency: [min, max] = DEFAULT_LATENCY } = options;
    const skew = maxSkew > 0 ? random.fork("skew").int(-maxSkew, maxSkew) : 0;
    const end = Promise.withResolvers<void>();
    const travel = random.fork("latency");
    const fate = random.fork("death");
    this.name = name;
    this.chance = random.fork("what it does");
    this.#trace = (what) => setup.trace(name, what);
    this.clock = this.#clock = new ProcessClock(clock, { name, skew, lateness, random: random.fork("chance") });
    this.kv = this.#kv = new FaultyKv(store, {
      plan: setup.plan,
      latency: () => ({ request: travel.int(min, max), reply: travel.int(min, max) }),
      clock: this.#clock.punctual,
      network: clock,
      afterDeath: () => fate.bool(),
      onEffect: setup.acts,
      onOutcome: (operation, fault, outcome) => this.#trace(() => operationText(operation, fault, outcome)),
      onPause: (milliseconds) => this.pause(milliseconds),
      onKill: () => {
        this.#clock.stop();
        this.#trace("killed");
        end.resolve();
      },
    });
    this.killed = end.promise;
    this.#trace(`started, ${skew} ms off`);
  }

  /** Whether it has not been killed. */
  get alive(): boolean {
    return !this.#kv.dead;
  }

  /** How many operations it has begun. */
  get operations(): number {
    return this.#kv.operations;
  }

  /**
   * Ends it as `kill -9` does: no call settles any more, no timer fires. A request that is on its way may still take effect, or
   * not: the seed decides.
   */
  kill(): void {
    this.#kv.kill();
  }

  /** Kills it at the `number`-th operation from the first on, before or after that takes effect. */
  crashAt(number: number, when: "before" | "after" = "before"): void {
    this.#kv.crashAt(number, when);
  }

  /** Holds back replies and timers for `milliseconds`, as if it were not given the processor. What it has sent takes effect. */
  pause(milliseconds: number): void {
    this.#clock.pause(milliseconds);
    this.#trace(`paused for ${milliseconds} ms`);
  }
}

function operationText({ number, kind, keys }: KvOperation, fault: Fault | undefined, outcome: string): string {
  const where = keys.map((key) => `[${key.map(String).join(" ")}]`).join(" ");
  return `#${number} ${kind} ${where}${fault === undefined ? "" : ` (${faultText(fault)})`}: ${outcome}`;
}
