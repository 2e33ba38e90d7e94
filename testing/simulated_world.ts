import type { Fault, FaultDecision, FaultPlan } from "./fault.ts";
import type { Mutation } from "./memory_atomic.ts";
import { MemoryKv } from "./memory_kv.ts";
import { randomFaults } from "./random_faults.ts";
import { SeededRandom } from "./seeded_random.ts";
import { settle } from "./settle.ts";
import { SimulatedProcess } from "./simulated_process.ts";
import type { SimulatedWorldOptions } from "./simulated_world_options.ts";
import { SimulationError } from "./simulation_error.ts";
import { VirtualClock } from "./virtual_clock.ts";

const HISTORY = 100;

/** How {@linkcode SimulatedWorld.run} ends. */
export interface RunOptions {
  /**
   * How many events may happen.
   *
   * @default {100000}
   */
  readonly maxSteps?: number;
}

/**
 * Several processes on one store, in one thread and in virtual time. Everything that happens comes from the seed: how long each
 * operation takes, which of two events at the same time is first, what goes wrong. So what has happened once can be repeated.
 *
 * What runs in it must wait for nothing but the store, clocks and promises of its process.
 *
 * @example Two processes count
 * ```ts
 * import { type SimulatedProcess, SimulatedWorld } from "@fusewire/fusewire/testing";
 * import { expect } from "@std/expect";
 *
 * const world = new SimulatedWorld("seed 1", { faults: { delay: 0.1 } });
 * const count = async ({ kv }: SimulatedProcess) => {
 *   for (let left = 5; left > 0;) {
 *     const { value, versionstamp } = await kv.get<number>(["n"]);
 *     const commit = kv.atomic().check({ key: ["n"], versionstamp }).set(["n"], (value ?? 0) + 1);
 *     if ((await commit.commit()).ok) left--;
 *   }
 * };
 * await world.run(Promise.all([count(world.process("a")), count(world.process("b"))]));
 * expect((await world.kv.get(["n"])).value).toBe(10);
 * ```
 */
export class SimulatedWorld {
  /** What all chance comes from. */
  readonly seed: string;
  /** The store, without latency and faults: to prepare it, and to look at it. */
  readonly kv: MemoryKv;
  /** The time. */
  readonly clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #options: SimulatedWorldOptions;
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #given = new Map<string, FaultDecision>();
  readonly #decisions: FaultDecision[] = [];
  readonly #trace: [at: number, who: string, what: string | (() => string)][] = [];
  readonly #hooks: (() => void | Promise<void>)[] = [];
  readonly #commitHooks: ((process: string, mutations: readonly Mutation[]) => void)[] = [];
  readonly #faultHooks: ((process: string, fault: Fault) => void)[] = [];
  readonly #start: number;
  #steps = 0;
  #isCalm = false;
  #acting = "world";
  #broken: { readonly error: unknown } | undefined;

  /** Nothing has happened yet. */
  constructor(seed: string | number, options: SimulatedWorldOptions = {}) {
    this.seed = String(seed);
    this.#options = options;
    this.#random = new SeededRandom(this.seed);
    const [ties, chance] = [this.#random.fork("ties"), this.#random.fork("world")];
    this.kv = new MemoryKv({ history: HISTORY, ...options.kv, onCommit: (mutations) => this.#committed(mutations) });
    this.clock = new VirtualClock({ tieBreak: ties.next, random: chance.next, idPrefix: "world" });
    this.#start = this.clock.now();
    for (const decision of options.decisions ?? []) {
      this.#given.set(`${decision.process} ${decision.operation}`, decision);
    }
  }

  /** What has happened, a line an event: milliseconds since the beginning, the process, what it was. */
  get trace(): readonly string[] {
    return this.#trace.map(([at, who, what]) => `${at} ${who} ${typeof what === "string" ? what : what()}`);
  }

  /** The faults that were injected. */
  get decisions(): readonly FaultDecision[] {
    return this.#decisions;
  }

  /** How many events have happened. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * A new process. One that was killed can be followed by another of the same name, which is called `name#2`.
   *
   * @throws {TypeError} There is a process of this name that has not been killed.
   */
  process(name: string): SimulatedProcess {
    let unique = name;
    for (let turn = 2; this.#processes.has(unique); turn++) {
      if (this.#processes.get(unique)?.alive) {
        throw new TypeError(`There is a process ${JSON.stringify(unique)} already.`);
      }
      unique = `${name}#${turn}`;
    }
    const random = this.#random.fork(unique);
    const process = new SimulatedProcess({
      name: unique,
      clock: this.clock,
      store: this.kv,
      random,
      plan: this.#planFor(unique, random.fork("faults")),
      options: this.#options,
      acts: () => void (this.#acting = unique),
      trace: (process, what) => this.note(process, what),
    });
    this.#processes.set(unique, process);
    return process;
  }

  /** Calls `check` after every event; what it throws ends the run. */
  onEvent(check: () => void | Promise<void>): void {
    this.#hooks.push(check);
  }

  /** Calls `check` with each commit at the moment at which it takes effect, and who made it; what it throws ends the run. */
  onCommit(check: (process: string, mutations: readonly Mutation[]) => void): void {
    this.#commitHooks.push(check);
  }

  /** Calls `hear` with each fault, when it is decided on, and whom it hits. */
  onFault(hear: (process: string, fault: Fault) => void): void {
    this.#faultHooks.push(hear);
  }

  /** Nothing goes wrong from now on. */
  calm(): void {
    this.#isCalm = true;
  }

  /** Ends the run, with `error` as its cause. */
  fail(error: unknown): void {
    this.#broken ??= { error };
  }

  /** Settles `milliseconds` later, in virtual time. */
  after(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.clock.setTimer(milliseconds, resolve));
  }

  /** Adds a line to the trace. */
  note(who: string, what: string | (() => string)): void {
    this.#trace.push([this.clock.now() - this.#start, who, what]);
  }

  /**
   * Lets one event after another happen until the promise settles, or the function answers true, and gives the value of the
   * promise.
   *
   * @throws {RangeError} Nothing is left that could happen, or more than `maxSteps` events have happened.
   * @throws What the promise was rejected with, or what a check after an event throws.
   */
  async run(until: () => boolean, options?: RunOptions): Promise<void>;
  /** The same with a promise. */
  async run<T>(until: Promise<T>, options?: RunOptions): Promise<T>;
  async run<T>(until: Promise<T> | (() => boolean), { maxSteps = 100_000 }: RunOptions = {}): Promise<T | void> {
    let done = false;
    const finished = (): void => void (done = true);
    if (until instanceof Promise) until.then(finished, finished);
    await settle();
    for (let left = maxSteps; !(until instanceof Promise ? done : until()); left--) {
      if (left === 0) throw new RangeError(`It was not over after ${maxSteps} events.`);
      if (!this.clock.fireNext()) throw new RangeError("It is not over, but nothing is left that could happen.");
      await settle();
      this.#steps++;
      this.#acting = "world";
      if (this.#broken !== undefined) throw this.#broken.error;
      for (const check of this.#hooks) {
        const answer = check();
        if (answer !== undefined) await answer;
      }
    }
    if (until instanceof Promise) return await until;
  }

  /** An error that has all that is needed to repeat what led to `cause`. */
  failure(cause: unknown): SimulationError {
    return new SimulationError(this.seed, this.#decisions, this.trace, cause);
  }

  #committed(mutations: readonly Mutation[]): void {
    try {
      for (const check of this.#commitHooks) check(this.#acting, mutations);
    } catch (error) {
      this.fail(error);
    }
  }

  #planFor(process: string, random: SeededRandom): FaultPlan {
    const { decisions, faults = {}, faultsFor = Infinity, watch = true } = this.#options;
    const byChance = randomFaults(random, faults);
    let seen = false;
    return (operation) => {
      const fault = decisions === undefined
        ? byChance(operation)
        : this.#given.get(`${process} ${operation.number}`)?.fault;
      if (operation.kind === "watch" && !watch && seen) return { kind: "lostReply" };
      seen ||= operation.kind === "watch";
      if (fault === undefined || this.#isCalm || this.clock.now() - this.#start >= faultsFor) return undefined;
      this.#decisions.push({ process, operation: operation.number, fault });
      for (const hear of this.#faultHooks) hear(process, fault);
      return fault;
    };
  }
}
