import type { FaultDecision } from "./fault.ts";

const LINES = 200;

/** A simulation has failed. The message has all that is needed to repeat it. */
export class SimulationError extends Error {
  /** `cause` is what has failed. */
  constructor(
    /** What all chance came from. */
    readonly seed: string,
    /** The faults that were injected. */
    readonly decisions: readonly FaultDecision[],
    /** What happened, a line an event. */
    readonly trace: readonly string[],
    cause: unknown,
  ) {
    const left = Math.max(0, trace.length - LINES);
    super(
      [
        `The simulation with seed ${JSON.stringify(seed)} has failed: ${
          cause instanceof Error ? cause.message : cause
        }`,
        `Faults: ${JSON.stringify(decisions)}`,
        ...(left > 0 ? [`Trace, without the first ${left} lines:`] : ["Trace:"]),
        ...trace.slice(left),
      ].join("\n"),
      { cause },
    );
    this.name = "SimulationError";
  }
}
