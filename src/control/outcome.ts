/**
 * What becomes of a control node once it may run: the same on every backend.
 *
 * @module
 */
import { describe } from "../describe.ts";
import { LimitError, NotFoundError } from "../errors.ts";
import { End } from "../join.ts";
import type { Program } from "../program.ts";
import { caseOf, type Control, endsLoop, isWaiting } from "./control.ts";
import { gathered } from "./gathered.ts";
import { type Wait, waitOf } from "./wait.ts";

/** How a control node ends. */
export type ControlOutcome =
  | { readonly kind: "succeeded"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: unknown }
  /** It waits for something that no step of its run does. */
  | { readonly kind: "waits"; readonly wait: Wait }
  | { readonly kind: "cancelled" | "skipped" };

/** What is known of those above a control node. */
export interface Above {
  /** Values by place. */
  readonly values: readonly unknown[];
  /** How a step has ended. */
  readonly endOf: (place: number) => End;
  /** The step that has brought the first value, for a node that takes that. */
  readonly winner: number;
  /** What a step has failed with, as far as that is known. */
  readonly errorOf?: (place: number) => unknown;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The control node at `place`, if there is one. */
export function controlAt({ graph }: Program, place: number): Control | undefined {
  return graph.hasControls ? graph.extraAt(place)?.control : undefined;
}

/** The places whose values the control node at `place` reads, its conditions included. Those that have none are left out. */
export function controlReads(
  program: Program,
  place: number,
  { endOf, winner }: Pick<Above, "endOf" | "winner">,
): Set<number> {
  const control = controlAt(program, place);
  const reads = new Set<number>();
  if (control !== undefined && isWaiting(control)) {
    program.forEachRead(place, (from) => reads.add(from));
    return reads;
  }
  const takesFirst = control?.kind === "anyOf";
  for (let i = 0, count = program.graph.members[place]!.argumentCount; i < count; i++) {
    const from = program.sourceAt(place, i);
    if (from >= 0 && endOf(from) === End.Value && (!takesFirst || from === winner)) reads.add(from);
  }
  for (const { place: from } of program.conditions.get(place) ?? []) if (from >= 0) reads.add(from);
  return reads;
}

/** What becomes of the control node at `place`. All that it waits for has ended, as far as it has to. It never throws. */
export function controlOutcome(program: Program, place: number, control: Control, above: Above): ControlOutcome {
  try {
    if (!(program.conditions.get(place) ?? []).every(({ holds }) => holds(above.values))) return { kind: "skipped" };
    switch (control.kind) {
      case "optional": {
        const hasValue = above.endOf(program.sourceAt(place, 0)) === End.Value;
        return { kind: "succeeded", value: hasValue ? program.argumentAt(place, 0, above.values) : undefined };
      }
      case "anyOf": {
        let first = 0;
        while (program.sourceAt(place, first) !== above.winner) first++;
        return { kind: "succeeded", value: program.argumentAt(place, first, above.values) };
      }
      case "branch":
        return chosenCase(program, place, control.cases, above);
      case "gather":
        return { kind: "succeeded", value: gathered(program, place, control.body, above) };
      case "sleep":
      case "waitForSignal":
      case "subWorkflow":
      case "map":
        return { kind: "waits", wait: waitOf(program, place, control, above.values, above.now) };
      case "repeatUntil":
        return lastIteration(program, place, control, above);
      case "initial":
        return { kind: "succeeded", value: program.argumentAt(place, 0, above.values) };
    }
  } catch (error) {
    return { kind: "failed", error };
  }
}

function chosenCase(program: Program, place: number, cases: readonly string[], above: Above): ControlOutcome {
  const selected = program.argumentAt(place, 0, above.values);
  const chosen = caseOf(new Set(cases), selected);
  if (chosen === undefined) {
    const node = program.graph.names.at(place);
    throw new NotFoundError(
      `Branch \`${node}\` has no case for ${describe(selected)}, and no \`default\`; it has ${
        cases.map((name) => JSON.stringify(name)).join(", ")
      }.`,
      { node },
    );
  }
  return endsAs(program, place, cases.indexOf(chosen) + 1, above);
}

/** The first iteration that ends the loop, or that has no value, says what becomes of it. */
function lastIteration(
  program: Program,
  place: number,
  { until, onLimit }: Control & { readonly kind: "repeatUntil" },
  above: Above,
): ControlOutcome {
  const count = program.graph.members[place]!.argumentCount;
  let value: unknown;
  for (let i = 0; i < count; i++) {
    const outcome = endsAs(program, place, i, above);
    if (outcome.kind !== "succeeded" || endsLoop(until, value = outcome.value)) return outcome;
  }
  if (onLimit === "last") return { kind: "succeeded", value };
  const node = program.graph.names.at(place);
  throw new LimitError(
    `Loop \`${node}\` has not ended after ${count} iteration${count === 1 ? "" : "s"}, whose last value is ${
      describe(value)
    }; allow more with maxIterations, or take the last value with onLimit: "last".`,
    { node },
  );
}

/** The end of what argument `i` stands for. */
function endsAs(program: Program, place: number, i: number, above: Above): ControlOutcome {
  const from = program.sourceAt(place, i);
  const end = from < 0 ? End.Value : above.endOf(from);
  switch (end) {
    case End.Value:
      return { kind: "succeeded", value: program.argumentAt(place, i, above.values) };
    case End.Skipped:
      return { kind: "skipped" };
    case End.Failed:
    case End.Open:
      return { kind: "cancelled" };
  }
}
