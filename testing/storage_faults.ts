/**
 * What goes wrong with calls of a runtime storage, and the way of one call there and back.
 *
 * @module
 */
import { type Clock, systemClock } from "../src/clock.ts";
import type { Fault } from "./fault.ts";

/** One call of a method of a storage that can go wrong. */
export interface StorageCall {
  /** Which call of the storage it is, from 1. */
  readonly number: number;
  /** The method. */
  readonly method: string;
  /** Which call of this method it is, from 1. */
  readonly ofMethod: number;
  /** What it is given. */
  readonly args: readonly unknown[];
  /** Whether it only reads, and so may be answered as it was before. */
  readonly eventual: boolean;
}

/**
 * Decides for each call what goes wrong with it; `undefined` if nothing does. A call that is `stale` by `n` gets the answer that was `n`
 * before the latest one to the same method with the same arguments, as far as there have been so many; a call that does more than read
 * is not stale.
 */
export type StorageFaultPlan = (call: StorageCall) => Fault | undefined;

/** What a `FaultyRuntimeStorage` does to calls. */
export interface FaultyRuntimeStorageOptions {
  /** Decides what goes wrong; without it nothing does. */
  readonly plan?: StorageFaultPlan;
  /**
   * What delays and pauses go by.
   *
   * @default {systemClock}
   */
  readonly clock?: Pick<Clock, "setTimer">;
  /** Hears of each fault when it hits a call. */
  readonly onFault?: (call: StorageCall, fault: Fault) => void;
  /** Hears that the storage is dead. */
  readonly onKill?: () => void;
}

/** How many answers are kept of one reading method with the same arguments. */
const ANSWERS_KEPT = 32;

/** The earlier answers of one reading method. */
export class EarlierAnswers<R> {
  readonly #answers = new Map<string, R[]>();

  /** The answer that was `back` before the latest one, or the oldest one that is kept; nothing if there was none. */
  before(args: readonly unknown[], back: number): { readonly answer: R } | undefined {
    const answers = this.#answers.get(keyText(args)) ?? [];
    const at = Math.max(0, answers.length - back);
    return at < answers.length ? { answer: answers[at]! } : undefined;
  }

  /** Keeps an answer. */
  add(args: readonly unknown[], answer: R): void {
    const key = keyText(args);
    const answers = this.#answers.get(key);
    if (answers === undefined) this.#answers.set(key, [answer]);
    else if (answers.push(answer) > ANSWERS_KEPT) answers.shift();
  }
}

function keyText(args: readonly unknown[]): string {
  return JSON.stringify(args, (_, value: unknown) => typeof value === "bigint" ? `${value}n` : value);
}

/** The way of the calls of one storage: there, where they take effect, and back, as far as the plan has it. */
export class StoragePassage {
  readonly #options: FaultyRuntimeStorageOptions;
  readonly #clock: Pick<Clock, "setTimer">;
  readonly #calls = new Map<string, number>();
  #count = 0;
  #crash: { readonly number: number; readonly when: "before" | "after" } | undefined;
  #dead = false;

  /** Leads to some storage. */
  constructor(options: FaultyRuntimeStorageOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** How many calls there have been. */
  get calls(): number {
    return this.#count;
  }

  /** Whether nothing comes back any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Ends at a call, before or after it takes effect. */
  crashAt(number: number, when: "before" | "after"): void {
    this.#crash = { number, when };
  }

  /** Ends now. */
  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#options.onKill?.();
  }

  /** Lets a call come to the storage, take effect there, and its answer come back. */
  async perform<R>(
    method: string,
    args: readonly unknown[],
    effect: () => Promise<R>,
    earlier?: EarlierAnswers<R>,
  ): Promise<R> {
    if (this.#dead) return await never();
    const ofMethod = (this.#calls.get(method) ?? 0) + 1;
    this.#calls.set(method, ofMethod);
    const call: StorageCall = { number: ++this.#count, method, ofMethod, args, eventual: earlier !== undefined };
    const fault = this.#faultOf(call);
    if (fault !== undefined) this.#options.onFault?.(call, fault);
    if (fault?.kind === "crash" && fault.when === "before") {
      this.kill();
      return await never();
    }
    if (fault?.kind === "delay" && fault.of === "request") await this.#wait(fault.milliseconds);
    // What is on its way when the process dies arrives nevertheless.
    const answer = await answered(method, args, fault, effect, earlier);
    if (fault?.kind === "crash") this.kill();
    if (fault?.kind === "pause" || fault?.kind === "delay" && fault.of === "reply") {
      await this.#wait(fault.milliseconds);
    }
    return this.#dead ? await never() : answer();
  }

  #faultOf(call: StorageCall): Fault | undefined {
    const crash = this.#crash;
    if (crash !== undefined && call.number >= crash.number) return { kind: "crash", when: crash.when };
    return this.#options.plan?.(call);
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimer(milliseconds, resolve));
  }
}

/** Lets a call take effect, and gives what then answers the caller. */
async function answered<R>(
  method: string,
  args: readonly unknown[],
  fault: Fault | undefined,
  effect: () => Promise<R>,
  earlier: EarlierAnswers<R> | undefined,
): Promise<() => R> {
  if (fault?.kind === "fail" || fault?.kind === "locked") {
    return failing(fault.kind === "locked" ? "database is locked" : `connection failed (${method})`);
  }
  const stale = fault?.kind === "stale" ? earlier?.before(args, fault.commits) : undefined;
  if (stale !== undefined) return () => stale.answer;
  try {
    if (fault?.kind === "twice") await effect();
    const answer = await effect();
    earlier?.add(args, answer);
    return fault?.kind === "lostReply" ? failing(`connection lost (${method})`) : () => answer;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** A promise of a process that is dead. */
export function never(): Promise<never> {
  return new Promise(() => {});
}

function failing(message: string): () => never {
  return () => {
    throw new TypeError(message);
  };
}
