/**
 * Control nodes on backends of one's own, which know values by place and nothing of joins.
 *
 * @module
 */
import { End } from "../join.ts";
import type { Program } from "../program.ts";
import { controlAt, controlOutcome } from "./outcome.ts";

/** How the backend calls the node at a place: a control node takes the first of the values that are there. */
export function callAt(program: Program, place: number): (values: readonly unknown[]) => unknown {
  const control = controlAt(program, place);
  if (control === undefined) {
    const call = program.calls[place]!;
    return (values) => Reflect.apply(call, undefined, program.argumentsAt(place, values));
  }
  return (values) => {
    const endOf = (of: number): End => of in values ? End.Value : End.Skipped;
    const winner = [...program.graph.joins()?.get(place)?.data ?? []].find((of) => of in values) ?? -1;
    const outcome = controlOutcome(program, place, control, { values, endOf, winner });
    if (outcome.kind === "succeeded") return outcome.value;
    throw outcome.kind === "failed" ? outcome.error : new TypeError("The chosen case has no value.");
  };
}
