/**
 * What a run comes to when some of its steps have no value: which failures count, which steps a run that is tried again has to make
 * again, and which nothing needs any more.
 *
 * @module
 */
import type { Adjacency } from "./graph.ts";
import type { Joins } from "./join.ts";
import type { Status } from "./status.ts";

/** How steps hang together, and which of them a run is for. */
export interface Needs {
  /** For each step those that it waits for. */
  readonly parents: Adjacency;
  /** For each step those that wait for it. */
  readonly children: Adjacency;
  /** The edges of control nodes; `undefined` if there are none. */
  readonly joins: Joins | undefined;
  /** 1 where a step is needed for itself: a target, or a step without children. */
  readonly ends: Uint8Array;
}

/** What a graph is for. `isEnd` names further steps that are needed for themselves. */
export function needsOf(
  graph: { parents(): Adjacency; children(): Adjacency; joins(): Joins | undefined },
  targets: readonly { readonly place: number }[],
  isEnd: (place: number) => boolean = () => false,
): Needs {
  const children = graph.children();
  const { start } = children;
  const ends = new Uint8Array(start.length - 1);
  for (let place = 0; place < ends.length; place++) {
    if (start[place] === start[place + 1] || isEnd(place)) ends[place] = 1;
  }
  for (const { place } of targets) ends[place] = 1;
  return { parents: graph.parents(), children, joins: graph.joins(), ends };
}

/**
 * The first of the failed steps whose failure is not handled, or −1. A failure is not handled if its step is needed for itself, or if the
 * steps that were cancelled because of it lead down to one that is.
 */
export function firstUnhandled(needs: Needs, failed: readonly number[], statusOf: (place: number) => Status): number {
  if (failed.length === 0 || needs.joins === undefined) return failed[0] ?? -1;
  const counts = leadsToEnd(
    needs,
    (parent, child) => statusOf(child) === "CANCELLED" && passesOn(needs, parent, child),
  );
  return failed.find((place) => counts[place] === 1) ?? -1;
}

/** 1 where a step that ended without a value has to be made again if the run is tried again: nothing has gone on without it. */
export function toBeRetried(needs: Needs, statusOf: (place: number) => Status): Uint8Array {
  const isOpen = (place: number): boolean => statusOf(place) === "FAILED" || statusOf(place) === "CANCELLED";
  return leadsToEnd(needs, (_, child) => isOpen(child));
}

/** Whether a step of which nothing comes can end another one. */
function passesOn({ joins }: Needs, parent: number, child: number): boolean {
  const edges = joins?.get(child);
  return edges === undefined || !edges.absorbs || edges.strict.has(parent);
}

/** 1 where a step is needed for itself, or leads to one that is by edges that count. */
function leadsToEnd({ children, ends }: Needs, counts: (parent: number, child: number) => boolean): Uint8Array {
  const { start, list } = children;
  const leads = ends.slice();
  for (let place = ends.length - 1; place >= 0; place--) {
    for (let at = start[place]!; leads[place] === 0 && at < start[place + 1]!; at++) {
      const child = list[at]!;
      if (leads[child] === 1 && counts(place, child)) leads[place] = 1;
    }
  }
  return leads;
}

/**
 * The open steps that nothing needs any more, now that the step at `satisfied` has taken the first value: those that would have brought it
 * another, and what is only above them.
 */
export function noLongerNeeded(needs: Needs, satisfied: number, isOpen: (place: number) => boolean): number[] {
  const { parents, children, joins, ends } = needs;
  const found = new Set<number>();
  const hasReader = (place: number): boolean => {
    for (let at = children.start[place]!; at < children.start[place + 1]!; at++) {
      const child = children.list[at]!;
      if (isOpen(child) && !found.has(child)) return true;
    }
    return false;
  };
  const candidates = [...joins?.get(satisfied)?.data ?? []];
  for (let place = candidates.pop(); place !== undefined; place = candidates.pop()) {
    if (!isOpen(place) || found.has(place) || ends[place] === 1 || hasReader(place)) continue;
    found.add(place);
    for (let at = parents.start[place]!; at < parents.start[place + 1]!; at++) candidates.push(parents.list[at]!);
  }
  // What is below ends before what is above it.
  return [...found].sort((a, b) => b - a);
}

/** 1 where a step may one day not be needed any more. */
export function mayBecomeUnneeded({ children, joins, ends }: Needs): Uint8Array | undefined {
  if (joins === undefined || ![...joins.values()].some(({ join }) => join === "any")) return undefined;
  const may = new Uint8Array(ends.length);
  const { start, list } = children;
  for (let place = ends.length - 1; place >= 0; place--) {
    for (let at = start[place]!; ends[place] === 0 && at < start[place + 1]!; at++) {
      const child = list[at]!;
      const edges = joins.get(child);
      if (may[child] === 1 || edges?.join === "any" && edges.data.has(place)) may[place] = 1;
    }
  }
  return may;
}
