import { type Clock, systemClock } from "../src/clock.ts";
import type { KvKey, KvLike, KvReadOptions } from "../storage/kv/kv_like.ts";
import type { Fault, FaultPlan, KvOperation } from "./fault.ts";
import type { KvReads } from "./kv_state.ts";

/** How long an operation is on its way, in milliseconds. */
export interface Latency {
  /** Until it takes effect. */
  readonly request: number;
  /** From then until the reply comes. */
  readonly reply: number;
}

/** What a {@linkcode FaultyKv} does to operations. */
export interface FaultyKvOptions {
  /** Decides what goes wrong; without it nothing does. */
  readonly plan?: FaultPlan;
  /** How long each operation takes; no time without it. */
  readonly latency?: (operation: KvOperation) => Latency;
  /**
   * What replies travel by: nothing comes any more when its timers are dead.
   *
   * @default {systemClock}
   */
  readonly clock?: Pick<Clock, "setTimer">;
  /** What requests travel by, as long as `clock` if it is not given. */
  readonly network?: Pick<Clock, "setTimer">;
  /** Whether a request takes effect that was on its way when the handle was killed; without it, it does. */
  readonly afterDeath?: () => boolean;
  /**
   * Lets also reads without `consistency: "eventual"` be stale, which no real KV does.
   *
   * @default {false}
   */
  readonly staleStrongReads?: boolean;
  /** Hears that an operation is about to take effect. */
  readonly onEffect?: () => void;
  /** Hears of each operation when it takes effect, or of what happened instead. */
  readonly onOutcome?: (operation: KvOperation, fault: Fault | undefined, outcome: string) => void;
  /** Hears of a pause, and has to hold back all that reaches the process; without it the reply is held back. */
  readonly onPause?: (milliseconds: number) => void;
  /** Hears that the handle is dead. */
  readonly onKill?: () => void;
}

const NO_LATENCY: Latency = { request: 0, reply: 0 };

/** What can go back in time, as a `MemoryKv` can. */
interface KvHistory {
  asOf(commits: number): KvReads;
}

function hasHistory(kv: KvLike): kv is KvLike & KvHistory {
  return "asOf" in kv && typeof kv.asOf === "function";
}

/** The way of the operations of one handle: there, where they take effect, and back, as far as the plan has it. */
export class Passage {
  readonly #kv: KvLike;
  readonly #options: FaultyKvOptions;
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #network: Pick<Clock, "setTimer">;
  #count = 0;
  #crash: { readonly number: number; readonly when: "before" | "after" } | undefined;
  #dead = false;

  /** Leads to `kv`. */
  constructor(kv: KvLike, options: FaultyKvOptions) {
    this.#kv = kv;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#network = options.network ?? this.#clock;
  }

  /** How many operations there have been. */
  get operations(): number {
    return this.#count;
  }

  /** Whether nothing comes back any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Ends at an operation, before or after it takes effect. */
  crashAt(number: number, when: "before" | "after"): void {
    this.#crash = { number, when };
  }

  /** Ends now. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#options.onKill?.();
  }

  /** Lets an operation come to the store, take effect there, and its reply come back. */
  async perform<R>(
    kind: KvOperation["kind"],
    keys: readonly KvKey[],
    { consistency = "strong" }: KvReadOptions,
    effect: (kv: KvReads) => Promise<R>,
  ): Promise<R> {
    if (this.#dead) return await never();
    const operation = { number: ++this.#count, kind, keys, eventual: consistency === "eventual" };
    const fault = this.#faultOf(operation);
    const latency = this.#options.latency?.(operation) ?? NO_LATENCY;
    if (fault?.kind === "crash" && fault.when === "before") {
      this.#report(operation, fault, "died");
      this.kill();
      return await never();
    }
    await travel(this.#network, latency.request + delayOf(fault, "request"));
    if (this.#dead && this.#options.afterDeath?.() === false) {
      this.#report(operation, fault, "never arrived");
      return await never();
    }
    const answer = await this.#answer(operation, fault, effect);
    if (fault?.kind === "crash") this.kill();
    const held = fault?.kind === "pause" ? this.#hold(fault.milliseconds) : 0;
    await travel(this.#clock, latency.reply + delayOf(fault, "reply") + held);
    return this.#dead ? await never() : answer();
  }

  #faultOf(operation: KvOperation): Fault | undefined {
    const crash = this.#crash;
    if (crash !== undefined && operation.number >= crash.number) return { kind: "crash", when: crash.when };
    return this.#options.plan?.(operation);
  }

  #hold(milliseconds: number): number {
    if (this.#options.onPause === undefined) return milliseconds;
    this.#options.onPause(milliseconds);
    return 0;
  }

  /** Lets an operation take effect, and gives what then answers the caller. */
  async #answer<R>(
    operation: KvOperation,
    fault: Fault | undefined,
    effect: (kv: KvReads) => Promise<R>,
  ): Promise<() => R> {
    const lost = operation.kind === "watch" && fault?.kind === "lostReply";
    if (fault?.kind === "fail" || fault?.kind === "locked" || lost) {
      this.#report(operation, fault, "nothing done");
      return failing(fault.kind === "locked" ? "database is locked" : `connection failed (${operation.kind})`);
    }
    try {
      this.#options.onEffect?.();
      if (fault?.kind === "twice") await effect(this.#source(operation, fault));
      const result = await effect(this.#source(operation, fault));
      this.#report(operation, fault, outcomeText(result));
      return fault?.kind === "lostReply" ? failing(`connection lost (${operation.kind})`) : () => result;
    } catch (error) {
      this.#report(operation, fault, String(error));
      return () => {
        throw error;
      };
    }
  }

  #source({ eventual }: KvOperation, fault: Fault | undefined): KvReads {
    const kv = this.#kv;
    if (fault?.kind !== "stale" || !(eventual || this.#options.staleStrongReads) || !hasHistory(kv)) return kv;
    return kv.asOf(fault.commits);
  }

  #report(operation: KvOperation, fault: Fault | undefined, outcome: string): void {
    this.#options.onOutcome?.(operation, fault, outcome);
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function delayOf(fault: Fault | undefined, of: "request" | "reply"): number {
  return fault?.kind === "delay" && fault.of === of ? fault.milliseconds : 0;
}

function failing(message: string): () => never {
  return () => {
    throw new TypeError(message);
  };
}

function travel(clock: Pick<Clock, "setTimer">, milliseconds: number): Promise<void> | undefined {
  if (milliseconds === 0) return undefined;
  return new Promise((resolve) => void clock.setTimer(milliseconds, resolve));
}

function outcomeText(result: unknown): string {
  if (typeof result !== "object" || result === null) return "done";
  if (Array.isArray(result)) return `${result.length} entries`;
  if ("ok" in result && result.ok === false) return "refused";
  if ("versionstamp" in result) return result.versionstamp === null ? "none" : `at ${String(result.versionstamp)}`;
  return "done";
}
