/**
 * Which steps of a run a fork takes over, and which it runs again. Nothing here reads or writes.
 *
 * @module
 */
import type { DefinitionRecord, StepRecord } from "../../storage/runtime/records.ts";
import { isFinal, type Status } from "../status.ts";

/** What a fork makes of a step: takes it over as it is, takes a given value for its result, or runs it. */
export type ForkedStep = "kept" | "overridden" | "again";

/**
 * What a fork makes of each step, by place.
 *
 * Run again are the steps of `from`, all that is below these or below an overridden step, and what had not ended. What failed or was cancelled
 * is run again by the rule of `retry()`: if a step that is needed for itself has nothing come of it, or is below what is run again. All else is
 * kept, also below such a failure: others have gone on without it.
 */
export function planFork(
  definition: Pick<DefinitionRecord, "parents" | "targets">,
  statusOf: (place: number) => Status,
  from: ReadonlySet<number>,
  overridden: ReadonlySet<number>,
): ForkedStep[] {
  const { parents, targets } = definition;
  const below = new Uint8Array(parents.length);
  for (const [place, above] of parents.entries()) {
    if (overridden.has(place)) continue;
    if (from.has(place) || above.some((parent) => below[parent] === 1 || overridden.has(parent))) below[place] = 1;
  }
  const isOpen = (place: number): boolean => {
    if (overridden.has(place)) return false;
    const status = statusOf(place);
    return below[place] === 1 || !isFinal(status) || status === "FAILED" || status === "CANCELLED";
  };
  const leads = new Uint8Array(parents.length).fill(1);
  for (const above of parents) for (const parent of above) leads[parent] = 0;
  for (const { place } of targets) leads[place] = 1;
  for (let place = parents.length - 1; place >= 0; place--) {
    if (leads[place] === 1 && isOpen(place)) { for (const parent of parents[place]!) leads[parent] = 1; }
  }
  return parents.map((_, place): ForkedStep => {
    if (overridden.has(place)) return "overridden";
    const status = statusOf(place);
    if (below[place] === 1 || !isFinal(status)) return "again";
    return (status === "FAILED" || status === "CANCELLED") && leads[place] === 1 ? "again" : "kept";
  });
}

/**
 * The steps of a run as of one moment, from two looks at it: a store may read a large run in pieces, and a step that was committed meanwhile
 * shows without those that it followed from. Those had been committed when the second look began.
 */
export function settledSteps(
  { parents }: Pick<DefinitionRecord, "parents">,
  first: readonly StepRecord[],
  second: readonly StepRecord[],
): readonly StepRecord[] {
  const steps = first.slice();
  for (let place = steps.length - 1; place >= 0; place--) {
    if (!isFinal(steps[place]!.status)) continue;
    for (const parent of parents[place]!) {
      if (!isFinal(steps[parent]!.status) && isFinal(second[parent]!.status)) steps[parent] = second[parent]!;
    }
  }
  return steps;
}
