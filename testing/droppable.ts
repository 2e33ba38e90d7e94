import type { Needs } from "../src/handled.ts";
import type { Status } from "../src/status.ts";

/**
 * 1 where a step may have been cancelled because nothing needed it any more: it is not needed for itself, all that wait for it have ended
 * without it, and below it a step has taken the first of several values.
 */
export function droppable({ children: { start, list }, joins, ends }: Needs, statuses: readonly Status[]): Uint8Array {
  const found = new Uint8Array(ends.length);
  if (joins === undefined) return found;
  for (let place = ends.length - 1; place >= 0; place--) {
    if (ends[place] === 1) continue;
    const below = [...list.subarray(start[place], start[place + 1])];
    const isSatisfied = (child: number): boolean => {
      const edges = joins.get(child);
      return statuses[child] === "SUCCEEDED" && edges?.join === "any" && edges.data.has(place);
    };
    const isDropped = (child: number): boolean => statuses[child] === "CANCELLED" && found[child] === 1;
    const needsNothing = (child: number): boolean =>
      isSatisfied(child) || statuses[child] === "CANCELLED" || statuses[child] === "SKIPPED";
    if (below.every(needsNothing) && below.some((child) => isSatisfied(child) || isDropped(child))) found[place] = 1;
  }
  return found;
}
