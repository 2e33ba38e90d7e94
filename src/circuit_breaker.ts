/**
 * A policy that lets no call through while too many fail. When it opens and closes is decided by cockatiel, which is loaded with the first
 * call; what counts as a failure, what time it is and what those are told who come while it is open is said here.
 *
 * @module
 */
import type { CircuitBreakerPolicy as Circuit } from "cockatiel";
import { abortable } from "./abortable.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { TaskContext } from "./context.ts";
import { CircuitOpenError, ConfigError, TimeoutError } from "./errors.ts";
import type { Policy } from "./policy.ts";

/** When a circuit opens, and for how long. */
export interface CircuitBreakerOptions {
  /** All policies of this process with the same key are one circuit. Default: each policy is one of its own. */
  readonly key?: string;
  /**
   * Opens after so many failures in a row.
   *
   * @default {5}
   */
  readonly failures?: number;
  /** In place of `failures`: opens when more than this share of the last `size` calls failed; above 0 and below 1. */
  readonly threshold?: number;
  /**
   * With `threshold`: how many calls are looked at; before there were as many, it stays closed.
   *
   * @default {20}
   */
  readonly size?: number;
  /**
   * Milliseconds that it is open. Then one call is let through: if that fails it is open for as long again, else it is closed.
   *
   * @default {30000}
   */
  readonly halfOpenAfter?: number;
  /** Whether an error counts as a failure. Default: every error does, but that of another circuit that is open. */
  readonly breakIf?: (error: unknown) => boolean;
}

/** An error that leaves the circuit as it is; while one call is tried, a cancelled one says nothing good of the service. */
class Uncounted extends Error {
  constructor(readonly error: unknown, readonly isCancelled: boolean) {
    super("not counted");
  }
}

/** One circuit, and when it lets calls through again. */
class SharedCircuit {
  #circuit: Promise<Circuit> | undefined;
  #openUntil = 0;

  constructor(
    readonly settings: string,
    private readonly options: CircuitBreakerOptions,
    readonly clock: Pick<Clock, "now">,
  ) {}

  /** Milliseconds until a call is let through. */
  get wait(): number {
    return Math.max(0, this.#openUntil - this.clock.now());
  }

  /** The library's circuit. */
  get(): Promise<Circuit> {
    return this.#circuit ??= this.#make();
  }

  async #make(): Promise<Circuit> {
    const { CircuitState, circuitBreaker, ConsecutiveBreaker, CountBreaker, handleWhen } = await import("cockatiel");
    const { failures = 5, threshold, size = 20, halfOpenAfter = 30_000 } = this.options;
    const isOpen = (): boolean => this.wait > 0;
    // The library asks the time of `Date`. So it is told that the circuit is open for ever or no more, by the clock of the policy.
    const backoff = {
      next: () => {
        this.#openUntil = this.clock.now() + halfOpenAfter;
        return backoff;
      },
      get duration(): number {
        return isOpen() ? Infinity : -Infinity;
      },
    };
    const circuit = circuitBreaker(
      handleWhen((error) =>
        !(error instanceof Uncounted) || error.isCancelled && circuit.state === CircuitState.HalfOpen
      ),
      {
        halfOpenAfter: backoff,
        breaker: threshold === undefined ? new ConsecutiveBreaker(failures) : new CountBreaker({ threshold, size }),
      },
    );
    return circuit;
  }
}

const shared = new Map<string, SharedCircuit>();

/**
 * Lets no call through while too many fail, so that a service that is down is left alone, and nobody waits for it. An attempt that comes
 * while the circuit is open fails at once with a {@linkcode CircuitOpenError}, whose `retryAfter` makes retries wait until a call is let
 * through again. Timeouts count as failures, what was cancelled does not. While one call is tried, others wait for what comes of it.
 *
 * A circuit is one of a process: other workers have their own.
 *
 * @example A service that is down
 * ```ts
 * import { CircuitBreakerPolicy, LocalWorkflow, task } from "@fusewire/fusewire";
 * import { expect } from "@std/expect";
 *
 * let calls = 0;
 * const ask = task((): string => {
 *   calls++;
 *   throw new Error("no answer");
 * }, { name: "ask", policies: [new CircuitBreakerPolicy({ failures: 2, halfOpenAfter: 60_000 })] });
 *
 * for (let i = 0; i < 5; i++) await new LocalWorkflow(ask(), { workflowName: "down" }).run().catch(() => {});
 * expect(calls).toBe(2);
 * ```
 */
export class CircuitBreakerPolicy implements Policy {
  readonly #circuit: SharedCircuit;
  readonly #name: string;
  readonly #breakIf: (error: unknown) => boolean;

  /**
   * Takes when the circuit opens, and for how long.
   *
   * @throws {ConfigError} If an option is out of range, or not what other policies with the same key have.
   */
  constructor(options: CircuitBreakerOptions = {}, clock: Pick<Clock, "now"> = systemClock) {
    check(options);
    const { key, breakIf = (error) => !(error instanceof CircuitOpenError) } = options;
    const { failures, threshold, size, halfOpenAfter } = options;
    const settings = JSON.stringify({ failures, threshold, size, halfOpenAfter });
    this.#breakIf = breakIf;
    this.#name = key === undefined ? "The circuit breaker" : `The circuit breaker ${JSON.stringify(key)}`;
    const known = key === undefined ? undefined : shared.get(key);
    if (known !== undefined && known.settings !== settings) {
      throw new ConfigError(
        `Policies with the key ${
          JSON.stringify(key)
        } are one circuit, which has the options ${known.settings} and not ${settings}.`,
      );
    }
    this.#circuit = known ?? new SharedCircuit(settings, options, clock);
    if (key !== undefined) shared.set(key, this.#circuit);
  }

  /** Makes the call, if the circuit lets it through. */
  async execute(call: () => Promise<unknown>, context: TaskContext): Promise<unknown> {
    const circuit = await this.#circuit.get();
    let isCalled = false;
    try {
      return await circuit.execute(() => {
        isCalled = true;
        return this.#counted(call, context.signal);
      }, context.signal);
    } catch (error) {
      if (error instanceof Uncounted) throw error.error;
      if (isCalled) throw error;
      context.signal.throwIfAborted();
      throw this.#refusal(circuit, context);
    }
  }

  /** The call, which ends with the attempt also if the function does not listen. */
  async #counted(call: () => Promise<unknown>, signal: AbortSignal): Promise<unknown> {
    try {
      signal.throwIfAborted();
      return await abortable(call(), signal);
    } catch (error) {
      // The timeout of an attempt names its node; that of a run says nothing about this call.
      const { aborted, reason } = signal;
      const isCancelled = aborted && !(reason instanceof TimeoutError && reason.node !== undefined);
      if (isCancelled || !this.#breakIf(error)) throw new Uncounted(error, isCancelled);
      throw error;
    }
  }

  #refusal(circuit: Circuit, { workflowName, nodeName }: TaskContext): CircuitOpenError {
    const { wait } = this.#circuit;
    const last = circuit.lastFailure;
    return new CircuitOpenError(
      `${this.#name} let no call of node \`${nodeName}\` in workflow \`${workflowName}\` through, because too many had failed; ` +
        `the next one is let through in ${Math.ceil(wait)} ms.`,
      {
        workflow: workflowName,
        node: nodeName,
        retryAfter: wait,
        ...(last !== undefined && "error" in last ? { cause: last.error } : {}),
      },
    );
  }
}

function check({ failures, threshold, size, halfOpenAfter }: CircuitBreakerOptions): void {
  const refuse = (option: string, value: unknown, allowed: string): never => {
    throw new ConfigError(`Option \`${option}\` of CircuitBreakerPolicy is ${String(value)}; ${allowed}.`);
  };
  const isCount = (value: number | undefined): boolean => value === undefined || Number.isInteger(value) && value >= 1;
  if (!isCount(failures)) refuse("failures", failures, "it must be a whole number of at least 1");
  if (!isCount(size)) refuse("size", size, "it must be a whole number of at least 1");
  if (threshold !== undefined && !(threshold > 0 && threshold < 1)) {
    refuse("threshold", threshold, "it must be a number above 0 and below 1");
  }
  if (threshold !== undefined && failures !== undefined) {
    refuse("threshold", threshold, "it stands in place of `failures`, which is given too");
  }
  if (threshold === undefined && size !== undefined) {
    refuse("size", size, "it goes with `threshold`, which is not given");
  }
  if (halfOpenAfter !== undefined && !(halfOpenAfter > 0 && halfOpenAfter < Infinity)) {
    refuse("halfOpenAfter", halfOpenAfter, "it must be a number of milliseconds above 0");
  }
}
