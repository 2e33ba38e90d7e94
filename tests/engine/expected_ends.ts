/**
 * How the steps of a layout have to end, straight from how each of them ends by itself: told once more, in other words than those of the
 * engine.
 *
 * @module
 */
import { droppable } from "../../testing/droppable.ts";
import type { Status } from "../../src/status.ts";
import type { Fate } from "./played_run.ts";
import { type Layout, shapeOf } from "./shapes.ts";

/** The final status of every step of which none is cancelled for not being needed any more. */
export function naturalEnds({ parents, controls = [] }: Layout, fates: readonly Fate[]): Status[] {
  const ends: Status[] = [];
  for (const [place, { ends: own }] of fates.entries()) {
    const control = controls.find((control) => control.place === place);
    const strict = control === undefined ? parents[place]! : control.strict;
    const data = parents[place]!.filter((parent) => !strict.includes(parent));
    const among = (places: readonly number[], ...statuses: Status[]): boolean =>
      places.some((parent) => statuses.includes(ends[parent]!));
    const hasNone = control?.kind === "anyOf" && !among(data, "SUCCEEDED");
    if (among(strict, "FAILED", "CANCELLED") || hasNone && among(data, "FAILED", "CANCELLED")) ends.push("CANCELLED");
    else if (among(strict, "SKIPPED") || hasNone) ends.push("SKIPPED");
    else ends.push(own === "succeeded" ? "SUCCEEDED" : own === "failed" ? "FAILED" : "SKIPPED");
  }
  return ends;
}

/** The sentences that do not hold of how a run has ended. */
export function endProblems(
  layout: Layout,
  fates: readonly Fate[],
  statuses: readonly Status[],
  run: Status | undefined,
): string[] {
  const natural = naturalEnds(layout, fates);
  const may = droppable(shapeOf(layout), statuses);
  const found = statuses.flatMap((status, place) =>
    status === natural[place] || status === "CANCELLED" && may[place] === 1
      ? []
      : [`step ${place} is ${status}, and should be ${natural[place]}`]
  );
  const should: Status = statuses.some((status, place) => status === "FAILED" && !isHandled(layout, statuses, place))
    ? "FAILED"
    : layout.targets.some((place) => statuses[place] === "SKIPPED")
    ? "SKIPPED"
    : "SUCCEEDED";
  if (run !== should) found.push(`the run is ${run}, and should be ${should}`);
  return found;
}

/** Whether a step, and what was cancelled because of it, is nothing that the run is for. */
function isHandled(layout: Layout, statuses: readonly Status[], place: number): boolean {
  const children = layout.parents.flatMap((of, child) => of.includes(place) ? child : []);
  if (children.length === 0 || layout.targets.includes(place)) return false;
  return children.every((child) => {
    const control = layout.controls?.find((control) => control.place === child);
    const isOptional = control?.kind === "optional" && !control.strict.includes(place);
    return statuses[child] !== "CANCELLED" || isOptional || isHandled(layout, statuses, child);
  });
}
