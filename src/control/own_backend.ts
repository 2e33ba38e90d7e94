/**
 * Control nodes on backends of one's own, which know values by place and nothing of joins.
 *
 * @module
 */
import { End } from "../join.ts";
import type { Program } from "../program.ts";
import type { Wait } from "./wait.ts";
import { controlAt, type ControlOutcome, controlOutcome } from "./outcome.ts";

/** What a backend of one's own does about a node, given the values so far. */
export interface OwnCalls {
  /** Whether the node may run: its conditions hold, and the case that it takes has a value. */
  mayRun(values: readonly unknown[]): boolean;
  /** Calls the node's function; a control node takes the first of the values that are there. */
  call(values: readonly unknown[]): unknown;
}

/** What a backend of one's own does about the node at `place`; `waitFor` waits for what no node of the graph does. */
export function ownCalls(program: Program, place: number, waitFor: (wait: Wait) => Promise<unknown>): OwnCalls {
  const holdAll = (values: readonly unknown[]): boolean =>
    (program.conditions.get(place) ?? []).every((condition) => condition.holds(values));
  const control = controlAt(program, place);
  if (control === undefined) {
    const call = program.calls[place]!;
    return {
      mayRun: holdAll,
      call: (values) => Reflect.apply(call, undefined, program.argumentsAt(place, values)),
    };
  }
  const outcomeOf = (values: readonly unknown[]): ControlOutcome => {
    const endOf = (of: number): End => of in values ? End.Value : End.Skipped;
    const winner = [...program.graph.joins()?.get(place)?.data ?? []].find((of) => of in values) ?? -1;
    return controlOutcome(program, place, control, { values, endOf, winner, now: Date.now() });
  };
  return {
    mayRun(values) {
      const { kind } = outcomeOf(values);
      return kind === "succeeded" || kind === "failed" || kind === "waits";
    },
    call(values) {
      const outcome = outcomeOf(values);
      if (outcome.kind === "succeeded") return outcome.value;
      if (outcome.kind === "waits") return waitFor(outcome.wait);
      throw outcome.kind === "failed" ? outcome.error : new TypeError("The case that was chosen has no value.");
    },
  };
}
